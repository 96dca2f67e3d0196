#include "services/s3/conditions.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "services/s3/errors.h"

namespace millrace::s3 {
namespace {

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

bool parse_number(std::string_view text, uint64_t& value) {
    if (text.empty()) return false;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (status == std::errc::result_out_of_range) {
        value = UINT64_MAX;
        return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    }
    return status == std::errc() && end == text.data() + text.size();
}

bool modified_since(TimePoint modified, TimePoint date, TimePoint now) {
    return epoch_seconds(date) > epoch_seconds(now) ||
           epoch_seconds(modified) > epoch_seconds(date);
}

}  // namespace

bool etag_matches(std::string_view list, std::string_view etag) {
    while (!list.empty()) {
        const size_t comma = list.find(',');
        std::string_view item = trim(list.substr(0, comma));
        list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
        if (item == "*") return true;
        if (item.starts_with("W/")) item.remove_prefix(2);
        if (item.size() >= 2 && item.front() == '"' && item.back() == '"') {
            item = item.substr(1, item.size() - 2);
        }
        if (item == etag) return true;
    }
    return false;
}

Result<void> check_read(const Preconditions& conditions, std::string_view etag, TimePoint modified,
                        TimePoint now) {
    if (conditions.if_match) {
        if (!etag_matches(*conditions.if_match, etag)) {
            return errors::precondition_failed("If-Match");
        }
    } else if (conditions.if_unmodified_since &&
               epoch_seconds(modified) > epoch_seconds(*conditions.if_unmodified_since)) {
        return errors::precondition_failed("If-Unmodified-Since");
    }
    if (conditions.if_none_match) {
        if (etag_matches(*conditions.if_none_match, etag)) return errors::not_modified();
    } else if (conditions.if_modified_since &&
               !modified_since(modified, *conditions.if_modified_since, now)) {
        return errors::not_modified();
    }
    return {};
}

Result<void> check_copy_source(const Preconditions& conditions, std::string_view etag,
                               TimePoint modified, TimePoint now) {
    auto checked = check_read(conditions, etag, modified, now);
    if (checked) return {};
    if (checked.error().http_status == 304) {
        return errors::precondition_failed(conditions.if_none_match
                                               ? "x-amz-copy-source-If-None-Match"
                                               : "x-amz-copy-source-If-Modified-Since");
    }
    return errors::precondition_failed(conditions.if_match
                                           ? "x-amz-copy-source-If-Match"
                                           : "x-amz-copy-source-If-Unmodified-Since");
}

Result<void> check_write(const std::optional<std::string>& if_match,
                         const std::optional<std::string>& if_none_match,
                         const std::optional<std::string>& etag, std::string_view key) {
    if (if_match && if_none_match) return errors::not_implemented_header("If-Match,If-None-Match");
    if (if_none_match) {
        if (trim(*if_none_match) != "*") return errors::not_implemented_header("If-None-Match");
        if (etag) return errors::precondition_failed("If-None-Match");
    }
    if (if_match) {
        if (trim(*if_match) == "*") return errors::not_implemented_header("If-Match");
        if (!etag) return errors::no_such_key(key);
        if (!etag_matches(*if_match, *etag)) return errors::precondition_failed("If-Match");
    }
    return {};
}

std::optional<TimePoint> parse_http_date(std::string_view text) {
    text = trim(text);
    // Fixed places: "Sat, 31 Jan 2026 10:20:30 GMT"
    if (text.size() != 29 || !text.ends_with(" GMT") || text[3] != ',' || text[19] != ':' ||
        text[22] != ':') {
        return std::nullopt;
    }
    constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const size_t month = kMonths.find(text.substr(8, 3));
    uint64_t day = 0;
    uint64_t year = 0;
    uint64_t hour = 0;
    uint64_t minute = 0;
    uint64_t second = 0;
    if (month == std::string_view::npos || month % 3 != 0 ||
        !parse_number(text.substr(5, 2), day) || !parse_number(text.substr(12, 4), year) ||
        !parse_number(text.substr(17, 2), hour) || !parse_number(text.substr(20, 2), minute) ||
        !parse_number(text.substr(23, 2), second)) {
        return std::nullopt;
    }
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                           std::chrono::month(static_cast<unsigned>(month / 3 + 1)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    return TimePoint(std::chrono::sys_days(date).time_since_epoch() +
                     std::chrono::seconds(hour * 3600 + minute * 60 + second));
}

RangeKind parse_range(std::string_view header, uint64_t size, ByteRange& range) {
    range = {0, size};
    header = trim(header);
    if (!header.starts_with("bytes=")) return RangeKind::kWhole;
    header = trim(header.substr(6));
    const size_t dash = header.find('-');
    if (dash == std::string_view::npos || header.find(',') != std::string_view::npos) {
        return RangeKind::kWhole;
    }
    const std::string_view first_text = trim(header.substr(0, dash));
    const std::string_view last_text = trim(header.substr(dash + 1));
    uint64_t first = 0;
    uint64_t last = 0;
    if (first_text.empty()) {
        uint64_t suffix = 0;
        if (!parse_number(last_text, suffix)) return RangeKind::kWhole;
        if (suffix == 0 || size == 0) return RangeKind::kUnsatisfiable;
        range.length = std::min(suffix, size);
        range.offset = size - range.length;
        return RangeKind::kPartial;
    }
    if (!parse_number(first_text, first)) return RangeKind::kWhole;
    if (last_text.empty()) {
        last = UINT64_MAX;
    } else if (!parse_number(last_text, last) || last < first) {
        return RangeKind::kWhole;
    }
    if (first >= size) return RangeKind::kUnsatisfiable;
    range.offset = first;
    range.length = std::min(last, size - 1) - first + 1;
    return RangeKind::kPartial;
}

std::string content_range(const ByteRange& range, uint64_t size) {
    return fmt::format("bytes {}-{}/{}", range.offset, range.offset + range.length - 1, size);
}

}  // namespace millrace::s3
