#include "model/text_values.h"

#include <charconv>
#include <cmath>

#include "codec/base64.h"
#include "codec/json_writer.h"
#include "core/http.h"
#include "core/time.h"
#include "model/timestamps.h"

namespace millrace::model {
namespace {

template <class T>
bool number_from_text(std::string_view text, void* out) {
    const bool plus = text.starts_with('+');
    if (plus) text.remove_prefix(1);
    T number{};
    const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || result.ec != std::errc() || result.ptr != text.data() + text.size())
        return false;
    if (plus && text.starts_with('-')) return false;
    *static_cast<T*>(out) = number;
    return true;
}

}  // namespace

bool is_scalar(const TypeDescriptor& type) { return type.kind <= Kind::kTimestamp; }

bool scalar_from_text(const TypeDescriptor& type, std::string_view text, void* out) {
    switch (type.kind) {
        case Kind::kString:
            static_cast<std::string*>(out)->assign(text);
            return true;
        case Kind::kBlob: {
            auto bytes = codec::base64_decode(text);
            if (!bytes) return false;
            *static_cast<std::string*>(out) = std::move(*bytes);
            return true;
        }
        case Kind::kBool: {
            const bool yes = equals_ignore_case(text, "true");
            if (!yes && !equals_ignore_case(text, "false")) return false;
            *static_cast<bool*>(out) = yes;
            return true;
        }
        case Kind::kInt32:
            return number_from_text<int32_t>(text, out);
        case Kind::kInt64:
            return number_from_text<int64_t>(text, out);
        case Kind::kDouble:
            return number_from_text<double>(text, out);
        case Kind::kTimestamp: {
            const auto time = parse_timestamp(text);
            if (!time) return false;
            *static_cast<TimePoint*>(out) = *time;
            return true;
        }
        default:
            return false;
    }
}

void append_scalar(std::string& out, const TypeDescriptor& type, TimestampFormat member_format,
                   TimestampFormat fallback, const void* value, bool with_milliseconds) {
    switch (type.kind) {
        case Kind::kString:
            out += *static_cast<const std::string*>(value);
            break;
        case Kind::kBlob:
            codec::append_base64(out, *static_cast<const std::string*>(value));
            break;
        case Kind::kBool:
            out += *static_cast<const bool*>(value) ? "true" : "false";
            break;
        case Kind::kInt32:
            codec::append_int(out, *static_cast<const int32_t*>(value));
            break;
        case Kind::kInt64:
            codec::append_int(out, *static_cast<const int64_t*>(value));
            break;
        case Kind::kDouble: {
            const double number = *static_cast<const double*>(value);
            if (std::isfinite(number))
                codec::append_double(out, number);
            else
                out += std::isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
            break;
        }
        case Kind::kTimestamp: {
            const TimePoint time = *static_cast<const TimePoint*>(value);
            TimestampFormat format =
                member_format == TimestampFormat::kDefault ? type.timestamp_format : member_format;
            if (format == TimestampFormat::kDefault) format = fallback;
            switch (format) {
                case TimestampFormat::kDefault:
                case TimestampFormat::kIso8601:
                    out += with_milliseconds ? format_iso8601_ms(time) : format_iso8601(time);
                    break;
                case TimestampFormat::kRfc822:
                    out += format_http_date(time);
                    break;
                case TimestampFormat::kUnix:
                    codec::append_epoch_seconds(out, epoch_ms(time));
                    break;
                case TimestampFormat::kLambda:
                    out += format_lambda(time);
                    break;
            }
            break;
        }
        default:
            break;
    }
}

}  // namespace millrace::model
