// PutLogEvents, GetLogEvents, FilterLogEvents. IAM: the actions of these names on the stream, or on
// the group. Source: CloudWatch Logs API Reference.
#include <algorithm>
#include <set>

#include "codec/base64.h"
#include "codec/hex.h"
#include "services/logs/operations.h"
#include "services/logs/pattern.h"

namespace millrace::logs {
namespace {

constexpr int64_t kHourMs = int64_t{3600} * 1000;
constexpr int64_t kTooNewMs = 2 * kHourMs;
constexpr int64_t kTooOldMs = 14 * 24 * kHourMs;
constexpr int64_t kSpanMsMax = 24 * kHourMs;
constexpr int32_t kEventsMax = 10'000;
constexpr size_t kBytesMax = 1 << 20;
constexpr size_t kEventOverhead = 26;
// What one page of a search looks at; then it ends with a token, found something or not.
constexpr size_t kSearchedEventsMax = 50'000;
constexpr size_t kSearchedBytesMax = 32 << 20;
constexpr size_t kPlaceBytes = 16;

// A page's token: a place between events.
std::optional<std::string> parse_place(std::string_view token) {
    auto place = codec::base64_decode(token);
    if (!place || place->size() != kPlaceBytes) return std::nullopt;
    return place;
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
        bytes += event.message->size() + kEventOverhead;
    }
    if (bytes > kBytesMax)
        return errors::invalid(
            fmt::format("Upload too large: {} bytes exceeds limit of {}", bytes, kBytesMax));
    if (last - *input.log_events->front().timestamp > kSpanMsMax) {
        return errors::invalid(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 "
            "hours.");
    }
    return {};
}

Result<void> PutLogEvents::authorize(LogsService&, contracts::OpContext& context,
                                     const Input& input, contracts::AuthzRequests& requests) {
    const GroupName name = name_of(context, input.log_group_name);
    return ask(name, stream_resource(name, input.log_stream_name), "PutLogEvents", requests);
}

contracts::Outcome<PutLogEvents::Output> PutLogEvents::run(LogsService& service,
                                                           contracts::OpContext& context,
                                                           const Input& input) {
    const auto group = service.find_group(context.txn(), name_of(context, input.log_group_name));
    if (!group) return errors::no_group();
    const auto stream = service.find_stream(context.txn(), *group, *input.log_stream_name);
    if (!stream) return errors::no_stream();
    const int64_t now_ms = epoch_ms(context.now());
    const int64_t retained_ms = retained_since_ms(*group, context.now());
    std::vector<std::pair<int64_t, std::string_view>> events;
    model::logs::RejectedLogEventsInfo rejected;
    int32_t index = 0;
    for (const auto& event : *input.log_events) {
        const int64_t at_ms = *event.timestamp;
        if (at_ms < now_ms - kTooOldMs) {
            rejected.too_old_log_event_end_index = index + 1;
        } else if (at_ms < retained_ms) {
            rejected.expired_log_event_end_index = index + 1;
        } else if (at_ms > now_ms + kTooNewMs) {
            if (!rejected.too_new_log_event_start_index)
                rejected.too_new_log_event_start_index = index;
        } else {
            events.emplace_back(at_ms, *event.message);
        }
        index += 1;
    }
    service.append(context.txn(), *group, *input.log_stream_name, *stream, events, context.now());
    Output output;
    if (events.size() < input.log_events->size()) output.rejected_log_events_info = rejected;
    output.next_sequence_token = fmt::format("{:056}", now_ms);
    return output;
}

Result<void> GetLogEvents::check(const Input&) { return {}; }

Result<void> GetLogEvents::authorize(LogsService&, contracts::OpContext& context,
                                     const Input& input, contracts::AuthzRequests& requests) {
    MR_TRY(const GroupName name,
           group_of(context, input.log_group_name, input.log_group_identifier));
    return ask(name, stream_resource(name, input.log_stream_name), "GetLogEvents", requests);
}

contracts::Outcome<GetLogEvents::Output> GetLogEvents::run(LogsService& service,
                                                           contracts::OpContext& context,
                                                           const Input& input) {
    MR_TRY(const GroupName name,
           group_of(context, input.log_group_name, input.log_group_identifier));
    const auto group = service.find_group(context.txn(), name);
    if (!group) return errors::no_group();
    const auto stream = service.find_stream(context.txn(), *group, *input.log_stream_name);
    if (!stream) return errors::no_stream();
    const int64_t start_ms =
        std::max(input.start_time.value_or(0), retained_since_ms(*group, context.now()));
    const int64_t end_ms = input.end_time.value_or(INT64_MAX);
    // Only between the stream's first and last event is there something of it.
    std::string after = place_before(std::max(start_ms, stream->first_event_ms));
    std::string before = place_before(std::min(end_ms, stream->last_event_ms + 1));
    // A forward page goes on behind its place, a backward page before it.
    bool forward = input.start_from_head.value_or(false);
    std::string place = place_before(start_ms);
    if (input.next_token) {
        const bool valid =
            input.next_token->starts_with("f/") || input.next_token->starts_with("b/");
        const auto given =
            valid ? parse_place(std::string_view(*input.next_token).substr(2)) : std::nullopt;
        if (!given) return errors::bad_token();
        place = *given;
        forward = input.next_token->starts_with("f/");
        (forward ? after : before) = forward ? std::max(after, place) : std::min(before, place);
    }
    const auto limit = static_cast<size_t>(input.limit.value_or(kEventsMax));
    std::vector<Event> events;
    size_t bytes = 0;
    if (stream->last_event_ms > 0) {
        service.read(context.txn(), *group, after, before, !forward, [&](const Event& event) {
            if (event.stream != *input.log_stream_name) return true;
            bytes += event.message.size() + kEventOverhead;
            if (bytes > kBytesMax && !events.empty()) return false;
            events.push_back(event);
            return events.size() < limit;
        });
    }
    if (!forward) std::reverse(events.begin(), events.end());
    Output output;
    output.events.emplace();
    for (const Event& event : events) {
        auto& shown = output.events->emplace_back();
        shown.timestamp = event.at_ms;
        shown.message = event.message;
        shown.ingestion_time = event.ingested_ms;
    }
    // With nothing to show the same place comes back: the end.
    output.next_forward_token =
        "f/" + codec::base64_encode(events.empty() ? place : events.back().id);
    output.next_backward_token =
        "b/" + codec::base64_encode(events.empty() ? place : events.front().id);
    return output;
}

Result<void> FilterLogEvents::check(const Input& input) {
    if (input.log_stream_names && input.log_stream_name_prefix) {
        return errors::invalid(
            "LogStream name and LogStream name prefix are mutually exclusive parameters.");
    }
    const auto pattern = Pattern::parse(input.filter_pattern.value_or(""));
    return pattern ? Result<void>() : Result<void>(pattern.error());
}

Result<void> FilterLogEvents::authorize(LogsService&, contracts::OpContext& context,
                                        const Input& input, contracts::AuthzRequests& requests) {
    MR_TRY(const GroupName name,
           group_of(context, input.log_group_name, input.log_group_identifier));
    return ask(name, stream_resource(name, std::nullopt), "FilterLogEvents", requests);
}

contracts::Outcome<FilterLogEvents::Output> FilterLogEvents::run(LogsService& service,
                                                                 contracts::OpContext& context,
                                                                 const Input& input) {
    MR_TRY(const GroupName name,
           group_of(context, input.log_group_name, input.log_group_identifier));
    const auto group = service.find_group(context.txn(), name);
    if (!group) return errors::no_group();
    MR_TRY(const Pattern pattern, Pattern::parse(input.filter_pattern.value_or("")));
    std::string after = place_before(
        std::max(input.start_time.value_or(0), retained_since_ms(*group, context.now())));
    const std::string before = place_before(input.end_time.value_or(INT64_MAX));
    if (input.next_token) {
        const auto place = parse_place(*input.next_token);
        if (!place) return errors::bad_token();
        after = std::max(after, *place);
    }
    std::set<std::string> streams;
    if (input.log_stream_names) {
        streams.insert(input.log_stream_names->begin(), input.log_stream_names->end());
        for (const std::string& stream : streams) {
            if (!service.find_stream(context.txn(), *group, stream)) return errors::no_stream();
        }
    }
    const auto limit = static_cast<size_t>(input.limit.value_or(kEventsMax));
    Output output;
    output.events.emplace();
    output.searched_log_streams.emplace();
    size_t bytes = 0;
    size_t searched = 0;
    size_t searched_bytes = 0;
    service.read(context.txn(), *group, after, before, false, [&](const Event& event) {
        if (output.events->size() == limit || bytes > kBytesMax || searched == kSearchedEventsMax ||
            searched_bytes > kSearchedBytesMax) {
            output.next_token = codec::base64_encode(after);
            return false;
        }
        after = event.id;
        searched += 1;
        searched_bytes += event.message.size();
        if (!streams.empty() && !streams.contains(event.stream)) return true;
        if (input.log_stream_name_prefix &&
            !event.stream.starts_with(*input.log_stream_name_prefix)) {
            return true;
        }
        if (!pattern.matches(event.message)) return true;
        auto& shown = output.events->emplace_back();
        shown.log_stream_name = event.stream;
        shown.timestamp = event.at_ms;
        shown.message = event.message;
        shown.ingestion_time = event.ingested_ms;
        shown.event_id = codec::hex_encode(event.id);
        bytes += event.message.size() + kEventOverhead;
        return true;
    });
    return output;
}

}  // namespace millrace::logs
