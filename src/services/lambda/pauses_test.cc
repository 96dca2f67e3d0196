#include "services/lambda/pauses.h"

#include <gtest/gtest.h>

#include <future>

namespace millrace::lambda {
namespace {

TEST(HubPauses, EndWithASignalBeforeOrDuringTheWait) {
    SystemClock clock;
    contracts::WakeHub hub;
    HubPauses pauses(hub, clock);
    const TimePoint far = clock.now() + std::chrono::hours(1);
    const WatchedKeys keys{{"a", hub.epoch("a")}, {"b", hub.epoch("b")}};
    hub.signal("b");
    pauses.wait(keys, far);  // the signal came before
    const WatchedKeys later{{"a", hub.epoch("a")}, {"b", hub.epoch("b")}};
    auto waiting = std::async(std::launch::async, [&] { pauses.wait(later, far); });
    hub.signal("a");
    waiting.wait();
    pauses.wait({{"a", hub.epoch("a")}}, clock.now());  // the time has come
}

}  // namespace
}  // namespace millrace::lambda
