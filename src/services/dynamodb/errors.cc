#include "services/dynamodb/errors.h"

#include "codec/json_writer.h"

namespace millrace::dynamodb::errors {

Error throttled(std::string_view resource_arn, std::string_view what, bool on_demand) {
    Error error =
        on_demand ? make("ThrottlingException",
                         "Throughput exceeds the maximum OnDemandThroughput configured on table or "
                         "index")
        : what.starts_with("Table")
            ? make("ProvisionedThroughputExceededException",
                   "The level of configured provisioned throughput for the table was exceeded. "
                   "Consider increasing your provisioning level with the UpdateTable API.")
            : make("ProvisionedThroughputExceededException",
                   "The level of configured provisioned throughput for one or more global "
                   "secondary indexes of the table was exceeded. Consider increasing your "
                   "provisioning level for the under-provisioned global secondary indexes with the "
                   "UpdateTable API");
    if (on_demand) error.json_namespace = "com.amazon.coral.availability";
    std::string json;
    codec::JsonWriter writer(json);
    writer.begin_array();
    writer.begin_object();
    writer.member("reason",
                  fmt::format("{}{}Exceeded", what,
                              on_demand ? "MaxOnDemandThroughput" : "ProvisionedThroughput"));
    writer.member("resource", resource_arn);
    writer.end_object();
    writer.end_array();
    error.json_fields.emplace_back(on_demand ? "throttlingReasons" : "ThrottlingReasons",
                                   std::move(json));
    return error;
}

Error transaction_canceled(const std::vector<CancellationReason>& reasons) {
    std::string codes;
    std::string json;
    codec::JsonWriter writer(json);
    writer.begin_array();
    for (const CancellationReason& reason : reasons) {
        if (!codes.empty()) codes += ", ";
        codes += reason.code;
        writer.begin_object();
        writer.member("Code", std::string_view(reason.code));
        if (!reason.message.empty()) writer.member("Message", std::string_view(reason.message));
        if (!reason.item_json.empty()) {
            writer.key("Item");
            writer.raw(reason.item_json);
        }
        writer.end_object();
    }
    writer.end_array();
    Error error =
        make("TransactionCanceledException",
             fmt::format("Transaction cancelled, please refer cancellation reasons for specific "
                         "reasons [{}]",
                         codes));
    error.json_fields.emplace_back("CancellationReasons", std::move(json));
    return error;
}

}  // namespace millrace::dynamodb::errors
