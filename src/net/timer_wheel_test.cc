// TimerWheel: deadlines fire not before their time and at most a tick late, move, and go away.
#include "net/timer_wheel.h"

#include <gtest/gtest.h>

namespace millrace::net {
namespace {

struct Probe final : TimerWheel::Node {
    int fired = 0;
    void on_deadline() override { ++fired; }
};

int ticks_until_fired(TimerWheel& wheel, Probe& probe, int max) {
    const int before = probe.fired;
    for (int i = 1; i <= max; ++i) {
        wheel.tick();
        if (probe.fired != before) return i;
    }
    return -1;
}

TEST(TimerWheel, FiresInTime) {
    for (const int ticks : {0, 1, 2, 19, 150, 255, 256, 300, 1000}) {
        TimerWheel wheel;
        Probe probe;
        wheel.arm(probe, TimerWheel::kTick * ticks);
        EXPECT_EQ(ticks_until_fired(wheel, probe, 2000), ticks + 1);
        EXPECT_EQ(ticks_until_fired(wheel, probe, 2000), -1);
    }
}

TEST(TimerWheel, MovesLaterAndEarlier) {
    TimerWheel wheel;
    Probe probe;
    wheel.arm(probe, TimerWheel::kTick * 5);
    wheel.arm(probe, TimerWheel::kTick * 50);
    EXPECT_EQ(ticks_until_fired(wheel, probe, 100), 51);
    wheel.arm(probe, TimerWheel::kTick * 50);
    wheel.arm(probe, TimerWheel::kTick * 5);
    EXPECT_EQ(ticks_until_fired(wheel, probe, 100), 6);
}

TEST(TimerWheel, DisarmedNodesAreSilentAndCanBeArmedAgain) {
    TimerWheel wheel;
    Probe probe;
    wheel.arm(probe, TimerWheel::kTick * 5);
    wheel.disarm(probe);
    EXPECT_EQ(ticks_until_fired(wheel, probe, 600), -1);
    wheel.arm(probe, TimerWheel::kTick * 5);
    EXPECT_EQ(ticks_until_fired(wheel, probe, 600), 6);
}

TEST(TimerWheel, DestroyedNodesLeave) {
    TimerWheel wheel;
    Probe first;
    {
        Probe second;
        wheel.arm(second, TimerWheel::kTick);
        wheel.arm(first, TimerWheel::kTick);
    }
    EXPECT_EQ(ticks_until_fired(wheel, first, 3), 2);
}

}  // namespace
}  // namespace millrace::net
