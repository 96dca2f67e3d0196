// PutFunctionEventInvokeConfig, UpdateFunctionEventInvokeConfig, GetFunctionEventInvokeConfig,
// DeleteFunctionEventInvokeConfig, ListFunctionEventInvokeConfigs: retries, age and destinations of
// asynchronous events (obeyed by AsyncQueue).
//
// IAM:     lambda:<operation> on the function.
// Source:  Lambda API Reference; Lambda Developer Guide, "Asynchronous invocation".
#include "services/lambda/destinations.h"
#include "services/lambda/operations.h"

namespace millrace::lambda {
namespace {

// "$LATEST", a version or an alias: as the configuration's row and ARN name it.
std::string qualifier_of(const FunctionName& name) {
    return name.qualifier.empty() ? std::string(kLatest) : name.qualifier;
}

model::lambda::FunctionEventInvokeConfig show(const Function& function,
                                              const std::string& qualifier,
                                              const EventInvokeConfig& config) {
    model::lambda::FunctionEventInvokeConfig out;
    out.function_arn = function.arn() + ":" + qualifier;
    out.last_modified = from_epoch_ms(config.modified_ms);
    if (config.retries_max >= 0) out.maximum_retry_attempts = config.retries_max;
    if (config.age_max_s >= 0) out.maximum_event_age_in_seconds = config.age_max_s;
    auto& destinations = out.destination_config.emplace();
    destinations.on_success.emplace();
    destinations.on_failure.emplace();
    if (!config.on_success.empty()) destinations.on_success->destination = config.on_success;
    if (!config.on_failure.empty()) destinations.on_failure->destination = config.on_failure;
    return out;
}

Error not_there(const Function& function, const std::string& qualifier) {
    return errors::not_found(fmt::format("The function {}:{} doesn't have an EventInvokeConfig",
                                         function.arn(), qualifier));
}

template <class Input>
Result<void> apply(LambdaService& service, contracts::OpContext& context, const Function& function,
                   const Input& input, EventInvokeConfig& config) {
    if (!input.maximum_retry_attempts && !input.maximum_event_age_in_seconds &&
        !input.destination_config) {
        return errors::invalid_parameter(
            "You must specify at least one of error handling or destination setting.");
    }
    config.modified_ms = epoch_ms(context.now());
    config.retries_max = input.maximum_retry_attempts.value_or(config.retries_max);
    config.age_max_s = input.maximum_event_age_in_seconds.value_or(config.age_max_s);
    if (!input.destination_config) return {};
    const auto set = [&](const auto& wanted, std::string& stored,
                         std::string_view what) -> Result<void> {
        if (!wanted) return {};
        stored = wanted->destination.value_or("");
        if (stored.empty()) return {};
        return check_destination(service, function, stored, what, true);
    };
    MR_CHECK_OK(set(input.destination_config->on_success, config.on_success, "OnSuccess"));
    return set(input.destination_config->on_failure, config.on_failure, "OnFailure");
}

}  // namespace

MR_LAMBDA_ON_FUNCTION(PutFunctionEventInvokeConfig, "PutFunctionEventInvokeConfig")
contracts::Outcome<PutFunctionEventInvokeConfig::Output> PutFunctionEventInvokeConfig::run(
    LambdaService& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(const FunctionName name, name_function(context, input));
    MR_TRY(const Target target, need_target(service, context, name));
    EventInvokeConfig config;
    MR_CHECK_OK(apply(service, context, target.function, input, config));
    context.txn().put(event_invoke_config_key(target.function, name.qualifier), encode(config));
    return show(target.function, qualifier_of(name), config);
}

MR_LAMBDA_ON_FUNCTION(UpdateFunctionEventInvokeConfig, "UpdateFunctionEventInvokeConfig")
contracts::Outcome<UpdateFunctionEventInvokeConfig::Output> UpdateFunctionEventInvokeConfig::run(
    LambdaService& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(const FunctionName name, name_function(context, input));
    MR_TRY(const Target target, need_target(service, context, name));
    const store::Key key = event_invoke_config_key(target.function, name.qualifier);
    const auto row = context.txn().get(key);
    if (!row) return not_there(target.function, qualifier_of(name));
    EventInvokeConfig config = decode_event_invoke_config(*row);
    MR_CHECK_OK(apply(service, context, target.function, input, config));
    context.txn().put(key, encode(config));
    return show(target.function, qualifier_of(name), config);
}

MR_LAMBDA_ON_FUNCTION(GetFunctionEventInvokeConfig, "GetFunctionEventInvokeConfig")
contracts::Outcome<GetFunctionEventInvokeConfig::Output> GetFunctionEventInvokeConfig::run(
    LambdaService& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(const FunctionName name, name_function(context, input));
    MR_TRY(const Target target, need_target(service, context, name));
    const auto row = context.txn().get(event_invoke_config_key(target.function, name.qualifier));
    if (!row) return not_there(target.function, qualifier_of(name));
    return show(target.function, qualifier_of(name), decode_event_invoke_config(*row));
}

MR_LAMBDA_ON_FUNCTION(DeleteFunctionEventInvokeConfig, "DeleteFunctionEventInvokeConfig")
contracts::Outcome<DeleteFunctionEventInvokeConfig::Output> DeleteFunctionEventInvokeConfig::run(
    LambdaService& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(const FunctionName name, name_function(context, input));
    MR_TRY(const Target target, need_target(service, context, name));
    const store::Key key = event_invoke_config_key(target.function, name.qualifier);
    if (!context.txn().get(key)) return not_there(target.function, qualifier_of(name));
    context.txn().erase(key);
    return Output{};
}

MR_LAMBDA_ON_FUNCTION(ListFunctionEventInvokeConfigs, "ListFunctionEventInvokeConfigs")
contracts::Outcome<ListFunctionEventInvokeConfigs::Output> ListFunctionEventInvokeConfigs::run(
    LambdaService& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(const FunctionName name, name_function(context, input));
    MR_TRY(const Function function, need_function(service, context, name));
    Output output;
    auto& configs = output.function_event_invoke_configs.emplace();
    const auto most = static_cast<size_t>(input.max_items.value_or(50));
    const std::string prefix = function.name + "/";
    const store::Key any = event_invoke_config_key(function, "");
    std::string last;
    context.txn().scan({any.space, any.partition,
                        prefix + (input.marker ? *input.marker + '\0' : ""), function.name + "0"},
                       [&](std::string_view sort, std::string_view row) {
                           if (configs.size() == most) {
                               output.next_marker = last;
                               return false;
                           }
                           last = sort.substr(prefix.size());
                           configs.push_back(show(function, last, decode_event_invoke_config(row)));
                           return true;
                       });
    return output;
}

}  // namespace millrace::lambda
