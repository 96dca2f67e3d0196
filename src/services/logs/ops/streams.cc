// CreateLogStream, DeleteLogStream, DescribeLogStreams.
// IAM: the actions of these names on the stream, or on the group. Source: CloudWatch Logs API
// Reference.
#include <algorithm>

#include "codec/base64.h"
#include "core/bytes.h"
#include "services/logs/operations.h"

namespace millrace::logs {
namespace {

constexpr size_t kDescribedMax = 50;

model::logs::LogStream to_model(const GroupName& group, const std::string& name,
                                const Stream& stream) {
    model::logs::LogStream shown;
    shown.log_stream_name = name;
    shown.creation_time = stream.created_ms;
    shown.arn = stream_resource(group, name);
    shown.stored_bytes = 0;  // as AWS answers for streams since 2019
    if (stream.last_ingestion_ms > 0) {
        shown.first_event_timestamp = stream.first_event_ms;
        shown.last_event_timestamp = stream.last_event_ms;
        shown.last_ingestion_time = stream.last_ingestion_ms;
    }
    return shown;
}

// Where a page by time ended.
struct Place {
    int64_t last_event_ms = 0;
    std::string name;
    auto operator<=>(const Place&) const = default;
};

}  // namespace

Result<void> CreateLogStream::check(const Input&) { return {}; }
Result<void> CreateLogStream::authorize(LogsService&, contracts::OpContext& context,
                                        const Input& input, contracts::AuthzRequests& requests) {
    const GroupName name = name_of(context, input.log_group_name);
    return ask(name, stream_resource(name, input.log_stream_name), "CreateLogStream", requests);
}
contracts::Outcome<CreateLogStream::Output> CreateLogStream::run(LogsService& service,
                                                                 contracts::OpContext& context,
                                                                 const Input& input) {
    const auto group = service.find_group(context.txn(), name_of(context, input.log_group_name));
    if (!group) return errors::no_group();
    if (service.find_stream(context.txn(), *group, *input.log_stream_name))
        return errors::stream_exists();
    service.create_stream(context.txn(), *group, *input.log_stream_name, context.now());
    return Output{};
}

Result<void> DeleteLogStream::check(const Input&) { return {}; }
Result<void> DeleteLogStream::authorize(LogsService&, contracts::OpContext& context,
                                        const Input& input, contracts::AuthzRequests& requests) {
    const GroupName name = name_of(context, input.log_group_name);
    return ask(name, stream_resource(name, input.log_stream_name), "DeleteLogStream", requests);
}
contracts::Outcome<DeleteLogStream::Output> DeleteLogStream::run(LogsService& service,
                                                                 contracts::OpContext& context,
                                                                 const Input& input) {
    const auto group = service.find_group(context.txn(), name_of(context, input.log_group_name));
    if (!group) return errors::no_group();
    const auto stream = service.find_stream(context.txn(), *group, *input.log_stream_name);
    if (!stream) return errors::no_stream();
    service.remove_stream(context.txn(), *group, *input.log_stream_name, *stream);
    return Output{};
}

Result<void> DescribeLogStreams::check(const Input& input) {
    if (input.order_by == "LastEventTime" && input.log_stream_name_prefix)
        return errors::invalid("Cannot order by LastEventTime with a logStreamNamePrefix.");
    return {};
}
Result<void> DescribeLogStreams::authorize(LogsService&, contracts::OpContext& context,
                                           const Input& input, contracts::AuthzRequests& requests) {
    MR_TRY(const GroupName name,
           group_of(context, input.log_group_name, input.log_group_identifier));
    return ask(name, stream_resource(name, std::nullopt), "DescribeLogStreams", requests);
}
contracts::Outcome<DescribeLogStreams::Output> DescribeLogStreams::run(
    LogsService& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(const GroupName name,
           group_of(context, input.log_group_name, input.log_group_identifier));
    const auto group = service.find_group(context.txn(), name);
    if (!group) return errors::no_group();
    const bool descending = input.descending.value_or(false);
    const auto limit =
        static_cast<size_t>(input.limit.value_or(static_cast<int32_t>(kDescribedMax)));
    std::optional<std::string> token;
    if (input.next_token) {
        token = codec::base64_decode(*input.next_token);
        if (!token) return errors::bad_token();
    }
    Output output;
    output.log_streams.emplace();
    if (input.order_by == "LastEventTime") {
        // Few groups have so many streams that an index by time would be worth its writes.
        std::vector<std::pair<Place, Stream>> all;
        context.txn().scan(
            {store::Space::kLogGroups, streams_partition(*group), "", ""},
            [&](std::string_view stream, std::string_view row) {
                const Stream decoded = decode_stream(row);
                all.push_back({{decoded.last_event_ms, std::string(stream)}, decoded});
                return true;
            });
        std::sort(all.begin(), all.end(), [&](const auto& a, const auto& b) {
            return descending ? b.first < a.first : a.first < b.first;
        });
        std::optional<Place> after;
        if (token) {
            ByteReader reader(*token);
            after = Place{static_cast<int64_t>(reader.u64()), std::string(reader.rest())};
            if (!reader.ok()) return errors::bad_token();
        }
        for (const auto& [place, stream] : all) {
            if (after && !(descending ? place < *after : *after < place)) continue;
            if (output.log_streams->size() == limit) {
                output.next_token = codec::base64_encode(*token);
                break;
            }
            output.log_streams->push_back(to_model(name, place.name, stream));
            token.emplace();
            append_u64(*token, static_cast<uint64_t>(place.last_event_ms));
            *token += place.name;
        }
        return output;
    }
    const std::string prefix = input.log_stream_name_prefix.value_or("");
    std::string from = prefix;
    // Behind every name with the prefix: names are UTF-8, which has no byte 0xff.
    std::string to = prefix + '\xff';
    if (token && descending) to = std::min(to, *token);
    if (token && !descending) from = std::max(from, *token + '\0');
    context.txn().scan(
        {store::Space::kLogGroups, streams_partition(*group), from, to, descending},
        [&](std::string_view stream, std::string_view row) {
            if (output.log_streams->size() == limit) {
                output.next_token =
                    codec::base64_encode(*output.log_streams->back().log_stream_name);
                return false;
            }
            output.log_streams->push_back(to_model(name, std::string(stream), decode_stream(row)));
            return true;
        });
    return output;
}

}  // namespace millrace::logs
