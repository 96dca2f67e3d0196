// PutLogEvents, GetLogEvents, FilterLogEvents. IAM: the actions of these names on the group.
// Source: CloudWatch Logs API Reference.
#include <algorithm>
#include <deque>
#include <set>

#include "codec/base64.h"
#include "services/logs/operations.h"

namespace millrace::logs {
namespace {

constexpr int64_t kTooNewMs = int64_t{2} * 3600 * 1000;
constexpr int64_t kTooOldMs = int64_t{14} * 24 * 3600 * 1000;
constexpr size_t kEventsMax = 10'000;
constexpr size_t kBytesMax = 1 << 20;

GroupName name_of(const contracts::OpContext& context, const std::optional<std::string>& group) {
    return {std::string(context.account()), std::string(context.region()), group.value_or("")};
}

Result<void> ask(contracts::OpContext& context, const std::optional<std::string>& group,
                 const std::optional<std::string>& stream, std::string_view action,
                 contracts::AuthzRequests& requests) {
    contracts::AuthzRequest request;
    request.action = "logs:" + std::string(action);
    request.resource_account = context.account();
    request.resource =
        group_arn(name_of(context, group)) + (stream ? ":log-stream:" + *stream : ":*");
    requests.push_back(std::move(request));
    return {};
}

// Terms of a filter pattern: all plain ones must be in the message, one of the "?" ones, none of
// the
// "-" ones. Other forms of the language are refused.
struct Pattern {
    std::vector<std::string> all;
    std::vector<std::string> any;
    std::vector<std::string> none;

    bool matches(std::string_view message) const {
        const auto has = [&](const std::string& term) {
            return message.find(term) != std::string_view::npos;
        };
        for (const std::string& term : all) {
            if (!has(term)) return false;
        }
        for (const std::string& term : none) {
            if (has(term)) return false;
        }
        return any.empty() || std::any_of(any.begin(), any.end(), has);
    }
};

Result<Pattern> parse_pattern(std::string_view text) {
    Pattern pattern;
    while (!text.empty()) {
        if (text[0] == ' ') {
            text.remove_prefix(1);
            continue;
        }
        std::vector<std::string>* terms = &pattern.all;
        if (text[0] == '?' || text[0] == '-') {
            terms = text[0] == '?' ? &pattern.any : &pattern.none;
            text.remove_prefix(1);
        }
        if (text.starts_with('{') || text.starts_with('[') || text.starts_with('%')) {
            return errors::invalid("Invalid filter pattern: only terms are supported.");
        }
        if (text.starts_with('"')) {
            const size_t end = text.find('"', 1);
            if (end == std::string_view::npos) return errors::invalid("Invalid filter pattern");
            terms->emplace_back(text.substr(1, end - 1));
            text.remove_prefix(end + 1);
        } else {
            const size_t end = std::min(text.find(' '), text.size());
            if (end > 0) terms->emplace_back(text.substr(0, end));
            text.remove_prefix(end);
        }
    }
    return pattern;
}

}  // namespace

Result<void> PutLogEvents::check(const Input& input) {
    size_t bytes = 0;
    int64_t last = 0;
    for (const auto& event : *input.log_events) {
        if (*event.timestamp < last) {
            return errors::invalid(
                "Log events in a single PutLogEvents request must be in chronological order.");
        }
        last = *event.timestamp;
        bytes += event.message->size() + 26;
    }
    if (bytes > kBytesMax)
        return errors::invalid("Upload too large: " + std::to_string(bytes) +
                               " bytes exceeds limit of 1048576");
    return {};
}

Result<void> PutLogEvents::authorize(LogsService&, contracts::OpContext& context,
                                     const Input& input, contracts::AuthzRequests& requests) {
    return ask(context, input.log_group_name, input.log_stream_name, "PutLogEvents", requests);
}

contracts::Outcome<PutLogEvents::Output> PutLogEvents::run(LogsService& service,
                                                           contracts::OpContext& context,
                                                           const Input& input) {
    const GroupName name = name_of(context, input.log_group_name);
    if (!service.group_exists(context.txn(), name)) return errors::no_group();
    if (!service.stream_exists(context.txn(), name, *input.log_stream_name))
        return errors::no_stream();
    const int64_t now_ms = epoch_ms(context.now());
    std::vector<std::pair<int64_t, std::string_view>> events;
    Output output;
    int32_t index = 0;
    for (const auto& event : *input.log_events) {
        if (*event.timestamp < now_ms - kTooOldMs) {
            if (!output.rejected_log_events_info) output.rejected_log_events_info.emplace();
            output.rejected_log_events_info->too_old_log_event_end_index = index + 1;
        } else if (*event.timestamp > now_ms + kTooNewMs) {
            if (!output.rejected_log_events_info) output.rejected_log_events_info.emplace();
            if (!output.rejected_log_events_info->too_new_log_event_start_index) {
                output.rejected_log_events_info->too_new_log_event_start_index = index;
            }
        } else {
            events.emplace_back(*event.timestamp, *event.message);
        }
        index += 1;
    }
    service.append(context.txn(), name, *input.log_stream_name, events, context.now());
    output.next_sequence_token = fmt::format("{:056}", now_ms);
    return output;
}

Result<void> GetLogEvents::check(const Input& input) {
    if (!input.log_group_name)
        return errors::invalid("Either LogGroup name or LogGroup identifier must be specified.");
    return {};
}

Result<void> GetLogEvents::authorize(LogsService&, contracts::OpContext& context,
                                     const Input& input, contracts::AuthzRequests& requests) {
    return ask(context, input.log_group_name, input.log_stream_name, "GetLogEvents", requests);
}

contracts::Outcome<GetLogEvents::Output> GetLogEvents::run(LogsService& service,
                                                           contracts::OpContext& context,
                                                           const Input& input) {
    const GroupName name = name_of(context, input.log_group_name);
    if (!service.group_exists(context.txn(), name)) return errors::no_group();
    if (!service.stream_exists(context.txn(), name, *input.log_stream_name))
        return errors::no_stream();
    const auto limit = static_cast<size_t>(input.limit.value_or(static_cast<int32_t>(kEventsMax)));
    const int64_t start = input.start_time.value_or(0);
    const int64_t end = input.end_time.value_or(INT64_MAX);
    // Tokens: the position that a page ended or began at; forward by default only when asked.
    std::string after;
    std::string before;
    bool forward = input.start_from_head.value_or(false);
    if (input.next_token) {
        const auto position =
            input.next_token->size() > 2
                ? codec::base64_decode(std::string_view(*input.next_token).substr(2))
                : std::optional<std::string>();
        if (!position ||
            (!input.next_token->starts_with("f/") && !input.next_token->starts_with("b/"))) {
            return errors::invalid("The specified nextToken is invalid.");
        }
        forward = input.next_token->starts_with("f/");
        (forward ? after : before) = *position;
    }
    std::deque<Event> events;
    service.read(context.txn(), name, start, end, after, [&](const Event& event) {
        if (!before.empty() && event.id >= before) return false;
        if (event.stream != *input.log_stream_name) return true;
        events.push_back(event);
        if (forward) return events.size() < limit;
        if (events.size() > limit) events.pop_front();
        return true;
    });
    Output output;
    output.events.emplace();
    for (const Event& event : events) {
        auto& shown = output.events->emplace_back();
        shown.timestamp = event.at_ms;
        shown.message = event.message;
        shown.ingestion_time = event.ingested_ms;
    }
    // At the end the same token comes back.
    const std::string last = !events.empty() ? events.back().id : !after.empty() ? after : before;
    const std::string first = !events.empty()   ? events.front().id
                              : !before.empty() ? before
                                                : after;
    output.next_forward_token = "f/" + codec::base64_encode(last.empty() ? "-" : last);
    output.next_backward_token = "b/" + codec::base64_encode(first.empty() ? "-" : first);
    return output;
}

Result<void> FilterLogEvents::check(const Input& input) {
    if (!input.log_group_name)
        return errors::invalid("Either LogGroup name or LogGroup identifier must be specified.");
    if (input.log_stream_names && input.log_stream_name_prefix) {
        return errors::invalid(
            "LogStream name and LogStream name prefix are mutually exclusive parameters.");
    }
    const auto pattern = parse_pattern(input.filter_pattern.value_or(""));
    return pattern ? Result<void>() : Result<void>(pattern.error());
}

Result<void> FilterLogEvents::authorize(LogsService&, contracts::OpContext& context,
                                        const Input& input, contracts::AuthzRequests& requests) {
    return ask(context, input.log_group_name, std::nullopt, "FilterLogEvents", requests);
}

contracts::Outcome<FilterLogEvents::Output> FilterLogEvents::run(LogsService& service,
                                                                 contracts::OpContext& context,
                                                                 const Input& input) {
    const GroupName name = name_of(context, input.log_group_name);
    if (!service.group_exists(context.txn(), name)) return errors::no_group();
    MR_TRY(const Pattern pattern, parse_pattern(input.filter_pattern.value_or("")));
    std::string after;
    if (input.next_token) {
        const auto position = codec::base64_decode(*input.next_token);
        if (!position) return errors::invalid("The specified nextToken is invalid.");
        after = *position;
    }
    std::set<std::string> streams;
    if (input.log_stream_names)
        streams.insert(input.log_stream_names->begin(), input.log_stream_names->end());
    const auto limit = static_cast<size_t>(input.limit.value_or(static_cast<int32_t>(kEventsMax)));
    Output output;
    output.events.emplace();
    size_t bytes = 0;
    service.read(context.txn(), name, input.start_time.value_or(0),
                 input.end_time.value_or(INT64_MAX), after, [&](const Event& event) {
                     if (!streams.empty() && !streams.contains(event.stream)) return true;
                     if (input.log_stream_name_prefix &&
                         !event.stream.starts_with(*input.log_stream_name_prefix))
                         return true;
                     if (!pattern.matches(event.message)) return true;
                     if (output.events->size() == limit || bytes > kBytesMax) {
                         output.next_token = codec::base64_encode(after);
                         return false;
                     }
                     auto& shown = output.events->emplace_back();
                     shown.log_stream_name = event.stream;
                     shown.timestamp = event.at_ms;
                     shown.message = event.message;
                     shown.ingestion_time = event.ingested_ms;
                     shown.event_id = codec::hex_encode(event.id);
                     bytes += event.message.size();
                     after = event.id;
                     return true;
                 });
    return output;
}

}  // namespace millrace::logs
