#include "auth/condition.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "auth/pattern.h"
#include "codec/base64.h"
#include "core/http.h"

namespace millrace::auth {
namespace {

using contracts::PrincipalKind;
using enum ConditionOperator;

KeyValues single(std::string_view value) { return {.one = value, .has_one = true}; }

bool is_session(const contracts::Caller& caller) {
    return caller.kind == PrincipalKind::kAssumedRole || caller.access_key_id.starts_with("ASIA");
}

// ---- typed comparisons; nothing when a side is not of the type ----

std::optional<double> number_of(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

int digits(std::string_view text, size_t from, size_t count) {
    int value = 0;
    for (size_t i = from; i < from + count; ++i) {
        if (i >= text.size() || text[i] < '0' || text[i] > '9') return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

// Epoch seconds, with fraction, of ISO 8601 (date alone, or to the minute, second or fraction, with
// Z or an offset) or of a number.
std::optional<double> time_of(std::string_view text) {
    if (const auto number = number_of(text)) return number;
    const int year = digits(text, 0, 4);
    if (year < 0 || text.size() < 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const int month = digits(text, 5, 2);
    const int day = digits(text, 8, 2);
    if (month < 1 || month > 12 || day < 1 || day > 31) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok()) return std::nullopt;
    double seconds =
        static_cast<double>(std::chrono::sys_days(date).time_since_epoch().count()) * 86400.0;
    std::string_view rest = text.substr(10);
    if (rest.empty()) return seconds;
    if (rest[0] != 'T' || rest.size() < 6 || rest[3] != ':') return std::nullopt;
    const int hour = digits(rest, 1, 2);
    const int minute = digits(rest, 4, 2);
    if (hour < 0 || hour > 24 || minute < 0 || minute > 59) return std::nullopt;
    seconds += hour * 3600 + minute * 60;
    rest.remove_prefix(6);
    if (rest.size() >= 3 && rest[0] == ':') {
        const int second = digits(rest, 1, 2);
        if (second < 0 || second > 60) return std::nullopt;
        seconds += second;
        rest.remove_prefix(3);
        if (rest.size() >= 2 && rest[0] == '.') {
            size_t end = 1;
            double scale = 0.1;
            for (; end < rest.size() && rest[end] >= '0' && rest[end] <= '9'; ++end, scale /= 10) {
                seconds += (rest[end] - '0') * scale;
            }
            rest.remove_prefix(end);
        }
    }
    if (rest.empty() || rest == "Z" || rest == "z") return seconds;
    if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':')
        return std::nullopt;
    const int offset_hours = digits(rest, 1, 2);
    const int offset_minutes = digits(rest, 4, 2);
    if (offset_hours < 0 || offset_minutes < 0) return std::nullopt;
    const int offset = offset_hours * 3600 + offset_minutes * 60;
    return rest[0] == '+' ? seconds - offset : seconds + offset;
}

struct Address {
    std::array<uint8_t, 16> bytes{};
    int bits = 0;  // 32 or 128
};

std::optional<Address> address_of(std::string_view text) {
    std::array<char, INET6_ADDRSTRLEN + 1> buffer{};
    if (text.empty() || text.size() >= buffer.size()) return std::nullopt;
    std::memcpy(buffer.data(), text.data(), text.size());
    Address address;
    if (inet_pton(AF_INET, buffer.data(), address.bytes.data()) == 1) {
        address.bits = 32;
        return address;
    }
    if (inet_pton(AF_INET6, buffer.data(), address.bytes.data()) != 1) return std::nullopt;
    // A v4 address in v6 form is a v4 address.
    constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (std::equal(kMapped.begin(), kMapped.end(), address.bytes.begin())) {
        std::copy(address.bytes.begin() + 12, address.bytes.end(), address.bytes.begin());
        address.bits = 32;
        return address;
    }
    address.bits = 128;
    return address;
}

bool in_network(std::string_view text, std::string_view cidr) {
    const size_t slash = cidr.find('/');
    const auto network = address_of(cidr.substr(0, slash));
    const auto address = address_of(text);
    if (!network || !address || network->bits != address->bits) return false;
    int prefix = network->bits;
    if (slash != std::string_view::npos) {
        const std::string_view length = cidr.substr(slash + 1);
        const auto [end, error] =
            std::from_chars(length.data(), length.data() + length.size(), prefix);
        if (error != std::errc() || end != length.data() + length.size()) return false;
        if (prefix < 0 || prefix > network->bits) return false;
    }
    for (int bit = 0; bit < prefix; bit += 8) {
        const int here = std::min(8, prefix - bit);
        const auto mask = static_cast<uint8_t>(0xff << (8 - here));
        const auto at = static_cast<size_t>(bit / 8);
        if ((network->bytes[at] & mask) != (address->bytes[at] & mask)) return false;
    }
    return true;
}

// Segment by segment; the sixth takes the rest.
bool arn_matches(std::string_view pattern, std::string_view arn) {
    for (int segment = 0; segment < 5; ++segment) {
        const size_t pattern_end = pattern.find(':');
        const size_t arn_end = arn.find(':');
        if (pattern_end == std::string_view::npos || arn_end == std::string_view::npos) {
            // A lone "*" stands for any ARN.
            return segment == 0 && pattern == std::string_view(&Pattern::kAnyRun, 1);
        }
        if (!compiled_match(pattern.substr(0, pattern_end), arn.substr(0, arn_end))) return false;
        pattern.remove_prefix(pattern_end + 1);
        arn.remove_prefix(arn_end + 1);
    }
    return compiled_match(pattern, arn);
}

template <class Compare>
bool compare(std::optional<double> value, std::optional<double> limit, Compare holds) {
    return value && limit && holds(*value, *limit);
}

// The operators without their negation.
bool value_matches(ConditionOperator op, std::string_view value, std::string_view wanted) {
    switch (op) {
        case kStringEquals:
        case kStringNotEquals:
            return value == wanted;
        case kStringEqualsIgnoreCase:
        case kStringNotEqualsIgnoreCase:
            return equals_ignore_case(value, wanted);
        case kStringLike:
        case kStringNotLike:
            return compiled_match(wanted, value);
        case kNumericEquals:
        case kNumericNotEquals:
            return compare(number_of(value), number_of(wanted), std::equal_to<>());
        case kNumericLessThan:
            return compare(number_of(value), number_of(wanted), std::less<>());
        case kNumericLessThanEquals:
            return compare(number_of(value), number_of(wanted), std::less_equal<>());
        case kNumericGreaterThan:
            return compare(number_of(value), number_of(wanted), std::greater<>());
        case kNumericGreaterThanEquals:
            return compare(number_of(value), number_of(wanted), std::greater_equal<>());
        case kDateEquals:
        case kDateNotEquals:
            return compare(time_of(value), time_of(wanted), std::equal_to<>());
        case kDateLessThan:
            return compare(time_of(value), time_of(wanted), std::less<>());
        case kDateLessThanEquals:
            return compare(time_of(value), time_of(wanted), std::less_equal<>());
        case kDateGreaterThan:
            return compare(time_of(value), time_of(wanted), std::greater<>());
        case kDateGreaterThanEquals:
            return compare(time_of(value), time_of(wanted), std::greater_equal<>());
        case kBool:
            return equals_ignore_case(value, wanted);
        case kBinaryEquals: {
            const auto wanted_bytes = codec::base64_decode(wanted);
            const auto value_bytes = codec::base64_decode(value);
            return wanted_bytes && value_bytes && *wanted_bytes == *value_bytes;
        }
        case kIpAddress:
        case kNotIpAddress:
            return in_network(value, wanted);
        case kArnEquals:
        case kArnLike:
        case kArnNotEquals:
        case kArnNotLike:
            return arn_matches(wanted, value);
        case kNull:
            break;
    }
    return false;
}

bool is_negated(ConditionOperator op) {
    return op == kStringNotEquals || op == kStringNotEqualsIgnoreCase || op == kStringNotLike ||
           op == kNumericNotEquals || op == kDateNotEquals || op == kNotIpAddress ||
           op == kArnNotEquals || op == kArnNotLike;
}

Match any_wanted_matches(const Condition& condition, std::string_view value,
                         RequestContext& context) {
    Match result = Match::kNo;
    std::string buffer;
    for (const Pattern& pattern : condition.values) {
        std::string_view wanted;
        if (!resolve(pattern, context, buffer, wanted)) {
            result = Match::kUnresolved;
            continue;
        }
        if (value_matches(condition.op, value, wanted)) return Match::kYes;
    }
    return result;
}

// One value of the request against the condition, negation applied.
bool value_holds(const Condition& condition, std::string_view value, RequestContext& context) {
    const Match match = any_wanted_matches(condition, value, context);
    return is_negated(condition.op) ? match == Match::kNo : match == Match::kYes;
}

}  // namespace

KeyValues RequestContext::find(std::string_view key) {
    for (const auto& [name, values] : request_.conditions) {
        if (name == key) return {.list = &values};
    }
    return key.starts_with("aws:") ? global(key.substr(4)) : KeyValues{};
}

KeyValues RequestContext::global(std::string_view key) {
    const bool service = caller_.kind == PrincipalKind::kService;
    const bool anonymous = caller_.kind == PrincipalKind::kAnonymous;
    if (key.starts_with("principaltag/")) {
        for (const auto& [name, value] : caller_.principal_tags) {
            if (equals_lower(name, key.substr(13))) return single(value);
        }
        return {};
    }
    if (key == "principalarn") {
        if (service || anonymous) return {};
        return single(caller_.kind == PrincipalKind::kAssumedRole && !caller_.role_arn.empty()
                          ? caller_.role_arn
                          : caller_.arn);
    }
    if (key == "principalaccount")
        return service || anonymous ? KeyValues{} : single(caller_.account_id);
    if (key == "principaltype") {
        switch (caller_.kind) {
            case PrincipalKind::kAnonymous:
                return single("Anonymous");
            case PrincipalKind::kRoot:
                return single("Account");
            case PrincipalKind::kUser:
                return single("User");
            case PrincipalKind::kAssumedRole:
                return single("AssumedRole");
            case PrincipalKind::kService:
                return {};
        }
    }
    if (key == "principalisawsservice") return single(service ? "true" : "false");
    if (key == "principalservicename") return service ? single(caller_.arn) : KeyValues{};
    if (key == "userid")
        return anonymous ? single("anonymous") : service ? KeyValues{} : single(caller_.user_id);
    if (key == "username")
        return caller_.user_name.empty() ? KeyValues{} : single(caller_.user_name);
    // A service acts for the account whose resource caused the call.
    if (key == "sourceaccount")
        return service && !caller_.account_id.empty() ? single(caller_.account_id) : KeyValues{};
    if (key == "resourceaccount") {
        return request_.resource_account.empty() ? KeyValues{} : single(request_.resource_account);
    }
    if (key == "sourceip")
        return service || facts_.source_ip.empty() ? KeyValues{} : single(facts_.source_ip);
    if (key == "securetransport") return single(facts_.secure ? "true" : "false");
    if (key == "useragent")
        return facts_.user_agent.empty() ? KeyValues{} : single(facts_.user_agent);
    if (key == "referer") return facts_.referer.empty() ? KeyValues{} : single(facts_.referer);
    if (key == "requestedregion")
        return facts_.region.empty() ? KeyValues{} : single(facts_.region);
    // Long-term keys carry no such key at all; sessions without MFA carry "false".
    if (key == "multifactorauthpresent") return is_session(caller_) ? single("false") : KeyValues{};
    if (key == "viaawsservice") return single("false");
    if (key == "currenttime") {
        const std::string text = format_iso8601(facts_.now);
        const size_t length = std::min(text.size(), time_text_.size());
        std::memcpy(time_text_.data(), text.data(), length);
        return single({time_text_.data(), length});
    }
    if (key == "epochtime") {
        const auto [end, error] = std::to_chars(
            epoch_text_.data(), epoch_text_.data() + epoch_text_.size(), epoch_seconds(facts_.now));
        static_cast<void>(error);  // 20 digits always fit
        return single({epoch_text_.data(), static_cast<size_t>(end - epoch_text_.data())});
    }
    return {};
}

bool resolve(const Pattern& pattern, RequestContext& context, std::string& buffer,
             std::string_view& out) {
    if (pattern.variables.empty()) {
        out = pattern.compiled;
        return true;
    }
    buffer.clear();
    size_t at = 0;
    for (const Pattern::Variable& variable : pattern.variables) {
        buffer.append(pattern.compiled, at, variable.position - at);
        at = variable.position;
        const KeyValues values = context.find(variable.key);
        // A key with several values can't stand in a text.
        if (values.size() == 1) {
            const std::string_view value = values.at(0);
            // Our marks for wildcards have no business in a value.
            if (value.find(Pattern::kAnyRun) != std::string_view::npos ||
                value.find(Pattern::kAnyChar) != std::string_view::npos) {
                return false;
            }
            buffer += value;
        } else if (variable.has_default) {
            buffer += variable.default_value;
        } else {
            return false;
        }
    }
    buffer.append(pattern.compiled, at);
    out = buffer;
    return true;
}

bool condition_holds(const Condition& condition, RequestContext& context) {
    const KeyValues values = context.find(condition.key);
    const size_t count = values.size();
    if (condition.op == kNull) {
        return std::any_of(condition.values.begin(), condition.values.end(),
                           [&](const Pattern& value) {
                               return equals_ignore_case(value.text, count == 0 ? "true" : "false");
                           });
    }
    if (count == 0) {
        if (condition.if_exists || condition.qualifier == SetQualifier::kForAllValues) return true;
        if (condition.qualifier == SetQualifier::kForAnyValue) return false;
        return is_negated(condition.op);
    }
    // Several values without a qualifier: a positive operator wants one of them to match, a negated
    // one none.
    const bool all = condition.qualifier == SetQualifier::kForAllValues ||
                     (condition.qualifier == SetQualifier::kNone && is_negated(condition.op));
    for (size_t i = 0; i < count; ++i) {
        if (value_holds(condition, values.at(i), context) != all) return !all;
    }
    return all;
}

void collect_missing_keys(const Statement& statement, RequestContext& context,
                          std::vector<std::string>& missing) {
    const auto note = [&](const std::string& key) {
        if (context.find(key).size() != 0) return;
        if (std::find(missing.begin(), missing.end(), key) == missing.end()) missing.push_back(key);
    };
    for (const Condition& condition : statement.conditions) {
        note(condition.key);
        for (const Pattern& value : condition.values) {
            for (const Pattern::Variable& variable : value.variables) note(variable.key);
        }
    }
    for (const Pattern& resource : statement.resources) {
        for (const Pattern::Variable& variable : resource.variables) note(variable.key);
    }
}

}  // namespace millrace::auth
