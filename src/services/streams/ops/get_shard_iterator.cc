// GetShardIterator: a position in a shard, good for 15 minutes. IAM: dynamodb:GetShardIterator.
// Source: DynamoDB Streams API Reference, GetShardIterator.
#include "services/streams/operations.h"
#include "services/streams/position.h"

namespace millrace::streams {
namespace {

// The last place in a commit that a sequence number can tell: position.h.
constexpr uint64_t kPlaceMax = 999'999;

}  // namespace

Result<void> GetShardIterator::check(const Input& input) {
    const std::string type = *input.shard_iterator_type;
    const bool needs_number = type == "AT_SEQUENCE_NUMBER" || type == "AFTER_SEQUENCE_NUMBER";
    if (needs_number && !input.sequence_number) {
        return errors::validation("SequenceNumber must be specified when ShardIteratorType is " +
                                  type);
    }
    if (!needs_number && input.sequence_number) {
        return errors::validation(
            "SequenceNumber must not be specified when ShardIteratorType is " + type);
    }
    return {};
}

Result<void> GetShardIterator::authorize(StreamsService& service, contracts::OpContext& context,
                                         const Input& input, contracts::AuthzRequests& requests) {
    if (input.stream_arn) ask(service, context, *input.stream_arn, "GetShardIterator", requests);
    return {};
}

contracts::Outcome<GetShardIterator::Output> GetShardIterator::run(StreamsService& service,
                                                                   contracts::OpContext& context,
                                                                   const Input& input) {
    const auto row = service.find(context.txn(), *input.stream_arn);
    if (!row) return errors::stream_not_found(*input.stream_arn);
    const contracts::StreamShardRow* shard = row->find_shard(*input.shard_id);
    if (shard == nullptr) return errors::shard_not_found(*input.stream_arn, *input.shard_id);
    Iterator iterator{*input.stream_arn, *input.shard_id, {}, epoch_ms(context.now())};
    if (*input.shard_iterator_type == "LATEST") {
        iterator.after = service.store().log_end(contracts::stream_log(row->id, shard->number));
    } else if (input.sequence_number) {
        const auto version = parse_sequence_number(*input.sequence_number);
        if (!version)
            return errors::validation("Invalid SequenceNumber: " + *input.sequence_number);
        iterator.after = *version;
        if (*input.shard_iterator_type == "AT_SEQUENCE_NUMBER") {
            // The version just before it.
            iterator.after = version->minor > 0 ? store::Version{version->major, version->minor - 1}
                             : version->major > 0 ? store::Version{version->major - 1, kPlaceMax}
                                                  : store::Version{};
        }
        const store::LogId log = contracts::stream_log(row->id, shard->number);
        if (iterator.after < StreamsService::trimmed(context.txn(), log)) return errors::trimmed();
    }
    Output output;
    output.shard_iterator = make_iterator(iterator, service.iterator_key());
    return output;
}

}  // namespace millrace::streams
