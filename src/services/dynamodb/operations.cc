#include "services/dynamodb/operations.h"

#include "auth/evaluate.h"

namespace millrace::dynamodb {

contracts::ServiceEntry DynamoDbService::entry() {
    contracts::ServiceEntry entry;
    entry.model = &model::dynamodb::kService;
    entry.check_order = contracts::CheckOrder::kAuthorizeThenValidate;
#define MR_DYNAMODB_ENTRY(Name, cost, access) \
    entry.operations.push_back(contracts::make_operation<Name>(*this, model::dynamodb::kService));
    MR_DYNAMODB_OPERATIONS(MR_DYNAMODB_ENTRY)
#undef MR_DYNAMODB_ENTRY
    entry.denied = [](const contracts::Caller& caller, const contracts::AuthzRequest& request,
                      const contracts::Decision& decision) {
        return errors::access_denied(auth::denied_text(caller, request, decision));
    };
    entry.unknown_operation = [](std::string_view) { return errors::unknown_operation(); };
    return entry;
}

namespace {

void ask_about(const TableAddress& address, const Table* definition, std::string_view action,
               AuthzRequests& requests) {
    contracts::AuthzRequest request;
    request.action = "dynamodb:" + std::string(action);
    request.resource = address.arn();
    request.resource_account = address.account;
    if (definition != nullptr) request.resource_policy = definition->parsed_policy;
    requests.push_back(std::move(request));
}

}  // namespace

void ask(OpContext& context, const std::optional<std::string>& table, std::string_view action,
         AuthzRequests& requests) {
    if (!table) return;
    const auto address = parse_table_address(*table, context.account(), context.region());
    if (address) ask_about(*address, nullptr, action, requests);
}

void ask(DynamoDbService& service, OpContext& context, const std::optional<std::string>& table,
         std::string_view action, AuthzRequests& requests) {
    if (!table) return;
    const auto address = parse_table_address(*table, context.account(), context.region());
    if (!address) return;
    const TableRef definition = service.catalog().find(context.txn(), *address);
    ask_about(*address, definition.get(), action, requests);
}

Result<TableRef> need_table(DynamoDbService& service, OpContext& context, const std::string& name,
                            bool write) {
    const auto address = parse_table_address(name, context.account(), context.region());
    if (!address)
        return errors::validation("Invalid TableArn: Invalid ResourceArn provided as input " +
                                  name);
    TableRef table = write ? service.catalog().find_for_write(context.txn(), *address)
                           : service.catalog().find(context.txn(), *address);
    if (!table) return errors::not_found();
    return table;
}

Result<TableRef> need_definition(DynamoDbService& service, OpContext& context,
                                 const std::string& name) {
    const auto address = parse_table_address(name, context.account(), context.region());
    if (!address)
        return errors::validation("Invalid TableArn: Invalid ResourceArn provided as input " +
                                  name);
    TableRef table = service.catalog().load(context.txn(), *address);
    if (!table) return errors::table_not_found(address->name);
    return table;
}

Result<void> check_item(const std::optional<item::Item>& item) {
    if (!item) return {};
    MR_CHECK_OK(item::check_valid(*item));
    if (item::nesting_depth(item->view()) > item::kNestingDepthMax) {
        return errors::validation("Nesting Levels have exceeded supported limits");
    }
    return {};
}

}  // namespace millrace::dynamodb
