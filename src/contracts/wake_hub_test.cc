// WakeHub: a signal between looking and waiting is never lost, a cancelled waiter never runs.
#include "contracts/wake_hub.h"

#include <gtest/gtest.h>

namespace millrace::contracts {
namespace {

TEST(WakeHub, SignalBeforeWaitWakesAtOnce) {
    WakeHub hub;
    const uint64_t seen = hub.epoch("k");
    hub.signal("k");
    int woken = 0;
    EXPECT_EQ(hub.wait("k", seen, [&] { ++woken; }), 0u);
    EXPECT_EQ(woken, 1);
}

TEST(WakeHub, SignalWakesOnlyItsKeyAndOnce) {
    WakeHub hub;
    int woken = 0;
    hub.wait("k", hub.epoch("k"), [&] { ++woken; });
    hub.signal("other");
    EXPECT_EQ(woken, 0);
    hub.signal("k");
    hub.signal("k");
    EXPECT_EQ(woken, 1);
}

TEST(WakeHub, CancelledWaiterNeverRuns) {
    WakeHub hub;
    int woken = 0;
    const auto id = hub.wait("k", hub.epoch("k"), [&] { ++woken; });
    EXPECT_TRUE(hub.cancel("k", id));
    EXPECT_FALSE(hub.cancel("k", id));
    hub.signal("k");
    EXPECT_EQ(woken, 0);
}

TEST(WakeHub, ForgottenKeysNeverRepeatAnEpoch) {
    WakeHub hub;
    hub.signal("k");
    const uint64_t seen = hub.epoch("k");
    for (int i = 0; i < 200'000; ++i) hub.signal("other" + std::to_string(i));
    hub.signal("k");
    EXPECT_NE(hub.epoch("k"), seen);
}

}  // namespace
}  // namespace millrace::contracts
