#include "net/connection.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/log.h"

namespace millrace::net {
namespace {

constexpr size_t kHeadReadBytes = 4 * 1024;
constexpr size_t kBodyReadBytes = 64 * 1024;
constexpr size_t kStreamReadBytes = 256 * 1024;
constexpr size_t kPieceBytesMax = 1024 * 1024;
// Memory that a connection keeps between requests.
constexpr size_t kKeptBytesMax = 64 * 1024;
// A body of which not more than this is left unread is thrown away to keep the connection.
constexpr uint64_t kDrainBytesMax = 256 * 1024;
// After an answer that closes: how much a client may still send, so that it can read the answer
// before our reset reaches it.
constexpr size_t kLingerBytesMax = 4 * 1024 * 1024;
constexpr std::chrono::milliseconds kLingerTimeout{2'000};
constexpr size_t kSpareBytes = 64;
constexpr size_t kSliceBytes = 256 * 1024;  // of a response body from a blob
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

HttpResponse plain(int status) {
    HttpResponse response;
    response.status = status;
    return response;
}

}  // namespace

struct Connection::Watch {
    bool active = true;
    std::function<void()> gone;
};

Task<void> HttpProtocol::serve(IoThread* thread, Socket socket) {
    Connection connection(*thread, handler_, std::move(socket));
    co_await connection.run();
}

std::string_view HttpProtocol::refusal() const {
    return "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
}

Connection::Connection(IoThread& thread, Handler& handler, Socket socket)
    : Session(thread, std::move(socket)), handler_(handler) {}

Connection::~Connection() {
    if (memory_taken_ > 0) thread_.shared().body_memory.give_back(memory_taken_);
}

void Connection::on_deadline() {
    if (phase_ != Phase::kIdle) IoThread::Counters::add(thread_.counters.timeouts, 1);
    close();
}

void Connection::stop(bool force) {
    if (force || phase_ == Phase::kIdle) {
        close();
    }
    if (watch_ != nullptr && watch_->active) {
        watch_->active = false;
        // The callback may end the watch, which would destroy the function while it runs.
        const auto gone = std::move(watch_->gone);
        gone();
    }
}

void Connection::watch(std::function<void()> gone) {
    watch_ = std::make_shared<Watch>();
    watch_->gone = std::move(gone);
    // Bytes that are here already are the next request, not an end.
    if (in_.size() > 0) return;
    if (secure()) {
        // What OpenSSL has read already makes no socket readable.
        const Client client = look_at_client();
        if (client == Client::kSends) return;
        if (client == Client::kGone) close();
    }
    wait_for_client(watch_);
    if (closed_ || thread_.stopping()) stop(false);
}

void Connection::wait_for_client(std::shared_ptr<Watch> state) {
    // An active watch is ended before its connection is.
    auto readable = [this, state](boost::system::error_code ec) {
        if (!state->active) return;
        const Client client = ec ? Client::kGone : look_at_client();
        if (client == Client::kSends) return;
        if (client == Client::kQuiet) return wait_for_client(state);
        state->active = false;
        const auto callback = std::move(state->gone);
        callback();
    };
    socket_.async_wait(Socket::wait_read, std::move(readable));
}

void Connection::unwatch() {
    if (watch_ == nullptr) return;
    watch_->active = false;
    watch_->gone = nullptr;
    watch_.reset();
    boost::system::error_code ec;
    if (!closed_) socket_.cancel(ec);
}

// Keeps the head's bytes where they are before more is received behind them, and lets a client that
// asked go on.
Task<bool> Connection::prepare_body() {
    if (head_in_place_) {
        head_in_place_ = false;
        const std::string_view rest = in_.view();
        head_bytes_.swap(in_);
        in_.consume(in_.size());
        in_.reserve(std::max(rest.size(), kHeadReadBytes));
        if (!rest.empty()) std::memcpy(in_.tail(), rest.data(), rest.size());
        in_.commit(rest.size());
        head_bytes_.consume(head_bytes_.size());
    }
    if (body_started_) co_return true;
    body_started_ = true;
    if (!head_.expects_continue || in_.size() > 0) co_return true;
    const std::string_view text = kContinue;
    const std::string_view nothing;
    const bool sent = co_await write_all(text, nothing);
    co_return sent;
}

bool Connection::reserve_memory(uint64_t bytes) {
    if (bytes <= memory_taken_) return true;
    if (!thread_.shared().body_memory.take(bytes - memory_taken_)) return false;
    memory_taken_ = bytes;
    return true;
}

BodyStatus Connection::try_read_body(uint64_t bytes_max) {
    if (body_done_) return BodyStatus::kOk;
    if (head_.chunked) return BodyStatus::kPending;
    if (head_.content_length > bytes_max) return BodyStatus::kTooLarge;
    if (in_.size() < head_.content_length) return BodyStatus::kPending;
    body_.reserve(head_.content_length + kSpareBytes);
    body_.assign(in_.view().substr(0, head_.content_length));
    in_.consume(head_.content_length);
    body_left_ = 0;
    body_done_ = body_started_ = true;
    return BodyStatus::kOk;
}

Task<BodyStatus> Connection::read_body(uint64_t bytes_max) {
    const BodyStatus tried = try_read_body(bytes_max);
    if (tried != BodyStatus::kPending) co_return tried;
    if (!head_.chunked && !reserve_memory(head_.content_length)) co_return BodyStatus::kNoMemory;
    const bool prepared = co_await prepare_body();
    if (!prepared) co_return BodyStatus::kClosed;
    if (!head_.chunked) body_.reserve(head_.content_length + kSpareBytes);
    for (;;) {
        if (head_.chunked) {
            std::string_view piece;
            size_t consumed = 0;
            const HttpReader::Status status = reader_.read_chunked(in_.view(), piece, consumed);
            if (status == HttpReader::Status::kError) {
                body_broken_ = true;
                co_return BodyStatus::kMalformed;
            }
            if (body_.size() + piece.size() > bytes_max) co_return BodyStatus::kTooLarge;
            if (!reserve_memory(body_.size() + piece.size())) co_return BodyStatus::kNoMemory;
            body_.append(piece);
            in_.consume(consumed);
            if (status == HttpReader::Status::kDone) break;
            if (!piece.empty()) continue;
        } else {
            const size_t n = std::min<uint64_t>(in_.size(), body_left_);
            body_.append(in_.view().substr(0, n));
            in_.consume(n);
            body_left_ -= n;
            if (body_left_ == 0) break;
        }
        arm(thread_.shared().options.body_timeout);
        in_.reserve(std::max(kHeadReadBytes, std::min<size_t>(body_left_, kBodyReadBytes)));
        const bool received = co_await receive();
        if (!received) {
            close();
            co_return BodyStatus::kClosed;
        }
    }
    body_done_ = true;
    body_.reserve(body_.size() + kSpareBytes);
    disarm();
    co_return BodyStatus::kOk;
}

Task<BodyPiece> Connection::read_some(size_t bytes_min) {
    bytes_min = std::clamp<size_t>(bytes_min, 1, kPieceBytesMax);
    in_.consume(std::exchange(piece_consumed_, 0));
    if (body_done_) co_return BodyPiece{};
    const bool prepared = co_await prepare_body();
    if (!prepared) co_return BodyPiece{BodyStatus::kClosed, {}};
    body_.clear();
    for (;;) {
        if (head_.chunked) {
            std::string_view piece;
            size_t consumed = 0;
            const HttpReader::Status status = reader_.read_chunked(in_.view(), piece, consumed);
            if (status == HttpReader::Status::kError) {
                body_broken_ = true;
                co_return BodyPiece{BodyStatus::kMalformed, {}};
            }
            body_.append(piece);
            in_.consume(consumed);
            body_done_ = status == HttpReader::Status::kDone;
            if (body_done_ || body_.size() >= bytes_min) {
                disarm();
                co_return BodyPiece{BodyStatus::kOk, body_};
            }
            if (!piece.empty()) continue;
            in_.reserve(kBodyReadBytes);
        } else {
            const size_t wanted = std::min<uint64_t>(bytes_min, body_left_);
            if (in_.size() >= wanted) {
                const size_t n = std::min<uint64_t>({in_.size(), body_left_, kPieceBytesMax});
                body_left_ -= n;
                body_done_ = body_left_ == 0;
                piece_consumed_ = n;
                disarm();
                co_return BodyPiece{BodyStatus::kOk, in_.view().substr(0, n)};
            }
            const size_t room =
                std::min<uint64_t>(std::max(kStreamReadBytes, bytes_min), body_left_);
            in_.reserve(std::max(room - std::min(room, in_.size()), kHeadReadBytes));
        }
        arm(thread_.shared().options.body_timeout);
        const bool received = co_await receive();
        if (!received) {
            close();
            co_return BodyPiece{BodyStatus::kClosed, {}};
        }
    }
}

// Throws the rest of a body away. False: the connection cannot be used further.
Task<bool> Connection::drain_body() {
    for (;;) {
        const size_t n = std::min<uint64_t>(in_.size(), body_left_);
        in_.consume(n);
        body_left_ -= n;
        if (body_left_ == 0) {
            body_done_ = true;
            co_return true;
        }
        arm(thread_.shared().options.body_timeout);
        in_.reserve(kHeadReadBytes);
        const bool received = co_await receive();
        if (!received) co_return false;
    }
}

// Waits for the client to close, so that our close does not destroy an answer on its way.
Task<void> Connection::linger() {
    if (closed_) co_return;
    shutdown_write();
    arm(kLingerTimeout);
    size_t total = 0;
    while (total < kLingerBytesMax) {
        in_.consume(in_.size());
        in_.reserve(kHeadReadBytes);
        const bool received = co_await receive();
        if (!received) co_return;
        total += in_.size();
    }
}

// A body that lies in a blob: head first, then slice by slice, read on the pool.
Task<bool> Connection::stream_body(std::string head, Body body) {
    struct Job {
        explicit Job(Inbox& inbox) : done(inbox) {}
        Event done;
        size_t bytes = 0;
        bool failed = false;
    };
    std::unique_ptr<BodyReader> reader;
    std::string slice;
    uint64_t at = 0;
    const uint64_t end = body.length;
    slice.resize(std::min<uint64_t>(kSliceBytes, end));
    while (at < end) {
        Job job(thread_.inbox());
        const size_t wanted = std::min<uint64_t>(slice.size(), end - at);
        auto work = [&] {
            if (reader == nullptr) {
                auto opened = handler_.open_body(body);
                if (opened) reader = std::move(*opened);
            }
            if (reader != nullptr) {
                const std::span<char> out(slice.data(), wanted);
                const Result<size_t> read = reader->read_at(body.offset + at, out);
                if (read) job.bytes = *read;
            }
            job.failed = job.bytes == 0;
            job.done.set();
        };
        if (!thread_.shared().pool.submit_continuation(work)) co_return false;
        co_await job.done.wait();
        if (job.failed) {
            // The head promised a length: cutting the connection is the only way to say it.
            log::error("reading blob {} for an answer failed at offset {}", body.blob_id,
                       body.offset + at);
            co_return false;
        }
        const std::string_view bytes(slice.data(), job.bytes);
        const std::string_view head_part = head;
        const bool sent = co_await write_all(head_part, bytes);
        if (!sent) co_return false;
        head.clear();
        at += job.bytes;
    }
    co_return true;
}

Task<bool> Connection::answer(HttpResponse response, bool keep_alive) {
    HeadOptions options;
    options.keep_alive = keep_alive;
    options.http_1_0 = head_.http_1_0;
    options.head_request = head_.request.method == "HEAD";
    options.date = thread_.date().now();
    out_.clear();
    append_head(out_, response, options);
    const bool without_body = options.head_request || is_bodiless(response.status);
    if (!without_body && !response.body.in_memory() && response.body.length > 0) {
        std::string head = out_;
        Body body = std::move(response.body);
        const bool sent = co_await stream_body(std::move(head), std::move(body));
        co_return sent;
    }
    std::string_view first = out_;
    std::string_view second =
        without_body ? std::string_view() : std::string_view(response.body.bytes);
    const bool sent = co_await write_all(first, second);
    co_return sent;
}

void Connection::finish_request() {
    in_.consume(std::exchange(piece_consumed_, 0));
    if (memory_taken_ > 0) {
        thread_.shared().body_memory.give_back(memory_taken_);
        memory_taken_ = 0;
    }
    if (body_.capacity() > kKeptBytesMax) {
        std::string().swap(body_);
    } else {
        body_.clear();
    }
    if (out_.capacity() > kKeptBytesMax) std::string().swap(out_);
    head_bytes_.shrink(kKeptBytesMax);
    in_.shrink(kKeptBytesMax);
}

Task<void> Connection::run() {
    const ServerOptions& options = thread_.shared().options;
    const bool opened = co_await open();
    if (!opened) co_return;
    for (;;) {
        // 1. The head.
        size_t consumed = 0;
        HttpReader::Status status = HttpReader::Status::kNeedMore;
        bool first_bytes = true;
        if (in_.size() > 0) {
            phase_ = Phase::kBusy;
            status = reader_.read_head(in_.view(), head_, consumed);
        }
        while (status == HttpReader::Status::kNeedMore) {
            if (in_.size() == 0) {
                phase_ = Phase::kIdle;
                if (thread_.stopping()) co_return;
                arm(options.idle_timeout);
            } else if (first_bytes) {
                first_bytes = false;
                arm(options.head_timeout);
            }
            in_.reserve(kHeadReadBytes);
            const bool received = co_await receive();
            if (!received) co_return;
            phase_ = Phase::kBusy;
            status = reader_.read_head(in_.view(), head_, consumed);
        }
        disarm();
        if (status == HttpReader::Status::kError) {
            IoThread::Counters::add(thread_.counters.bad_requests, 1);
            head_.http_1_0 = false;
            head_.request.method = {};
            HttpResponse refusal = plain(reader_.error_status());
            const bool sent = co_await answer(std::move(refusal), false);
            if (sent) co_await linger();
            co_return;
        }
        IoThread::Counters::add(thread_.counters.requests, 1);
        head_.request.source_ip = peer_;
        head_.request.secure = secure();
        in_.consume(consumed);
        head_in_place_ = true;
        body_started_ = body_broken_ = false;
        body_done_ = !has_body();
        body_left_ = head_.content_length;

        // 2. The answer.
        HttpResponse response;
        bool threw = false;
        try {
            response = co_await handler_.handle(this);
        } catch (const std::exception& e) {
            log::error("a request handler threw: {}", e.what());
            threw = true;
        }
        if (threw) response = plain(500);
        unwatch();
        if (closed_) co_return;
        in_.consume(std::exchange(piece_consumed_, 0));

        // 3. Is the rest of the body worth reading?
        bool keep_alive = head_.keep_alive && !thread_.stopping() && !body_broken_;
        if (!body_done_) {
            const bool waits = head_.expects_continue && !body_started_ && in_.size() == 0;
            if (head_.chunked || waits || body_left_ > kDrainBytesMax) keep_alive = false;
        }
        const bool sent = co_await answer(std::move(response), keep_alive);
        if (!sent) co_return;
        if (!keep_alive) {
            // With everything read our close is an orderly end; otherwise it would be a reset.
            if (!body_done_ || body_broken_ || in_.size() > 0) co_await linger();
            co_return;
        }
        if (!body_done_) {
            const bool drained = co_await drain_body();
            if (!drained) co_return;
        }
        finish_request();
    }
}

}  // namespace millrace::net
