// DescribeStream: a stream's shards, parents first. IAM: dynamodb:DescribeStream.
// Source: DynamoDB Streams API Reference, DescribeStream.
#include <algorithm>

#include "services/streams/operations.h"
#include "services/streams/position.h"

namespace millrace::streams {

Result<void> DescribeStream::check(const Input& input) {
    const auto& filter = input.shard_filter;
    if (filter && !(filter->type && filter->shard_id))
        return errors::validation("ShardFilter must have a Type and a ShardId");
    return {};
}

Result<void> DescribeStream::authorize(StreamsService& service, contracts::OpContext& context,
                                       const Input& input, contracts::AuthzRequests& requests) {
    if (input.stream_arn) ask(service, context, *input.stream_arn, "DescribeStream", requests);
    return {};
}

contracts::Outcome<DescribeStream::Output> DescribeStream::run(StreamsService& service,
                                                               contracts::OpContext& context,
                                                               const Input& input) {
    const auto row = service.find(context.txn(), *input.stream_arn);
    if (!row) return errors::stream_not_found(*input.stream_arn);
    Output output;
    auto& stream = output.stream_description.emplace();
    stream.stream_arn = *input.stream_arn;
    stream.stream_label = row->label;
    stream.stream_status = row->enabled ? "ENABLED" : "DISABLED";
    stream.stream_view_type = std::string(contracts::stream_view_type_name(row->view_type));
    stream.creation_request_date_time = row->created;
    stream.table_name = row->table_name;
    stream.key_schema.emplace();
    auto& hash = stream.key_schema->emplace_back();
    hash.attribute_name = row->hash_name;
    hash.key_type = "HASH";
    if (!row->sort_name.empty()) {
        auto& sort = stream.key_schema->emplace_back();
        sort.attribute_name = row->sort_name;
        sort.key_type = "RANGE";
    }
    stream.shards.emplace();
    const auto limit = static_cast<size_t>(input.limit.value_or(100));
    bool behind = !input.exclusive_start_shard_id;
    for (const auto& shard : row->shards) {
        if (!behind) {
            behind = shard.id == *input.exclusive_start_shard_id;
            continue;
        }
        if (input.shard_filter && shard.parent_id != *input.shard_filter->shard_id) continue;
        if (stream.shards->size() == limit) {
            stream.last_evaluated_shard_id = stream.shards->back().shard_id;
            break;
        }
        auto& shown = stream.shards->emplace_back();
        shown.shard_id = shard.id;
        if (!shard.parent_id.empty()) shown.parent_shard_id = shard.parent_id;
        auto& range = shown.sequence_number_range.emplace();
        const store::Version before = service.before_first(context.txn(), *row, shard);
        const store::Version first = before == store::Version{}
                                         ? store::Version{1, 0}
                                         : store::Version{before.major, before.minor + 1};
        range.starting_sequence_number = sequence_number(first);
        // Only then no record can come to light any more.
        if (shard.closed && service.is_closed_durably(*input.stream_arn, shard.id)) {
            range.ending_sequence_number =
                sequence_number(std::max(first, service.last(context.txn(), *row, shard)));
        }
    }
    return output;
}

}  // namespace millrace::streams
