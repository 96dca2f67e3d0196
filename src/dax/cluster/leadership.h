// Leadership: which node leads. Writes enter it; it changes hands only while none is inside, so
// that writes of two leaders never overlap.
// Thread-safety: safe from any thread; one hand_over at a time.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>

#include "core/mutex.h"
#include "dax/node/node.h"

namespace millrace::dax {

class Leadership {
public:
    // The leader, for one write. Waits while the leadership changes hands.
    std::shared_ptr<Node> enter();
    void leave();
    // Waits until no write is inside, and lets none in meanwhile. `prepare` is what has to happen
    // between the last write of the one and the first of the other.
    void hand_over(std::shared_ptr<Node> next, const std::function<void()>& prepare);

private:
    Mutex mutex_;
    std::condition_variable changed_;
    std::shared_ptr<Node> leader_ MR_GUARDED_BY(mutex_);
    size_t writes_ MR_GUARDED_BY(mutex_) = 0;
    bool changing_ MR_GUARDED_BY(mutex_) = false;
};

}  // namespace millrace::dax
