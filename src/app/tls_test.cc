// A server that speaks TLS, over loopback sockets. Goal: the same requests as on plain sockets, and
// what only TLS has: refused handshakes, slow ones, a client that leaves in order. Method:
// certificates of our own authority, a blocking OpenSSL client that verifies them, no sleeping.
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <signal.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>

#include "app/certificates.h"
#include "net/loopback_client.h"
#include "net/server.h"

namespace millrace::app {
namespace {

// /echo the body, /park waits until the client has left, otherwise whether it came over TLS.
class TestHandler final : public net::Handler {
public:
    net::Task<HttpResponse> handle(net::Exchange* exchange) override {
        HttpResponse response;
        if (exchange->request().path == "/echo") {
            const net::BodyStatus status = co_await exchange->read_body(4'000'000);
            if (status == net::BodyStatus::kOk) response.body.bytes = exchange->body();
        } else if (exchange->request().path == "/park") {
            net::Event done(exchange->inbox());
            auto on_gone = [&] { done.set_here(); };
            exchange->watch(on_gone);
            mark(parked_);
            co_await done.wait();
            exchange->unwatch();
            mark(gone_);
        } else {
            response.body.bytes = exchange->request().secure ? "secure" : "plain";
        }
        co_return response;
    }
    Result<std::unique_ptr<net::BodyReader>> open_body(const Body&) override { return Error{}; }
    void wait_parked() { wait(parked_); }
    void wait_gone() { wait(gone_); }

private:
    void mark(bool& what) {
        const std::lock_guard lock(mutex_);
        what = true;
        changed_.notify_all();
    }
    void wait(bool& what) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return what; });
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    bool parked_ = false;
    bool gone_ = false;
};

class Client {
public:
    Client(uint16_t port, const std::string& authority, int version_max = 0)
        : plain_(port), context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
        SSL_CTX_load_verify_locations(context_.get(), authority.c_str(), nullptr);
        SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
        SSL_CTX_set_security_level(context_.get(), 0);  // so that TLS 1.1 is the server's to refuse
        SSL_CTX_set_max_proto_version(context_.get(), version_max);
        ssl_.reset(SSL_new(context_.get()));
        SSL_set_fd(ssl_.get(), plain_.fd());
    }
    bool connect(const char* host = "localhost") {
        SSL_set1_host(ssl_.get(), host);
        return SSL_connect(ssl_.get()) == 1;
    }
    void send(const std::string& text) {
        size_t sent = 0;
        ASSERT_EQ(SSL_write_ex(ssl_.get(), text.data(), text.size(), &sent), 1);
    }
    std::string body_of_response() {
        while (pending_.find("\r\n\r\n") == std::string::npos && more()) {
        }
        const size_t head = pending_.find("\r\n\r\n") + 4;
        const size_t length = std::stoul(pending_.substr(pending_.find("Content-Length: ") + 16));
        while (pending_.size() < head + length && more()) {
        }
        const std::string body = pending_.substr(head, length);
        pending_.erase(0, head + length);
        return body;
    }
    bool more() {
        char buffer[16384];
        size_t n = 0;
        if (SSL_read_ex(ssl_.get(), buffer, sizeof buffer, &n) != 1) return false;
        pending_.append(buffer, n);
        return true;
    }
    // The server ended the connection in order.
    bool told_of_end() { return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }
    void leave() {
        SSL_shutdown(ssl_.get());
        plain_.close();
    }

private:
    net::LoopbackClient plain_;
    std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
    std::unique_ptr<SSL, void (*)(SSL*)> ssl_{nullptr, SSL_free};
    std::string pending_;
};

class TlsTest : public ::testing::Test {
protected:
    TlsTest() {
        ::signal(SIGPIPE, SIG_IGN);
        std::string pattern = (std::filesystem::temp_directory_path() / "tls-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        auto kept = keep_certificates(folder_, {"localhost", "127.0.0.1"}, SystemClock().now());
        EXPECT_TRUE(kept);
        files_ = *kept;
    }
    ~TlsTest() override { std::filesystem::remove_all(folder_); }
    void start(net::ServerOptions options = {}) {
        options.threads = 1;
        options.tls = files_.server;
        server_ = std::make_unique<net::Server>(options, handler_, pool_);
        const auto started = server_->start();
        ASSERT_TRUE(started) << started.error().message;
    }
    std::string folder_;
    Certificates files_;
    net::ThreadPool pool_{1};
    TestHandler handler_;
    std::unique_ptr<net::Server> server_;
};

const std::string kHost = "Host: localhost\r\n";

TEST_F(TlsTest, RequestsOfAllSizesInOrder) {
    start();
    Client client(server_->port(), files_.authority);
    ASSERT_TRUE(client.connect());
    client.send("GET / HTTP/1.1\r\n" + kHost + "\r\nGET / HTTP/1.1\r\n" + kHost + "\r\n");
    EXPECT_EQ(client.body_of_response(), "secure");
    EXPECT_EQ(client.body_of_response(), "secure");
    for (const size_t size : {1u, 16'384u, 3'000'000u}) {
        const std::string body(size, 'x');
        client.send("POST /echo HTTP/1.1\r\n" + kHost + "Content-Length: " + std::to_string(size) +
                    "\r\n\r\n" + body);
        EXPECT_EQ(client.body_of_response(), body);
    }
    client.send("GET / HTTP/1.1\r\n" + kHost + "Connection: close\r\n\r\n");
    EXPECT_EQ(client.body_of_response(), "secure");
    EXPECT_FALSE(client.more());
    EXPECT_TRUE(client.told_of_end());
}

TEST_F(TlsTest, AClientThatLeavesInOrderEndsTheWait) {
    start();
    Client client(server_->port(), files_.authority);
    ASSERT_TRUE(client.connect());
    client.send("GET /park HTTP/1.1\r\n" + kHost + "\r\n");
    handler_.wait_parked();
    client.leave();
    handler_.wait_gone();
}

TEST_F(TlsTest, OldVersionsWrongNamesAndPlainBytesAreRefused) {
    start();
    Client old(server_->port(), files_.authority, TLS1_1_VERSION);
    EXPECT_FALSE(old.connect());
    Client minimal(server_->port(), files_.authority, TLS1_2_VERSION);
    EXPECT_TRUE(minimal.connect());
    Client misled(server_->port(), files_.authority);
    EXPECT_FALSE(misled.connect("elsewhere.example"));
    net::LoopbackClient plain(server_->port());
    plain.send("GET / HTTP/1.1\r\n" + kHost + "\r\n");
    EXPECT_EQ(plain.read_all().find("HTTP/"), std::string::npos);
    EXPECT_GE(server_->counters().bad_handshakes, 2u);
    EXPECT_EQ(server_->counters().requests, 0u);
}

TEST_F(TlsTest, SlowHandshakesAreCutOff) {
    net::ServerOptions options;
    options.tls_handshake_timeout = std::chrono::milliseconds(1);
    start(options);
    net::LoopbackClient client(server_->port());
    client.send("\x16\x03\x01");
    EXPECT_EQ(client.read_all(), "");
    EXPECT_EQ(server_->counters().bad_handshakes, 1u);
}

TEST_F(TlsTest, ANewCertificateIsForNewConnections) {
    start();
    Client before(server_->port(), files_.authority);
    ASSERT_TRUE(before.connect());
    ASSERT_TRUE(keep_certificates(folder_, {"new.example"}, SystemClock().now()));
    ASSERT_TRUE(server_->reload_certificate());
    Client after(server_->port(), files_.authority);
    EXPECT_TRUE(after.connect("new.example"));
    before.send("GET / HTTP/1.1\r\n" + kHost + "\r\n");
    EXPECT_EQ(before.body_of_response(), "secure");
    std::filesystem::remove(files_.server.key);
    EXPECT_FALSE(server_->reload_certificate());
    Client later(server_->port(), files_.authority);
    EXPECT_TRUE(later.connect("new.example"));
}

TEST_F(TlsTest, ACertificateThatCannotBeUsedIsAnError) {
    net::ServerOptions options;
    options.tls = net::TlsFiles{files_.server.certificate, files_.server.certificate};
    net::Server server(options, handler_, pool_);
    const auto started = server.start();
    ASSERT_FALSE(started);
    EXPECT_NE(started.error().message.find(files_.server.certificate), std::string::npos);
}

}  // namespace
}  // namespace millrace::app
