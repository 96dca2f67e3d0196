#include "dax/cluster/leadership.h"

namespace millrace::dax {

std::shared_ptr<Node> Leadership::enter() {
    MutexLock lock(mutex_);
    while (changing_) lock.wait(changed_);
    ++writes_;
    return leader_;
}

void Leadership::leave() {
    const MutexLock lock(mutex_);
    if (--writes_ == 0 && changing_) changed_.notify_all();
}

void Leadership::hand_over(std::shared_ptr<Node> next, const std::function<void()>& prepare) {
    MutexLock lock(mutex_);
    changing_ = true;
    while (writes_ > 0) lock.wait(changed_);
    prepare();
    leader_.swap(next);
    changing_ = false;
    changed_.notify_all();
}

}  // namespace millrace::dax
