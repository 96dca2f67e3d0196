// Connection: one client's socket, its requests one after the other.
// Thread-safety: confined to its io thread. Ownership: lives in the frame of its own coroutine
// (serve); the io thread's list only points at it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "net/http_reader.h"
#include "net/io_thread.h"

namespace millrace::net {

// Bytes received and not yet used. Grows on demand, never moves while untouched.
class ReadBuffer {
public:
    std::string_view view() const { return {data_.get() + begin_, end_ - begin_}; }
    size_t size() const { return end_ - begin_; }
    void consume(size_t n) {
        begin_ += n;
        if (begin_ == end_) begin_ = end_ = 0;
    }
    // Room for at least `n` more bytes behind the content; may move the content.
    void reserve(size_t n);
    char* tail() { return data_.get() + end_; }
    size_t room() const { return capacity_ - end_; }
    void commit(size_t n) { end_ += n; }
    void swap(ReadBuffer& other) noexcept;
    // Gives memory beyond `capacity_max` back; only when empty.
    void shrink(size_t capacity_max);

private:
    std::unique_ptr<char[]> data_;
    size_t begin_ = 0;
    size_t end_ = 0;
    size_t capacity_ = 0;
};

class Connection final : public Exchange, private TimerWheel::Node {
public:
    // The connection's whole life, as a coroutine that owns it.
    static Task<void> serve(IoThread* thread, Socket socket);

    Connection(IoThread& thread, Socket socket);
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

private:
    friend class IoThread;
    enum class Phase : uint8_t { kIdle, kBusy };
    struct Watch;

    Task<void> run();
    Task<bool> answer(HttpResponse response, bool keep_alive);
    Task<bool> stream_body(std::string head, Body body);
    Task<bool> write_all(std::string_view first, std::string_view second);
    Task<bool> receive();  // appends to in_
    Task<bool> prepare_body();
    Task<void> linger();
    Task<bool> drain_body();
    bool reserve_memory(uint64_t bytes);
    void finish_request();
    void arm(std::chrono::milliseconds delay) { thread_.wheel().arm(*this, delay); }
    void disarm() { thread_.wheel().disarm(*this); }
    void on_deadline() override;
    void close();
    void stop(bool force);
    size_t write_now(std::string_view first, std::string_view second, bool& failed);

    IoThread& thread_;
    Socket socket_;
    std::string peer_;
    HttpReader reader_;
    Head head_;
    ReadBuffer in_;          // what comes next
    ReadBuffer head_bytes_;  // what the head's views point into, when in_ is needed for the body
    bool head_in_place_ = false;  // the head's bytes are at the front of in_, head_size_ of them
    size_t head_size_ = 0;
    std::string body_;
    std::string out_;
    Phase phase_ = Phase::kIdle;
    bool closed_ = false;
    bool body_started_ = false;
    bool body_done_ = true;
    bool body_broken_ = false;
    uint64_t body_left_ = 0;
    size_t piece_consumed_ = 0;  // bytes of in_ that the last piece used
    uint64_t memory_taken_ = 0;
    std::shared_ptr<Watch> watch_;  // shared with the socket's wait operation
    Connection* next_ = nullptr;
    Connection* previous_ = nullptr;
};

}  // namespace millrace::net
