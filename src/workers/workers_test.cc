#include <gtest/gtest.h>

#include <future>

#include "workers/lane_threads.h"
#include "workers/worker_host.h"

namespace millrace::workers {
namespace {

// Reports each step; wants to run next in a day.
class Counter final : public contracts::Worker {
public:
    explicit Counter(std::function<void()> stepped) : stepped_(std::move(stepped)) {}
    std::string name() const override { return "counter"; }
    std::string wake_key() const override { return "wake"; }
    TimePoint step(TimePoint now) override {
        stepped_();
        return now + std::chrono::hours(24);
    }

private:
    std::function<void()> stepped_;
};

TEST(WorkerHost, StepsAtOnceAndWhenSignalled) {
    SystemClock clock;
    contracts::WakeHub hub;
    WorkerHost host(clock, hub);
    std::promise<void> steps[3];
    int step = 0;
    host.add(std::make_unique<Counter>([&] {
        if (step < 3) steps[step++].set_value();
    }));
    host.start(2);
    for (std::promise<void>& one : steps) {
        one.get_future().wait();
        hub.signal("wake");
    }
    host.stop();
}

// Signals after the end, and while it stops, find nothing that is gone.
TEST(WorkerHost, LeavesNoWaiterBehind) {
    SystemClock clock;
    contracts::WakeHub hub;
    std::atomic<int> steps{0};
    {
        WorkerHost host(clock, hub);
        host.add(std::make_unique<Counter>([&] { steps += 1; }));
        host.start(1);
        std::atomic<bool> done{false};
        std::thread signals([&] {
            while (!done) hub.signal("wake");
        });
        host.stop();
        done = true;
        signals.join();
    }
    const int before = steps;
    hub.signal("wake");
    EXPECT_EQ(steps, before);
}

TEST(LaneThreads, RunUntilAskedAndNotAfter) {
    contracts::WakeHub hub;
    LaneThreads lanes(hub);
    const std::string key(contracts::kLanesStopKey);
    std::promise<void> woken;
    std::promise<void> ready;
    hub.wait(key, hub.epoch(key), [&] { woken.set_value(); });
    EXPECT_TRUE(lanes.start("lane", [&](const std::atomic<bool>& stop) {
        ready.set_value();
        woken.get_future().wait();
        EXPECT_TRUE(stop);
    }));
    ready.get_future().wait();
    lanes.stop();
    EXPECT_FALSE(lanes.start("late", [](const std::atomic<bool>&) { FAIL(); }));
}

TEST(LaneThreads, ALaneThatThrowsEndsAlone) {
    contracts::WakeHub hub;
    LaneThreads lanes(hub);
    lanes.start("bad", [](const std::atomic<bool>&) { throw std::runtime_error("no"); });
    std::promise<void> ran;
    lanes.start("good", [&](const std::atomic<bool>&) { ran.set_value(); });
    ran.get_future().wait();
    lanes.stop();
}

}  // namespace
}  // namespace millrace::workers
