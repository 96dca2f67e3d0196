// Connection: one client's socket, its requests one after the other.
// Thread-safety: confined to its io thread. Ownership: lives in the frame of its own coroutine
// (serve); the io thread's list only points at it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "net/http_reader.h"
#include "net/session.h"

namespace millrace::net {

class HttpProtocol final : public Protocol {
public:
    explicit HttpProtocol(Handler& handler) : handler_(handler) {}
    Task<void> serve(IoThread* thread, Socket socket) override;
    std::string_view refusal() const override;

private:
    Handler& handler_;
};

class Connection final : public Exchange, private Session {
public:
    Connection(IoThread& thread, Handler& handler, Socket socket);
    ~Connection() override;

    const HttpRequest& request() const override { return head_.request; }
    bool has_body() const override { return head_.chunked || head_.content_length > 0; }
    bool chunked() const override { return head_.chunked; }
    uint64_t content_length() const override { return head_.content_length; }
    BodyStatus try_read_body(uint64_t bytes_max) override;
    Task<BodyStatus> read_body(uint64_t bytes_max) override;
    std::string& body() override { return body_; }
    Task<BodyPiece> read_some(size_t bytes_min) override;
    Inbox& inbox() override { return thread_.inbox(); }
    asio::io_context& io() override { return thread_.io(); }
    void watch(std::function<void()> gone) override;
    void unwatch() override;

    Task<void> run();

private:
    enum class Phase : uint8_t { kIdle, kBusy };
    struct Watch;

    Task<bool> answer(HttpResponse response, bool keep_alive);
    Task<bool> stream_body(std::string head, Body body);
    Task<bool> prepare_body();
    Task<void> linger();
    void wait_for_client(std::shared_ptr<Watch> state);
    Task<bool> drain_body();
    bool reserve_memory(uint64_t bytes);
    void finish_request();
    void on_deadline() override;
    void stop(bool force) override;

    Handler& handler_;
    HttpReader reader_;
    Head head_;
    ReadBuffer head_bytes_;  // what the head's views point into, when in_ is needed for the body
    bool head_in_place_ = false;  // the head's bytes are at the front of in_
    std::string body_;
    std::string out_;
    Phase phase_ = Phase::kIdle;
    bool body_started_ = false;
    bool body_done_ = true;
    bool body_broken_ = false;
    uint64_t body_left_ = 0;
    size_t piece_consumed_ = 0;  // bytes of in_ that the last piece used
    uint64_t memory_taken_ = 0;
    std::shared_ptr<Watch> watch_;  // shared with the socket's wait operation
};

}  // namespace millrace::net
