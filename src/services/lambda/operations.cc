#include "services/lambda/operations.h"

#include "auth/evaluate.h"
#include "auth/policy.h"
#include "core/bytes.h"
#include "core/check.h"

namespace millrace::lambda {
namespace {

constexpr uint8_t kPolicyFormat = 1;

}  // namespace

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

Result<FunctionName> name_function(const contracts::OpContext& context, const std::string& text,
                                   const std::optional<std::string>& qualifier) {
    FunctionName name = parse_function_name(text, context.account(), context.region());
    if (name.region != context.region()) return errors::other_region(name.region, context.region());
    if (!qualifier) return name;
    if (!name.qualifier.empty() && name.qualifier != *qualifier) {
        return errors::invalid_parameter(
            "The derived qualifier from the function name does not match the specified "
            "qualifier.");
    }
    name.qualifier = *qualifier;
    return name;
}

void ask_function(LambdaService&, contracts::OpContext& context, const FunctionName& name,
                  std::string_view action, contracts::AuthzRequests& requests) {
    contracts::AuthzRequest request;
    request.action = "lambda:" + std::string(action);
    request.resource_account = name.account;
    request.resource = name.arn();
    const auto row =
        context.txn().get(policy_key(name.account, name.region, name.name, name.qualifier));
    if (row) {
        request.resource_policy = auth::parsed_or_deny(
            decode_policy(*row).text, auth::PolicyKind::kResource, request.resource);
    }
    requests.push_back(std::move(request));
}

void ask_account(contracts::OpContext& context, std::string_view action,
                 contracts::AuthzRequests& requests) {
    contracts::AuthzRequest request;
    request.action = "lambda:" + std::string(action);
    request.resource = "*";
    request.resource_account = context.account();
    requests.push_back(std::move(request));
}

Result<Function> need_function(LambdaService& service, contracts::OpContext& context,
                               const FunctionName& name) {
    auto function = service.find(context.txn(), name.account, name.region, name.name);
    if (!function || !(name.qualifier.empty() || name.qualifier == kLatest))
        return errors::function_not_found(name.arn());
    return *std::move(function);
}

Result<Target> need_target(LambdaService& service, contracts::OpContext& context,
                           const FunctionName& name) {
    auto target = service.resolve(context.txn(), name, context.rng());
    if (!target) return errors::function_not_found(name.arn());
    return *std::move(target);
}

std::string encode(const StoredPolicy& policy) {
    std::string out;
    append_u8(out, kPolicyFormat);
    append_bytes(out, policy.revision);
    append_bytes(out, policy.text);
    return out;
}

StoredPolicy decode_policy(std::string_view bytes) {
    ByteReader reader(bytes);
    MR_ASSERT(reader.u8() == kPolicyFormat);
    StoredPolicy policy;
    policy.revision = reader.bytes();
    policy.text = reader.bytes();
    MR_ASSERT(reader.ok() && reader.at_end());
    return policy;
}

}  // namespace millrace::lambda
