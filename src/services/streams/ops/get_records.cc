// GetRecords: records behind a position, oldest first, at most 1000 and 1 MB. Only durable records.
// IAM: dynamodb:GetRecords. Source: DynamoDB Streams API Reference, GetRecords.
#include "codec/digest.h"
#include "codec/hex.h"
#include "services/streams/operations.h"
#include "services/streams/position.h"

namespace millrace::streams {
namespace {

constexpr int64_t kIteratorMs = 15 * 60 * 1000;
constexpr size_t kBytesMax = 1 << 20;

}  // namespace

Result<void> GetRecords::check(const Input&) { return {}; }

Result<void> GetRecords::authorize(StreamsService& service, contracts::OpContext& context,
                                   const Input& input, contracts::AuthzRequests& requests) {
    const auto iterator = parse_iterator(input.shard_iterator.value_or(""), service.iterator_key());
    if (iterator) ask(service, context, iterator->stream_arn, "GetRecords", requests);
    return {};
}

contracts::Outcome<GetRecords::Output> GetRecords::run(StreamsService& service,
                                                       contracts::OpContext& context,
                                                       const Input& input) {
    auto iterator = parse_iterator(*input.shard_iterator, service.iterator_key());
    if (!iterator) return errors::validation("Invalid ShardIterator.");
    if (iterator->made_ms + kIteratorMs < epoch_ms(context.now()))
        return errors::expired_iterator();
    const auto row = service.find(context.txn(), iterator->stream_arn);
    if (!row) return errors::stream_not_found(iterator->stream_arn);
    const contracts::StreamShardRow* shard = row->find_shard(iterator->shard_id);
    if (shard == nullptr) return errors::shard_not_found(iterator->stream_arn, iterator->shard_id);
    const store::LogId log = contracts::stream_log(row->id, shard->number);
    const store::Version trimmed = StreamsService::trimmed(context.txn(), log);
    if (iterator->after != store::Version{} && iterator->after < trimmed) return errors::trimmed();
    // Asked before the read: what is appended later cannot be before the end.
    const bool closed =
        shard->closed && service.is_closed_durably(iterator->stream_arn, iterator->shard_id);
    Output output;
    output.records.emplace();
    const auto limit = static_cast<size_t>(input.limit.value_or(1000));
    const TimePoint expired = context.now() - contracts::kStreamRetention;
    const auto stored = service.store().read_log(log, iterator->after, limit, kBytesMax);
    for (const store::LogRecord& entry : stored) {
        iterator->after = entry.version;
        const auto record = contracts::decode_stream_record(entry.bytes);
        if (!record || record->created < expired) continue;
        auto& shown = output.records->emplace_back();
        const std::string number = sequence_number(entry.version);
        shown.event_id = codec::hex_encode(codec::md5(std::to_string(row->id) + number));
        shown.event_name = std::string(contracts::stream_event_name(record->event));
        shown.event_version = "1.1";
        shown.event_source = "aws:dynamodb";
        shown.aws_region = row->region;
        auto& change = shown.dynamodb.emplace();
        change.approximate_creation_date_time =
            from_epoch_ms(epoch_seconds(record->created) * 1000);
        change.keys = item::Item(record->keys);
        if (record->new_image) change.new_image = item::Item(*record->new_image);
        if (record->old_image) change.old_image = item::Item(*record->old_image);
        change.sequence_number = number;
        change.size_bytes = static_cast<int64_t>(record->size_bytes);
        change.stream_view_type = std::string(contracts::stream_view_type_name(record->view_type));
        if (record->by_ttl) {
            auto& identity = shown.user_identity.emplace();
            identity.type = "Service";
            identity.principal_id = "dynamodb.amazonaws.com";
        }
    }
    // A closed shard ends with its last record.
    const bool at_end = stored.empty() || iterator->after == service.store().log_end(log);
    if (!closed || !at_end) {
        iterator->made_ms = epoch_ms(context.now());
        output.next_shard_iterator = make_iterator(*iterator, service.iterator_key());
    }
    return output;
}

}  // namespace millrace::streams
