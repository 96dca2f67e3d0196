#include "services/lambda/operations.h"

#include "auth/evaluate.h"

namespace millrace::lambda {

contracts::ServiceEntry LambdaService::entry() {
    contracts::ServiceEntry entry;
    entry.model = &model::lambda::kService;
    entry.check_order = contracts::CheckOrder::kAuthorizeThenValidate;
#define MR_LAMBDA_ENTRY(Name, cost, access) \
    entry.operations.push_back(contracts::make_operation<Name>(*this, model::lambda::kService));
    MR_LAMBDA_OPERATIONS(MR_LAMBDA_ENTRY)
#undef MR_LAMBDA_ENTRY
    entry.denied = [](const contracts::Caller& caller, const contracts::AuthzRequest& request,
                      const contracts::Decision& decision) {
        return errors::access_denied(auth::denied_text(caller, request, decision));
    };
    entry.unknown_operation = [](std::string_view) { return errors::unknown_operation(); };
    return entry;
}

void ask(contracts::OpContext& context, const std::optional<std::string>& function,
         std::string_view action, contracts::AuthzRequests& requests) {
    const FunctionName name = parse_function_name(function.value_or("*"), context.account());
    contracts::AuthzRequest request;
    request.action = "lambda:" + std::string(action);
    request.resource_account = name.account;
    request.resource = "arn:aws:lambda:" + std::string(context.region()) + ":" + name.account +
                       ":function:" + name.name;
    requests.push_back(std::move(request));
}

Result<Function> need_function(LambdaService& service, contracts::OpContext& context,
                               const std::string& text) {
    const FunctionName name = parse_function_name(text, context.account());
    auto function = service.find(context.txn(), name.account, context.region(), name.name);
    const bool latest = name.qualifier.empty() || name.qualifier == "$LATEST";
    if (!function || !latest) {
        return errors::function_not_found("arn:aws:lambda:" + std::string(context.region()) + ":" +
                                          name.account + ":function:" + name.name +
                                          (name.qualifier.empty() ? "" : ":" + name.qualifier));
    }
    return *std::move(function);
}

}  // namespace millrace::lambda
