#include "services/dynamodb/errors.h"

#include "codec/json_writer.h"

namespace millrace::dynamodb::errors {

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
