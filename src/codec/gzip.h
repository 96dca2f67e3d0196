// gzip (RFC 1952). Thread-safety: pure functions; a GzipReader is confined to one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::codec {

// At zlib's quickest level.
std::string gzip(std::string_view bytes);
// nullopt: the bytes are no complete gzip stream, or their content is larger than `bytes_max`
// (then `too_large` is set).
std::optional<std::string> gunzip(std::string_view bytes, size_t bytes_max, bool& too_large);

// Content that comes in pieces; several streams behind each other are one.
class GzipReader {
public:
    GzipReader();
    ~GzipReader();
    GzipReader(GzipReader&&) noexcept;
    GzipReader& operator=(GzipReader&&) noexcept;
    // Takes bytes from the front of `bytes` and appends what they hold; stops early only when it
    // has appended `room` bytes or somewhat more, and then goes on with the next call, also one
    // with the rest of the bytes or none. False: no gzip.
    bool read(std::string_view& bytes, std::string& out, size_t room);
    // Nothing was cut off.
    bool at_end() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace millrace::codec
