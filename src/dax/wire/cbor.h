// CBOR (RFC 8949) as DAX uses it: writing, reading in place, and finding the end of items that
// arrive in pieces. Accepts every well-formed item; writes the shortest heads.
// Thread-safety: plain values. Ownership: what a Reader returns points into its bytes, or into the
// Reader itself (strings that came in pieces): both must live as long.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::dax::cbor {

// Levels of containers around an item. DynamoDB's documents have 32; an expression of 300 operators
// can be nested as deep.
inline constexpr size_t kDepthMax = 512;

// The three high bits of an item's first byte.
enum class Major : uint8_t {
    kUnsigned = 0,
    kNegative = 1,
    kBytes = 2,
    kText = 3,
    kArray = 4,
    kMap = 5,
    kTag = 6,
    kSimple = 7,
};

inline constexpr uint8_t kFalse = 20;
inline constexpr uint8_t kTrue = 21;
inline constexpr uint8_t kNull = 22;

inline constexpr uint64_t kTagBigUnsigned = 2;
inline constexpr uint64_t kTagBigNegative = 3;
inline constexpr uint64_t kTagDecimal = 4;
// DAX's own.
inline constexpr uint64_t kTagStringSet = 3321;
inline constexpr uint64_t kTagNumberSet = 3322;
inline constexpr uint64_t kTagBinarySet = 3323;
inline constexpr uint64_t kTagListIndex = 3324;

void append_head(std::string& out, Major major, uint64_t value);
void append_int(std::string& out, int64_t value);
void append_double(std::string& out, double value);
inline void append_bytes(std::string& out, std::string_view bytes) {
    append_head(out, Major::kBytes, bytes.size());
    out.append(bytes);
}
inline void append_text(std::string& out, std::string_view text) {
    append_head(out, Major::kText, text.size());
    out.append(text);
}
inline void append_array(std::string& out, uint64_t count) {
    append_head(out, Major::kArray, count);
}
inline void append_map(std::string& out, uint64_t count) { append_head(out, Major::kMap, count); }
inline void append_tag(std::string& out, uint64_t tag) { append_head(out, Major::kTag, tag); }
inline void append_bool(std::string& out, bool value) { out.push_back(value ? '\xf5' : '\xf4'); }
inline void append_null(std::string& out) { out.push_back('\xf6'); }
inline void append_open_map(std::string& out) { out.push_back('\xbf'); }
inline void append_break(std::string& out) { out.push_back('\xff'); }

// What stands before an item's content.
struct Head {
    Major major = Major::kSimple;
    uint8_t info = 0;    // the five low bits: tells the widths of floats
    uint64_t value = 0;  // count, length, number, tag, simple value or float bits
    bool indefinite = false;
    size_t size = 0;  // of the head itself
    bool is_break() const { return major == Major::kSimple && indefinite; }
};
enum class HeadStatus : uint8_t { kOk, kNeedMore, kMalformed };
HeadStatus parse_head(std::string_view bytes, Head& head);

// Reads items one after the other. After something unexpected ok() is false and every further read
// gives nothing: check once, at the end.
class Reader {
public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    bool ok() const { return ok_; }
    bool at_end() const { return rest_.empty(); }
    std::string_view rest() const { return rest_; }
    void fail() {
        ok_ = false;
        rest_ = {};
    }

    // The next item's head, not consumed. Without one: a break.
    Head peek() const;
    bool next_is(Major major) const { return ok_ && !rest_.empty() && peek().major == major; }
    bool next_is_null() const { return !rest_.empty() && rest_[0] == '\xf6'; }
    // Consumes a null if there is one.
    bool take_null();
    Head take_head();

    int64_t integer();  // must fit
    bool boolean();     // also 0 and 1
    std::string_view bytes();
    std::string_view text();
    std::optional<std::string_view> bytes_or_null();
    double number();  // a float of any width

    // for (auto all = reader.array(); reader.more(all);) ...
    struct Sequence {
        uint64_t left = 0;
        bool indefinite = false;
    };
    Sequence array();
    Sequence map();  // counts pairs
    bool more(Sequence& sequence);
    // An array with a known number of elements.
    bool array_of(uint64_t count);

    // The whole next item, undecoded.
    std::string_view item();

private:
    Sequence sequence(Major major);
    std::string_view string(Major major);
    std::string_view rest_;
    bool ok_ = true;
    std::deque<std::string> joined_;
};

// Finds the end of a number of consecutive items, and can go on when more bytes are there.
class Scanner {
public:
    enum class Status : uint8_t { kDone, kNeedMore, kMalformed };
    // `bytes` begin where they began in the first call. Looks on until `items` items from the
    // beginning are complete.
    Status scan(std::string_view bytes, size_t items);
    size_t position() const { return position_; }
    // How many bytes there must be before scanning on makes sense.
    uint64_t wanted() const { return wanted_; }
    void reset() { *this = Scanner(); }

private:
    static constexpr uint64_t kOpen = UINT64_MAX;
    struct Level {
        uint64_t left;     // items; kOpen: until a break
        Major string;      // kBytes or kText: chunks of a string; else kArray
        bool map = false;  // of indefinite length: pairs must be complete
        bool odd = false;
    };
    size_t position_ = 0;
    uint64_t wanted_ = 1;
    size_t items_ = 0;  // complete
    std::vector<Level> levels_;
};

}  // namespace millrace::dax::cbor
