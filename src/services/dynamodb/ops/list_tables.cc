// ListTables: names in order. IAM: dynamodb:ListTables. Source: DynamoDB API Reference, ListTables.
#include "services/dynamodb/operations.h"

namespace millrace::dynamodb {

Result<void> ListTables::check(const Input&) { return {}; }

Result<void> ListTables::authorize(DynamoDbService&, OpContext& context, const Input&,
                                   AuthzRequests& requests) {
    contracts::AuthzRequest request;
    request.action = "dynamodb:ListTables";
    request.resource_account = context.account();
    request.resource = "arn:aws:dynamodb:" + std::string(context.region()) + ":" +
                       request.resource_account + ":table/*";
    requests.push_back(std::move(request));
    return {};
}

Outcome<ListTables::Output> ListTables::run(DynamoDbService&, OpContext& context,
                                            const Input& input) {
    Output output;
    output.table_names.emplace();
    const auto limit = static_cast<size_t>(input.limit.value_or(100));
    const store::Key first =
        table_row_key({std::string(context.account()), std::string(context.region()), ""});
    const std::string from =
        input.exclusive_start_table_name ? *input.exclusive_start_table_name + '\0' : "";
    context.txn().scan({store::Space::kTables, first.partition, from, ""},
                       [&](std::string_view name, std::string_view) {
                           if (output.table_names->size() == limit) {
                               output.last_evaluated_table_name = output.table_names->back();
                               return false;
                           }
                           output.table_names->emplace_back(name);
                           return true;
                       });
    return output;
}

}  // namespace millrace::dynamodb
