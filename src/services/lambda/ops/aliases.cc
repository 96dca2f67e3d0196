// CreateAlias, GetAlias, UpdateAlias, DeleteAlias, ListAliases: names for versions, of which one
// more may get a share of the invocations.
//
// IAM:     lambda:<operation> on the function.
// Source:  Lambda API Reference; Lambda Developer Guide, "Create an alias for a Lambda function".
#include "services/lambda/operations.h"

namespace millrace::lambda {
namespace {

model::lambda::AliasConfiguration show(const Function& function, const Alias& alias) {
    model::lambda::AliasConfiguration out;
    out.alias_arn = function.arn() + ":" + alias.name;
    out.name = alias.name;
    out.function_version = alias.version;
    out.description = alias.description;
    out.revision_id = alias.revision;
    if (!alias.weights.empty())
        out.routing_config.emplace().additional_version_weights = alias.weights;
    return out;
}

Error alias_not_found(const Function& function, const std::string& alias) {
    return errors::not_found(fmt::format("Cannot find alias arn: {}:{}", function.arn(), alias));
}

Result<Alias> need_alias(contracts::OpContext& context, const Function& function,
                         const std::string& name) {
    const auto row = context.txn().get(alias_key(function, name));
    if (!row) return alias_not_found(function, name);
    return decode_alias(*row);
}

// What the request sets, checked.
template <class Input>
Result<void> apply(LambdaService& service, contracts::OpContext& context, const Function& function,
                   const Input& input, Alias& alias) {
    alias.version = input.function_version.value_or(alias.version);
    alias.description = input.description.value_or(alias.description);
    if (input.routing_config) {
        alias.weights = input.routing_config->additional_version_weights.value_or(
            std::map<std::string, double>());
    }
    alias.revision = context.rng().uuid();
    if (!service.find_version(context.txn(), function, alias.version))
        return errors::function_not_found(function.arn() + ":" + alias.version);
    if (alias.weights.empty()) return {};
    if (alias.weights.size() > 1) {
        return errors::invalid_parameter(
            "Number of items in AdditionalVersionWeights cannot be greater than 1");
    }
    const auto& [version, weight] = *alias.weights.begin();
    if (alias.version == kLatest || version == kLatest) {
        return errors::invalid_parameter(
            "$LATEST is not supported for an alias pointing to more than 1 version");
    }
    if (version == alias.version) {
        return errors::invalid_parameter(fmt::format(
            "Invalid function version {}. Function version {} is already included in routing "
            "configuration.",
            version, version));
    }
    if (weight < 0 || weight > 1) {
        return errors::invalid_parameter(
            "The weight of a version must be a number from 0.0 to 1.0.");
    }
    if (!service.find_version(context.txn(), function, version))
        return errors::function_not_found(function.arn() + ":" + version);
    return {};
}

}  // namespace

MR_LAMBDA_ON_FUNCTION(CreateAlias, "CreateAlias")
contracts::Outcome<CreateAlias::Output> CreateAlias::run(LambdaService& service,
                                                         contracts::OpContext& context,
                                                         const Input& input) {
    MR_TRY(const FunctionName name, name_function(context, input));
    MR_TRY(const Function function, need_function(service, context, name));
    if (is_version_number(*input.name)) {
        return errors::make(
            "ValidationException", 400,
            fmt::format("1 validation error detected: Value '{}' at 'name' failed to satisfy "
                        "constraint: Member must satisfy regular expression pattern: "
                        "(?!^[0-9]+$)([a-zA-Z0-9-_]+)",
                        *input.name));
    }
    const store::Key key = alias_key(function, *input.name);
    if (context.txn().get(key)) {
        return errors::conflict(
            fmt::format("Alias already exists: {}:{}", function.arn(), *input.name));
    }
    Alias alias;
    alias.name = *input.name;
    MR_CHECK_OK(apply(service, context, function, input, alias));
    context.txn().put(key, encode(alias));
    return show(function, alias);
}

MR_LAMBDA_ON_FUNCTION(GetAlias, "GetAlias")
contracts::Outcome<GetAlias::Output> GetAlias::run(LambdaService& service,
                                                   contracts::OpContext& context,
                                                   const Input& input) {
    MR_TRY(const FunctionName name, name_function(context, input));
    MR_TRY(const Function function, need_function(service, context, name));
    MR_TRY(const Alias alias, need_alias(context, function, *input.name));
    return show(function, alias);
}

MR_LAMBDA_ON_FUNCTION(UpdateAlias, "UpdateAlias")
contracts::Outcome<UpdateAlias::Output> UpdateAlias::run(LambdaService& service,
                                                         contracts::OpContext& context,
                                                         const Input& input) {
    MR_TRY(const FunctionName name, name_function(context, input));
    MR_TRY(const Function function, need_function(service, context, name));
    MR_TRY(Alias alias, need_alias(context, function, *input.name));
    if (input.revision_id && *input.revision_id != alias.revision) return errors::stale_revision();
    MR_CHECK_OK(apply(service, context, function, input, alias));
    context.txn().put(alias_key(function, alias.name), encode(alias));
    return show(function, alias);
}

MR_LAMBDA_ON_FUNCTION(DeleteAlias, "DeleteAlias")
contracts::Outcome<DeleteAlias::Output> DeleteAlias::run(LambdaService& service,
                                                         contracts::OpContext& context,
                                                         const Input& input) {
    MR_TRY(const FunctionName name, name_function(context, input));
    MR_TRY(const Function function, need_function(service, context, name));
    context.txn().erase(alias_key(function, *input.name));
    context.txn().erase(event_invoke_config_key(function, *input.name));
    context.txn().erase(policy_key(function.account, function.region, function.name, *input.name));
    return Output{};
}

MR_LAMBDA_ON_FUNCTION(ListAliases, "ListAliases")
contracts::Outcome<ListAliases::Output> ListAliases::run(LambdaService& service,
                                                         contracts::OpContext& context,
                                                         const Input& input) {
    MR_TRY(const FunctionName name, name_function(context, input));
    MR_TRY(const Function function, need_function(service, context, name));
    Output output;
    auto& aliases = output.aliases.emplace();
    const auto most = static_cast<size_t>(std::min(input.max_items.value_or(50), 50));
    const store::Key first = alias_key(function, input.marker ? *input.marker + '\0' : "");
    context.txn().scan({first.space, first.partition, first.sort, function.name + "0"},
                       [&](std::string_view, std::string_view row) {
                           const Alias alias = decode_alias(row);
                           if (input.function_version && alias.version != *input.function_version &&
                               !alias.weights.contains(*input.function_version)) {
                               return true;
                           }
                           if (aliases.size() == most) {
                               output.next_marker = *aliases.back().name;
                               return false;
                           }
                           aliases.push_back(show(function, alias));
                           return true;
                       });
    return output;
}

}  // namespace millrace::lambda
