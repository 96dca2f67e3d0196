// ListStreams: all streams, or a table's. IAM: dynamodb:ListStreams. Source: DynamoDB Streams API
// Reference.
#include "services/streams/operations.h"

namespace millrace::streams {

Result<void> ListStreams::check(const Input&) { return {}; }

Result<void> ListStreams::authorize(StreamsService& service, contracts::OpContext& context,
                                    const Input& input, contracts::AuthzRequests& requests) {
    ask(service, context,
        "arn:aws:dynamodb:" + std::string(context.region()) + ":" + std::string(context.account()) +
            ":table/" + input.table_name.value_or("*") + "/stream/*",
        "ListStreams", requests);
    return {};
}

contracts::Outcome<ListStreams::Output> ListStreams::run(StreamsService&,
                                                         contracts::OpContext& context,
                                                         const Input& input) {
    Output output;
    output.streams.emplace();
    const auto limit = static_cast<size_t>(input.limit.value_or(100));
    std::string from = input.table_name ? *input.table_name + "/" : "";
    if (input.exclusive_start_stream_arn) {
        const size_t table = input.exclusive_start_stream_arn->find(":table/");
        const size_t stream = input.exclusive_start_stream_arn->find("/stream/");
        if (table == std::string::npos || stream == std::string::npos) {
            return errors::validation("Invalid ExclusiveStartStreamArn");
        }
        from = input.exclusive_start_stream_arn->substr(table + 7, stream - table - 7) + "/" +
               input.exclusive_start_stream_arn->substr(stream + 8) + '\0';
    }
    const std::string partition = contracts::stream_partition(context.account(), context.region());
    context.txn().scan({store::Space::kStreams, partition, from, ""},
                       [&](std::string_view, std::string_view bytes) {
                           const auto row = contracts::decode_stream_row(bytes);
                           if (!row) return true;
                           if (input.table_name && row->table_name != *input.table_name)
                               return false;
                           if (output.streams->size() == limit) {
                               output.last_evaluated_stream_arn = output.streams->back().stream_arn;
                               return false;
                           }
                           auto& stream = output.streams->emplace_back();
                           stream.stream_arn = contracts::stream_arn(*row);
                           stream.table_name = row->table_name;
                           stream.stream_label = row->label;
                           return true;
                       });
    return output;
}

}  // namespace millrace::streams
