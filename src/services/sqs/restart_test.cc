// After a restart the index, rebuilt from the store, is the queue that was there before.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

#include "services/sqs/test_bed.h"

namespace millrace::sqs {
namespace {

// Everything that one can see of a queue by receiving until nothing comes, over an hour.
std::vector<std::string> drained(TestBed& bed, const std::string& url) {
    std::vector<std::string> all;
    for (int minute = 0; minute < 60; ++minute) {
        for (;;) {
            const auto messages = bed.receive(url, 10, 43'200);
            if (messages.empty()) break;
            for (const auto& message : messages) {
                all.push_back(std::to_string(minute) + " " + *message.body + " " +
                              message.attributes->at("ApproximateReceiveCount") + " " +
                              message.attributes->at("ApproximateFirstReceiveTimestamp"));
                if (bed.remove(url, *message.receipt_handle).code() != "ok") all.push_back("?");
            }
        }
        bed.advance(60);
    }
    return all;
}

// Two beds do the same, one of them over restarts and sweeps.
void compare(bool fifo) {
    TestBed steady;
    TestBed restarted;
    const std::string name = fifo ? "q.fifo" : "q";
    std::map<std::string, std::string> attributes = {{"VisibilityTimeout", "120"}};
    const std::string url = steady.make_queue(name, attributes);
    restarted.make_queue(name, attributes);
    std::vector<std::pair<std::string, std::string>> handles;  // of the steady and the other
    const int steps = *rc::gen::inRange(5, 40);
    for (int step = 0; step < steps; ++step) {
        const int what = *rc::gen::inRange(0, 8);
        if (what < 3) {
            const std::string body = "m" + std::to_string(step);
            const std::string group(1, static_cast<char>('a' + *rc::gen::inRange(0, 3)));
            const int delay = *rc::gen::element(0, 0, 100);
            for (TestBed* bed : {&steady, &restarted}) {
                const auto sent =
                    fifo ? bed->send_fifo(url, body, group, body) : bed->send(url, body, delay);
                RC_ASSERT(sent.code() == "ok");
            }
        } else if (what == 3) {
            const int count = *rc::gen::inRange(1, 4);
            const auto a = steady.receive(url, count);
            const auto b = restarted.receive(url, count);
            RC_ASSERT(a.size() == b.size());
            for (size_t i = 0; i < a.size(); ++i) {
                RC_ASSERT(*a[i].body == *b[i].body);
                handles.emplace_back(*a[i].receipt_handle, *b[i].receipt_handle);
            }
        } else if (what == 4 && !handles.empty()) {
            const auto& [a, b] = handles[*rc::gen::inRange<size_t>(0, handles.size())];
            RC_ASSERT(steady.remove(url, a).code() == restarted.remove(url, b).code());
        } else if (what == 5 && !handles.empty()) {
            const auto& [a, b] = handles[*rc::gen::inRange<size_t>(0, handles.size())];
            const int seconds = *rc::gen::element(0, 30, 300);
            RC_ASSERT(steady.hide(url, a, seconds).code() ==
                      restarted.hide(url, b, seconds).code());
        } else if (what == 6) {
            const int seconds = *rc::gen::inRange(1, 90);
            steady.advance(seconds);
            restarted.advance(seconds);
        } else if (what == 7) {
            restarted.sweep();
            // It takes a moment: the numbers of messages that are gone are not given again.
            steady.advance(1);
            restarted.advance(1);
            restarted.restart();
        }
        RC_ASSERT(steady.counts(url) == restarted.counts(url));
    }
    restarted.restart();
    RC_ASSERT(drained(steady, url) == drained(restarted, url));
}

TEST(RestartProperty, AStandardQueueIsTheSame) {
    EXPECT_TRUE(rc::check("standard", [] { compare(false); }));
}

TEST(RestartProperty, AFifoQueueIsTheSame) {
    EXPECT_TRUE(rc::check("fifo", [] { compare(true); }));
}

TEST(Restart, LowMarksHideNothing) {
    TestBed bed;
    const std::string url = bed.make_queue("q");
    bed.send(url, "stays");
    for (int i = 0; i < 5; ++i) {
        bed.advance(900);
        bed.send(url, "later");
        bed.sweep();
    }
    bed.restart();
    EXPECT_EQ(bed.counts(url), "6/0/0");
    for (const auto& message : bed.receive(url)) bed.remove(url, *message.receipt_handle);
    bed.advance(900);
    bed.sweep();
    bed.restart();
    bed.advance(-3600);  // a clock set back over a restart
    bed.send(url, "after");
    bed.restart();
    EXPECT_EQ(bed.bodies(url), "after");
}

TEST(Restart, LowMarksHoldWhenTheClockJumpsAhead) {
    for (const bool fifo : {false, true}) {
        TestBed bed;
        const std::string url = bed.make_queue(fifo ? "q.fifo" : "q");
        const auto send = [&](const std::string& body) {
            return fifo ? bed.send_fifo(url, body, "g", body) : bed.send(url, body);
        };
        send("first");
        bed.remove(url, *bed.receive(url)[0].receipt_handle);
        for (int i = 0; i < 3; ++i) {
            bed.advance(3600);
            bed.sweep();
        }
        bed.advance(-3 * 3600);
        send("second");
        bed.sweep();
        bed.restart();
        EXPECT_EQ(bed.bodies(url), "second");
    }
}

TEST(Restart, DefinitionsAndTagsStay) {
    TestBed bed;
    const std::string url = bed.make_queue("q", {{"DelaySeconds", "7"}});
    TagQueue::Input tag;
    tag.queue_url = url;
    tag.tags = std::map<std::string, std::string>{{"a", "1"}};
    bed.call<TagQueue>(tag);
    const auto before = bed.attributes(url);
    bed.restart();
    EXPECT_EQ(bed.attributes(url), before);
    ListQueueTags::Input list;
    list.queue_url = url;
    EXPECT_EQ(bed.call<ListQueueTags>(list)->tags->at("a"), "1");
}

TEST(Restart, HandlesStayValid) {
    TestBed bed;
    const std::string url = bed.make_queue("q.fifo");
    bed.send_fifo(url, "x", "g", "1");
    const std::string handle = *bed.receive(url)[0].receipt_handle;
    bed.restart();
    EXPECT_EQ(bed.counts(url), "0/1/0");
    EXPECT_EQ(bed.remove(url, handle).code(), "ok");
    EXPECT_EQ(bed.counts(url), "0/0/0");
}

}  // namespace
}  // namespace millrace::sqs
