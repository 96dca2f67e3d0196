#include "services/logs/operations.h"

#include "auth/evaluate.h"

namespace millrace::logs {

contracts::ServiceEntry LogsService::entry() {
    contracts::ServiceEntry entry;
    entry.model = &model::logs::kService;
    entry.check_order = contracts::CheckOrder::kAuthorizeThenValidate;
#define MR_LOGS_ENTRY(Name, cost, access) \
    entry.operations.push_back(contracts::make_operation<Name>(*this, model::logs::kService));
    MR_LOGS_OPERATIONS(MR_LOGS_ENTRY)
#undef MR_LOGS_ENTRY
    entry.denied = [](const contracts::Caller& caller, const contracts::AuthzRequest& request,
                      const contracts::Decision& decision) {
        return errors::make("AccessDeniedException", auth::denied_text(caller, request, decision));
    };
    entry.unknown_operation = [](std::string_view) {
        return errors::make("UnknownOperationException", "");
    };
    return entry;
}

GroupName name_of(const contracts::OpContext& context, const std::optional<std::string>& group) {
    return {std::string(context.account()), std::string(context.region()), group.value_or("")};
}

Result<GroupName> group_of(const contracts::OpContext& context,
                           const std::optional<std::string>& group,
                           const std::optional<std::string>& identifier) {
    if (group && identifier) {
        return errors::invalid("LogGroup name and LogGroup ARN are mutually exclusive parameters.");
    }
    if (!group && !identifier)
        return errors::invalid("Either LogGroup name or LogGroup identifier must be specified.");
    if (group || !identifier->starts_with("arn:"))
        return name_of(context, group ? group : identifier);
    const auto name = parse_group_arn(*identifier);
    if (!name) return errors::invalid("The specified LogGroup identifier is invalid.");
    return *name;
}

Result<void> ask(const GroupName& name, std::string_view resource, std::string_view action,
                 contracts::AuthzRequests& requests) {
    contracts::AuthzRequest request;
    request.action = "logs:" + std::string(action);
    request.resource_account = name.account;
    request.resource = resource;
    requests.push_back(std::move(request));
    return {};
}

std::string group_resource(const GroupName& name) { return group_arn(name) + ":*"; }

std::string stream_resource(const GroupName& name, const std::optional<std::string>& stream) {
    return group_arn(name) + ":log-stream:" + stream.value_or("");
}

}  // namespace millrace::logs
