#include "dax/wire/cbor.h"

#include <bit>
#include <cmath>

#include "core/bytes.h"

namespace millrace::dax::cbor {
namespace {

constexpr uint8_t kIndefinite = 31;

double half_to_double(uint16_t half) {
    const int exponent = (half >> 10) & 0x1f;
    const int mantissa = half & 0x3ff;
    double value = 0;
    if (exponent == 0) {
        value = std::ldexp(mantissa, -24);
    } else if (exponent != 31) {
        value = std::ldexp(mantissa + 1024, exponent - 25);
    } else {
        value = mantissa == 0 ? INFINITY : NAN;
    }
    return (half & 0x8000) != 0 ? -value : value;
}

}  // namespace

void append_head(std::string& out, Major major, uint64_t value) {
    const auto top = static_cast<uint8_t>(static_cast<uint8_t>(major) << 5);
    if (value < 24) {
        append_u8(out, static_cast<uint8_t>(top | value));
    } else if (value <= UINT8_MAX) {
        append_u8(out, top | 24);
        append_u8(out, static_cast<uint8_t>(value));
    } else if (value <= UINT16_MAX) {
        append_u8(out, top | 25);
        append_u16(out, static_cast<uint16_t>(value));
    } else if (value <= UINT32_MAX) {
        append_u8(out, top | 26);
        append_u32(out, static_cast<uint32_t>(value));
    } else {
        append_u8(out, top | 27);
        append_u64(out, value);
    }
}

void append_int(std::string& out, int64_t value) {
    if (value >= 0) {
        append_head(out, Major::kUnsigned, static_cast<uint64_t>(value));
    } else {
        append_head(out, Major::kNegative, static_cast<uint64_t>(-(value + 1)));
    }
}

void append_double(std::string& out, double value) {
    append_u8(out, 0xfb);
    append_u64(out, std::bit_cast<uint64_t>(value));
}

HeadStatus parse_head(std::string_view bytes, Head& head) {
    if (bytes.empty()) return HeadStatus::kNeedMore;
    const auto first = static_cast<uint8_t>(bytes[0]);
    head.major = static_cast<Major>(first >> 5);
    head.info = first & 31;
    head.indefinite = false;
    head.size = 1;
    if (head.info < 24) {
        head.value = head.info;
        return HeadStatus::kOk;
    }
    if (head.info == kIndefinite) {
        head.indefinite = true;
        head.value = 0;
        const bool may = head.major >= Major::kBytes && head.major != Major::kTag;
        return may ? HeadStatus::kOk : HeadStatus::kMalformed;
    }
    if (head.info > 27) return HeadStatus::kMalformed;
    const size_t width = size_t{1} << (head.info - 24);
    if (bytes.size() < 1 + width) return HeadStatus::kNeedMore;
    head.value = 0;
    for (size_t i = 1; i <= width; ++i)
        head.value = head.value << 8 | static_cast<uint8_t>(bytes[i]);
    head.size = 1 + width;
    // RFC 8949 section 3.3: simple values below 32 have one byte.
    if (head.major == Major::kSimple && head.info == 24 && head.value < 32)
        return HeadStatus::kMalformed;
    return HeadStatus::kOk;
}

Head Reader::peek() const {
    Head head;
    if (parse_head(rest_, head) != HeadStatus::kOk) {
        head = Head{};
        head.indefinite = true;
    }
    return head;
}

bool Reader::take_null() {
    if (!next_is_null()) return false;
    rest_.remove_prefix(1);
    return true;
}

Head Reader::take_head() {
    Head head;
    if (parse_head(rest_, head) != HeadStatus::kOk) {
        fail();
        head = Head{};
        head.indefinite = true;
        return head;
    }
    rest_.remove_prefix(head.size);
    return head;
}

int64_t Reader::integer() {
    const Head head = take_head();
    if (head.major > Major::kNegative || head.value > INT64_MAX) {
        fail();
        return 0;
    }
    const auto value = static_cast<int64_t>(head.value);
    return head.major == Major::kUnsigned ? value : -1 - value;
}

bool Reader::boolean() {
    const Head head = take_head();
    if (head.major == Major::kUnsigned && head.value <= 1) return head.value == 1;
    if (head.major != Major::kSimple || (head.info != kFalse && head.info != kTrue)) fail();
    return head.info == kTrue;
}

std::string_view Reader::string(Major major) {
    const Head head = take_head();
    if (head.major != major) {
        fail();
        return {};
    }
    if (!head.indefinite) {
        if (head.value > rest_.size()) {
            fail();
            return {};
        }
        const std::string_view taken = rest_.substr(0, head.value);
        rest_.remove_prefix(head.value);
        return taken;
    }
    std::string& joined = joined_.emplace_back();
    for (;;) {
        const Head chunk = take_head();
        if (chunk.is_break() && ok_) return joined;
        if (chunk.major != major || chunk.indefinite || chunk.value > rest_.size()) {
            fail();
            return {};
        }
        joined.append(rest_.substr(0, chunk.value));
        rest_.remove_prefix(chunk.value);
    }
}

std::string_view Reader::bytes() { return string(Major::kBytes); }
std::string_view Reader::text() { return string(Major::kText); }

std::optional<std::string_view> Reader::bytes_or_null() {
    if (take_null()) return std::nullopt;
    return bytes();
}

double Reader::number() {
    const Head head = take_head();
    if (head.major == Major::kSimple) {
        if (head.info == 25) return half_to_double(static_cast<uint16_t>(head.value));
        if (head.info == 26) return std::bit_cast<float>(static_cast<uint32_t>(head.value));
        if (head.info == 27) return std::bit_cast<double>(head.value);
    }
    fail();
    return 0;
}

Reader::Sequence Reader::sequence(Major major) {
    const Head head = take_head();
    if (head.major != major) fail();
    return {head.value, head.indefinite};
}
Reader::Sequence Reader::array() { return sequence(Major::kArray); }
Reader::Sequence Reader::map() { return sequence(Major::kMap); }

bool Reader::more(Sequence& sequence) {
    if (!ok_) return false;
    if (rest_.empty()) {
        // An item that is promised is missing.
        if (sequence.indefinite || sequence.left > 0) fail();
        return false;
    }
    if (sequence.indefinite) {
        if (rest_[0] != '\xff') return true;
        rest_.remove_prefix(1);
        return false;
    }
    if (sequence.left == 0) return false;
    --sequence.left;
    return true;
}

bool Reader::array_of(uint64_t count) {
    const Head head = take_head();
    if (head.major != Major::kArray || head.indefinite || head.value != count) fail();
    return ok_;
}

std::string_view Reader::item() {
    Scanner scanner;
    if (!ok_ || scanner.scan(rest_, 1) != Scanner::Status::kDone) {
        fail();
        return {};
    }
    const std::string_view taken = rest_.substr(0, scanner.position());
    rest_.remove_prefix(taken.size());
    return taken;
}

Scanner::Status Scanner::scan(std::string_view bytes, size_t items) {
    while (items_ < items || !levels_.empty()) {
        Head head;
        const HeadStatus status = parse_head(bytes.substr(std::min(position_, bytes.size())), head);
        if (status == HeadStatus::kMalformed) return Status::kMalformed;
        if (status == HeadStatus::kNeedMore) {
            wanted_ = bytes.size() + 1;
            return Status::kNeedMore;
        }
        bool complete = true;
        if (head.is_break()) {
            if (levels_.empty() || levels_.back().left != kOpen || levels_.back().odd)
                return Status::kMalformed;
            position_ += head.size;
            levels_.pop_back();
        } else {
            if (!levels_.empty() && levels_.back().string != Major::kArray &&
                (head.major != levels_.back().string || head.indefinite)) {
                return Status::kMalformed;
            }
            uint64_t content = 0;
            uint64_t inside = 0;
            if (head.major == Major::kBytes || head.major == Major::kText) {
                content = head.value;
            } else if (head.major == Major::kArray) {
                inside = head.value;
            } else if (head.major == Major::kMap) {
                if (head.value >= kOpen / 2) return Status::kMalformed;
                inside = head.value * 2;
            } else if (head.major == Major::kTag) {
                inside = 1;
            }
            if (content > bytes.size() - position_ - head.size) {
                wanted_ = content > UINT64_MAX / 2 ? content : position_ + head.size + content;
                return Status::kNeedMore;
            }
            position_ += head.size + content;
            if (head.indefinite || inside > 0) {
                if (levels_.size() == kDepthMax || inside == kOpen) return Status::kMalformed;
                const bool is_string = head.major == Major::kBytes || head.major == Major::kText;
                levels_.push_back({head.indefinite ? kOpen : inside,
                                   is_string ? head.major : Major::kArray,
                                   head.indefinite && head.major == Major::kMap});
                complete = false;
            }
        }
        // What ends with this item ends, too.
        while (complete) {
            if (levels_.empty()) {
                ++items_;
                break;
            }
            Level& level = levels_.back();
            if (level.left == kOpen) {
                if (level.map) level.odd = !level.odd;
                break;
            }
            if (--level.left > 0) break;
            levels_.pop_back();
        }
    }
    return Status::kDone;
}

}  // namespace millrace::dax::cbor
