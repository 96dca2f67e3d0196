// Session: one client's socket on its io thread, whatever is spoken on it: what was received,
// writing, and the deadline. Thread-safety: confined to its io thread. Ownership: lives in the
// frame of its own coroutine; the io thread's list only points at it.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "net/io_thread.h"
#include "net/tls.h"

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

class Session : protected TimerWheel::Node {
public:
    Session(IoThread& thread, Socket socket);
    ~Session() override;

protected:
    // The server ends: close when idle, with `force` in any case.
    virtual void stop(bool force) = 0;
    void on_deadline() override = 0;

    // Once, before anything is received: the handshake of a TLS server. False: close.
    Task<bool> open();
    Task<bool> receive();  // appends to in_, which must have room
    Task<bool> write_all(std::string_view first, std::string_view second);
    void arm(std::chrono::milliseconds delay) { thread_.wheel().arm(*this, delay); }
    void disarm() { thread_.wheel().disarm(*this); }
    void close();
    void shutdown_write();
    bool secure() const { return tls_ != nullptr; }
    // What a readable socket means, when nobody receives.
    enum class Client : uint8_t { kQuiet, kSends, kGone };
    Client look_at_client();

    IoThread& thread_;
    Socket socket_;
    std::string peer_;
    ReadBuffer in_;  // what comes next
    bool closed_ = false;

private:
    friend class IoThread;
    size_t write_now(std::string_view first, std::string_view second, bool& failed);
    Task<bool> receive_tls();
    Task<bool> wait_for(Tls::Status wanted);
    std::unique_ptr<Tls> tls_;  // nothing: plain
    Session* next_ = nullptr;
    Session* previous_ = nullptr;
};

}  // namespace millrace::net
