// Metrics: counts of several threads add up, and the text is Prometheus' form.
#include "gateway/metrics.h"

#include <gtest/gtest.h>

#include <thread>

namespace millrace::gateway {
namespace {

TEST(Metrics, AddsUpThreads) {
    Metrics metrics({{"sqs", "SendMessage"}, {"s3", "GetObject"}});
    const auto record = [&] {
        for (int i = 0; i < 100; ++i) metrics.record(0, 200, std::chrono::microseconds(40));
        metrics.record(0, 404, std::chrono::milliseconds(3));
    };
    std::thread first(record);
    std::thread second(record);
    first.join();
    second.join();
    metrics.record(7, 200, std::chrono::seconds(1));  // no such slot: nothing
    const std::string text = metrics.text();
    const auto has = [&](const std::string& line) { return text.find(line) != std::string::npos; };
    EXPECT_TRUE(
        has("millrace_requests_total{service=\"sqs\",operation=\"SendMessage\","
            "status=\"ok\"} 200\n"));
    EXPECT_TRUE(has("status=\"client_error\"} 2\n"));
    EXPECT_TRUE(has("le=\"5e-05\"} 200\n"));
    EXPECT_TRUE(has("le=\"0.005\"} 202\n"));
    EXPECT_TRUE(has("le=\"+Inf\"} 202\n"));
    EXPECT_TRUE(
        has("millrace_request_seconds_count{service=\"sqs\",operation=\"SendMessage\"} 202\n"));
    EXPECT_FALSE(has("GetObject"));
}

TEST(Metrics, InstancesDoNotMix) {
    Metrics first(std::vector<Metrics::Label>{{"a", "A"}});
    Metrics second(std::vector<Metrics::Label>{{"b", "B"}});
    first.record(0, 200, {});
    second.record(0, 200, {});
    first.record(0, 200, {});
    EXPECT_NE(first.text().find("status=\"ok\"} 2\n"), std::string::npos);
    EXPECT_NE(second.text().find("status=\"ok\"} 1\n"), std::string::npos);
}

}  // namespace
}  // namespace millrace::gateway
