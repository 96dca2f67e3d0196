// Server over real loopback sockets on a free port. Goal: framing, order, limits, parking and stop
// as clients see them. Method: a small handler, blocking client sockets, no sleeping.
#include "net/server.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "net/loopback_client.h"

namespace millrace::net {
namespace {

class PatternReader final : public BodyReader {
public:
    Result<size_t> read_at(uint64_t offset, std::span<char> out) override {
        for (size_t i = 0; i < out.size(); ++i) {
            out[i] = static_cast<char>('a' + (offset + i) % 26);
        }
        return out.size();
    }
};

// Answers by path: /echo the body, /path its target, /stream the length of a streamed body, /blob a
// body from a "blob", /pool a job on the pool, /park waits for release() or the client's end,
// /ignore answers without reading.
class TestHandler final : public Handler {
public:
    explicit TestHandler(ThreadPool& pool) : pool_(pool) {}

    Task<HttpResponse> handle(Exchange* exchange) override {
        HttpResponse response;
        const std::string path(exchange->request().path);
        if (path == "/echo") {
            const BodyStatus status = co_await exchange->read_body(kLimit);
            if (status == BodyStatus::kTooLarge) response.status = 413;
            if (status == BodyStatus::kNoMemory) response.status = 503;
            if (status == BodyStatus::kMalformed) response.status = 400;
            if (status == BodyStatus::kOk) response.body.bytes = exchange->body();
        } else if (path == "/stream") {
            uint64_t total = 0;
            for (;;) {
                const BodyPiece piece = co_await exchange->read_some(100'000);
                if (piece.status != BodyStatus::kOk) co_return response;
                if (piece.bytes.empty()) break;
                total += piece.bytes.size();
            }
            response.body.bytes = std::to_string(total);
        } else if (path == "/blob") {
            response.body.blob_id = "b";
            response.body.offset = 3;
            response.body.length = 1'000'000;
        } else if (path == "/pool") {
            Event done(exchange->inbox());
            auto job = [&done] { done.set(); };
            if (!pool_.submit(job)) co_return response;
            co_await done.wait();
            response.body.bytes = "pooled";
        } else if (path == "/park") {
            Event done(exchange->inbox());
            bool gone = false;
            auto on_gone = [&] {
                gone = true;
                done.set_here();
            };
            exchange->watch(on_gone);
            {
                const std::lock_guard lock(mutex_);
                parked_ = &done;
            }
            changed_.notify_all();
            co_await done.wait();
            exchange->unwatch();
            if (gone) {
                const std::lock_guard lock(mutex_);
                gone_ = true;
            }
            changed_.notify_all();
            response.body.bytes = "released";
        } else if (path == "/nothing") {
            response.status = 204;
        } else if (path == "/throw") {
            throw std::runtime_error("for the test");
        } else if (path != "/ignore") {
            response.body.bytes = exchange->request().target;
        }
        co_return response;
    }
    Result<std::unique_ptr<BodyReader>> open_body(const Body&) override {
        return std::unique_ptr<BodyReader>(std::make_unique<PatternReader>());
    }
    Event* wait_parked() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return parked_ != nullptr; });
        return std::exchange(parked_, nullptr);
    }
    void wait_gone() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return gone_; });
    }
    static constexpr uint64_t kLimit = 1'000'000;

private:
    ThreadPool& pool_;
    std::mutex mutex_;
    std::condition_variable changed_;
    Event* parked_ = nullptr;
    bool gone_ = false;
};

class ServerTest : public ::testing::Test {
protected:
    void start(ServerOptions options = {}) {
        options.threads = 2;
        server_ = std::make_unique<Server>(options, handler_, pool_);
        const auto started = server_->start();
        ASSERT_TRUE(started) << started.error().message;
    }
    ThreadPool pool_{2};
    TestHandler handler_{pool_};
    std::unique_ptr<Server> server_;
};

const std::string kHost = "Host: localhost\r\n";

TEST_F(ServerTest, AnswersAndKeepsAlive) {
    start();
    LoopbackClient client(server_->port());
    std::string body;
    for (int i = 0; i < 3; ++i) {
        client.send("POST /echo HTTP/1.1\r\n" + kHost + "Content-Length: 5\r\n\r\nhello");
        EXPECT_TRUE(client.response(&body).starts_with("HTTP/1.1 200 OK\r\n"));
        EXPECT_EQ(body, "hello");
    }
    EXPECT_EQ(server_->counters().requests, 3u);
}

TEST_F(ServerTest, PipelinedAnswersKeepTheirOrder) {
    start();
    LoopbackClient client(server_->port());
    std::string requests;
    for (int i = 0; i < 50; ++i) {
        requests += i % 3 == 0 ? "GET /pool HTTP/1.1\r\n" + kHost + "\r\n"
                               : "GET /" + std::to_string(i) + " HTTP/1.1\r\n" + kHost + "\r\n";
    }
    client.send(requests);
    for (int i = 0; i < 50; ++i) {
        std::string body;
        client.response(&body);
        EXPECT_EQ(body, i % 3 == 0 ? "pooled" : "/" + std::to_string(i));
    }
}

TEST_F(ServerTest, RequestsInPieces) {
    start();
    LoopbackClient client(server_->port());
    const std::string text = "POST /echo HTTP/1.1\r\n" + kHost + "Content-Length: 3\r\n\r\nabc";
    for (const char c : text) client.send(std::string(1, c));
    std::string body;
    client.response(&body);
    EXPECT_EQ(body, "abc");
}

TEST_F(ServerTest, LargeAndChunkedBodies) {
    start();
    LoopbackClient client(server_->port());
    const std::string large(900'000, 'x');
    std::string body;
    client.send("POST /echo HTTP/1.1\r\n" + kHost + "Content-Length: 900000\r\n\r\n" + large);
    client.response(&body);
    EXPECT_EQ(body, large);
    client.send("POST /echo HTTP/1.1\r\n" + kHost +
                "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3\r\n, y\r\n0\r\n\r\n"
                "GET /next HTTP/1.1\r\n" +
                kHost + "\r\n");
    client.response(&body);
    EXPECT_EQ(body, "hello, y");
    client.response(&body);
    EXPECT_EQ(body, "/next");
}

TEST_F(ServerTest, StreamedBodies) {
    start();
    LoopbackClient client(server_->port());
    std::string body;
    const std::string large(3'000'000, 'x');
    client.send("POST /stream HTTP/1.1\r\n" + kHost + "Content-Length: 3000000\r\n\r\n" + large +
                "POST /stream HTTP/1.1\r\n" + kHost +
                "Transfer-Encoding: chunked\r\n\r\n2dc6c0\r\n" + large +
                "\r\n0\r\n\r\nGET /after HTTP/1.1\r\n" + kHost + "\r\n");
    client.response(&body);
    EXPECT_EQ(body, "3000000");
    client.response(&body);
    EXPECT_EQ(body, "3000000");
    client.response(&body);
    EXPECT_EQ(body, "/after");
}

TEST_F(ServerTest, BodiesBeyondTheLimitAreRefused) {
    start();
    LoopbackClient declared(server_->port());
    declared.send("POST /echo HTTP/1.1\r\n" + kHost + "Content-Length: 1000001\r\n\r\n");
    const std::string head = declared.response();
    EXPECT_TRUE(head.starts_with("HTTP/1.1 413 "));
    EXPECT_NE(head.find("Connection: close"), std::string::npos);
    LoopbackClient chunked(server_->port());
    chunked.send("POST /echo HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\nf4241\r\n" +
                 std::string(1'000'001, 'x') + "\r\n0\r\n\r\n");
    EXPECT_TRUE(chunked.response().starts_with("HTTP/1.1 413 "));
}

TEST_F(ServerTest, BodyMemoryIsLimited) {
    ServerOptions options;
    options.body_bytes_max = 100'000;
    start(options);
    LoopbackClient client(server_->port());
    client.send("POST /echo HTTP/1.1\r\n" + kHost + "Content-Length: 200000\r\n\r\n");
    EXPECT_TRUE(client.response().starts_with("HTTP/1.1 503 "));
}

TEST_F(ServerTest, ExpectContinue) {
    start();
    LoopbackClient client(server_->port());
    client.send("POST /echo HTTP/1.1\r\n" + kHost +
                "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hello");
    std::string body;
    EXPECT_TRUE(client.response(&body).starts_with("HTTP/1.1 200 "));
    EXPECT_EQ(body, "hello");
    // Refused without reading: no 100, and the connection ends, since the body may or may not come.
    client.send("POST /ignore HTTP/1.1\r\n" + kHost +
                "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    const std::string head = client.response();
    EXPECT_TRUE(head.starts_with("HTTP/1.1 200 "));
    EXPECT_NE(head.find("Connection: close"), std::string::npos);
}

TEST_F(ServerTest, UnreadBodiesAreSkipped) {
    start();
    LoopbackClient client(server_->port());
    client.send("POST /ignore HTTP/1.1\r\n" + kHost + "Content-Length: 100000\r\n\r\n" +
                std::string(100'000, 'x') + "GET /next HTTP/1.1\r\n" + kHost + "\r\n");
    std::string body;
    client.response();
    client.response(&body);
    EXPECT_EQ(body, "/next");
}

TEST_F(ServerTest, BodiesFromBlobs) {
    start();
    LoopbackClient client(server_->port());
    client.send("GET /blob HTTP/1.1\r\n" + kHost + "\r\n");
    std::string body;
    client.response(&body);
    ASSERT_EQ(body.size(), 1'000'000u);
    for (size_t i = 0; i < body.size(); ++i) {
        ASSERT_EQ(body[i], static_cast<char>('a' + (i + 3) % 26)) << i;
    }
    client.send("HEAD /blob HTTP/1.1\r\n" + kHost + "\r\nGET /next HTTP/1.1\r\n" + kHost + "\r\n");
    EXPECT_NE(client.read_until("\r\n\r\n").find("Content-Length: 1000000\r\n"), std::string::npos);
    client.response(&body);
    EXPECT_EQ(body, "/next");
}

TEST_F(ServerTest, NoContentHasNoLength) {
    start();
    LoopbackClient client(server_->port());
    client.send("GET /nothing HTTP/1.1\r\n" + kHost + "\r\n");
    const std::string head = client.response();
    EXPECT_TRUE(head.starts_with("HTTP/1.1 204 No Content\r\n"));
    EXPECT_EQ(head.find("Content-Length"), std::string::npos);
}

TEST_F(ServerTest, BadRequestsAreAnsweredAndClosed) {
    start();
    LoopbackClient client(server_->port());
    client.send("POST /echo HTTP/1.1\r\n" + kHost +
                "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    const std::string all = client.read_all();
    EXPECT_TRUE(all.starts_with("HTTP/1.1 400 Bad Request\r\n"));
    EXPECT_EQ(all.find("HTTP/1.1", 1), std::string::npos);
    EXPECT_EQ(server_->counters().bad_requests, 1u);
}

TEST_F(ServerTest, AHandlerThatThrowsIs500) {
    start();
    LoopbackClient client(server_->port());
    client.send("GET /throw HTTP/1.1\r\n" + kHost + "\r\nGET /next HTTP/1.1\r\n" + kHost + "\r\n");
    EXPECT_TRUE(client.response().starts_with("HTTP/1.1 500 "));
    std::string body;
    client.response(&body);
    EXPECT_EQ(body, "/next");
}

TEST_F(ServerTest, ConnectionsAreLimited) {
    ServerOptions options;
    options.connections_max = 1;
    start(options);
    LoopbackClient first(server_->port());
    first.send("GET / HTTP/1.1\r\n" + kHost + "\r\n");
    first.response();
    LoopbackClient second(server_->port());
    EXPECT_TRUE(second.read_all().starts_with("HTTP/1.1 503 "));
    first.send("GET / HTTP/1.1\r\n" + kHost + "\r\n");
    EXPECT_TRUE(first.response().starts_with("HTTP/1.1 200 "));
}

TEST_F(ServerTest, SlowHeadsAndIdleConnectionsAreClosed) {
    ServerOptions options;
    options.head_timeout = std::chrono::milliseconds(1);
    start(options);
    LoopbackClient client(server_->port());
    client.send("GET / HT");
    EXPECT_EQ(client.read_all(), "");
    EXPECT_EQ(server_->counters().timeouts, 1u);
}

TEST_F(ServerTest, EventsFromOtherThreads) {
    start();
    LoopbackClient client(server_->port());
    client.send("GET /park HTTP/1.1\r\n" + kHost + "\r\n");
    handler_.wait_parked()->set();
    std::string body;
    client.response(&body);
    EXPECT_EQ(body, "released");
}

TEST_F(ServerTest, AClientThatLeavesEndsTheWait) {
    start();
    {
        LoopbackClient client(server_->port());
        client.send("GET /park HTTP/1.1\r\n" + kHost + "\r\n");
        handler_.wait_parked();
    }
    handler_.wait_gone();
}

TEST_F(ServerTest, StopEndsParkedRequestsAndFreesThePort) {
    start();
    LoopbackClient client(server_->port());
    client.send("GET /park HTTP/1.1\r\n" + kHost + "\r\n");
    handler_.wait_parked();
    server_->stop(std::chrono::seconds(20));
    EXPECT_EQ(server_->counters().open, 0u);
    LoopbackClient late(server_->port());
    EXPECT_FALSE(late.connected());
}

TEST_F(ServerTest, StopWithoutGraceCutsWaitingRequestsOff) {
    // A coroutine whose event never comes must be destroyed with the server.
    class Stuck final : public Handler {
    public:
        Task<HttpResponse> handle(Exchange* exchange) override {
            Event never(exchange->inbox());
            started.notify();
            co_await never.wait();
            co_return HttpResponse{};
        }
        Result<std::unique_ptr<BodyReader>> open_body(const Body&) override { return Error{}; }
        struct Latch {
            std::mutex mutex;
            std::condition_variable changed;
            bool set = false;
            void notify() {
                const std::lock_guard lock(mutex);
                set = true;
                changed.notify_all();
            }
            void wait() {
                std::unique_lock lock(mutex);
                changed.wait(lock, [&] { return set; });
            }
        } started;
    } stuck;
    Server server({}, stuck, pool_);
    ASSERT_TRUE(server.start());
    LoopbackClient client(server.port());
    client.send("GET / HTTP/1.1\r\n" + kHost + "\r\n");
    stuck.started.wait();
    server.stop(std::chrono::milliseconds(0));
}

TEST_F(ServerTest, ABusyPortIsAnError) {
    start();
    ServerOptions options;
    options.port = server_->port();
    Server second(options, handler_, pool_);
    const auto started = second.start();
    ASSERT_FALSE(started);
    EXPECT_NE(started.error().message.find("Address already in use"), std::string::npos);
    ServerOptions bad;
    bad.address = "nowhere.example";
    Server third(bad, handler_, pool_);
    EXPECT_FALSE(third.start());
}

}  // namespace
}  // namespace millrace::net
