// CreateFunction, GetFunction, GetFunctionConfiguration, ListFunctions, UpdateFunctionCode,
// UpdateFunctionConfiguration, DeleteFunction. A function is Active with the answer: its code is on
// disk.
//
// IAM:     lambda:<operation> on the function; iam:PassRole on the role.
// Source:  Lambda API Reference; recorded texts.
#include "codec/base64.h"
#include "codec/digest.h"
#include "services/lambda/destinations.h"
#include "services/lambda/operations.h"

namespace millrace::lambda {
namespace {

constexpr size_t kZipBytesMax = 52'428'800;
constexpr size_t kEnvironmentBytesMax = 4096;

Result<void> check_runtime(const std::string& runtime) {
    static constexpr std::string_view kServed[] = {"python3.9",       "python3.10",  "python3.11",
                                                   "python3.12",      "python3.13",  "python3.14",
                                                   "provided.al2023", "provided.al2"};
    for (const std::string_view served : kServed) {
        if (runtime == served) return {};
    }
    return errors::invalid_parameter(
        fmt::format("Value {} at 'runtime' failed to satisfy constraint: Member must satisfy enum "
                    "value set: [python3.9, python3.10, "
                    "python3.11, python3.12, python3.13, python3.14, provided.al2023, "
                    "provided.al2] or be a valid ARN",
                    runtime));
}

Result<void> check_environment(const std::map<std::string, std::string>& variables) {
    size_t bytes = 0;
    for (const auto& [name, value] : variables) {
        bytes += name.size() + value.size();
        static constexpr std::string_view kReserved[] = {"AWS_REGION",
                                                         "AWS_DEFAULT_REGION",
                                                         "AWS_ACCESS_KEY_ID",
                                                         "AWS_SECRET_ACCESS_KEY",
                                                         "AWS_SESSION_TOKEN",
                                                         "AWS_LAMBDA_RUNTIME_API",
                                                         "AWS_LAMBDA_FUNCTION_NAME",
                                                         "AWS_LAMBDA_FUNCTION_VERSION",
                                                         "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                                                         "AWS_LAMBDA_LOG_GROUP_NAME",
                                                         "AWS_LAMBDA_LOG_STREAM_NAME",
                                                         "_HANDLER",
                                                         "LAMBDA_TASK_ROOT",
                                                         "LAMBDA_RUNTIME_DIR"};
        for (const std::string_view reserved : kReserved) {
            if (name == reserved) {
                return errors::invalid_parameter(
                    "Lambda was unable to configure your environment variables because the "
                    "environment variables you have "
                    "provided contains reserved keys that are currently not supported for "
                    "modification. Reserved keys used in "
                    "this request: " +
                    name);
            }
        }
    }
    if (bytes > kEnvironmentBytesMax) {
        return errors::invalid_parameter(
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided exceeded the 4KB limit.");
    }
    return {};
}

// The zip, from the request or from S3 with the caller's rights. Input: FunctionCode or
// UpdateFunctionCodeInput.
template <class Code>
Result<std::string> fetch_code(LambdaService& service, contracts::OpContext& context,
                               const Code& code) {
    std::string zip;
    if (code.s3_bucket && code.s3_key) {
        auto content = service.parts().objects.read_object(context, *code.s3_bucket, *code.s3_key,
                                                           code.s3_object_version, kZipBytesMax);
        if (!content) return errors::code_from_s3(content.error());
        zip = *std::move(content);
    } else if (code.zip_file) {
        zip = *code.zip_file;
    }
    if (zip.empty()) return errors::invalid_parameter("Please provide a source for function code.");
    if (zip.size() > kZipBytesMax) {
        return errors::make("RequestEntityTooLargeException", 413,
                            "Zipped size must be smaller than 52428800 bytes");
    }
    const auto checked = service.parts().check_zip(zip);
    if (!checked) return errors::invalid_parameter(checked.error().message);
    return zip;
}

// What is accepted nowhere, so that nothing is stored and not obeyed. Settings that say what holds
// anyway are let through.
template <class Input>
Result<void> refuse_unsupported(const Input& input) {
    if (input.layers && !input.layers->empty()) return errors::unsupported("Layers");
    if (input.vpc_config && input.vpc_config->subnet_ids && !input.vpc_config->subnet_ids->empty())
        return errors::unsupported("VpcConfig");
    if (input.file_system_configs && !input.file_system_configs->empty())
        return errors::unsupported("FileSystemConfigs");
    if (input.kms_key_arn && !input.kms_key_arn->empty()) return errors::unsupported("KMSKeyArn");
    if (input.image_config) return errors::unsupported("ImageConfig");
    if (input.tracing_config && input.tracing_config->mode.value_or("PassThrough") != "PassThrough")
        return errors::unsupported("TracingConfig.Mode Active");
    if (input.snap_start && input.snap_start->apply_on.value_or("None") != "None")
        return errors::unsupported("SnapStart");
    if (input.logging_config && (input.logging_config->log_format.value_or("Text") != "Text" ||
                                 input.logging_config->log_group)) {
        return errors::unsupported("LoggingConfig");
    }
    if (input.capacity_provider_config) return errors::unsupported("CapacityProviderConfig");
    if (input.durable_config) return errors::unsupported("DurableConfig");
    constexpr int kTimeoutMax = 900;
    if (input.timeout.value_or(1) > kTimeoutMax) {
        return errors::make("ValidationException", 400,
                            fmt::format("1 validation error detected: Value '{}' at 'timeout' "
                                        "failed to satisfy constraint: Member must have value "
                                        "less than or equal to 900",
                                        *input.timeout));
    }
    constexpr int kMemoryMbMax = 10'240;
    if (input.memory_size.value_or(128) > kMemoryMbMax) {
        return errors::make("ValidationException", 400,
                            fmt::format("1 validation error detected: Value '{}' at 'memorySize' "
                                        "failed to satisfy constraint: Member must have value "
                                        "less than or equal to 10240",
                                        *input.memory_size));
    }
    return {};
}

Result<void> check_architectures(const std::optional<std::vector<std::string>>& architectures) {
    if (architectures && *architectures != std::vector<std::string>{"x86_64"})
        return errors::unsupported("An architecture other than x86_64");
    return {};
}

// An empty ARN removes it.
Result<void> set_dead_letters(LambdaService& service,
                              const std::optional<model::lambda::DeadLetterConfig>& config,
                              Function& function) {
    if (!config) return {};
    function.dead_letter_arn = config->target_arn.value_or("");
    if (function.dead_letter_arn.empty()) return {};
    return check_destination(service, function, function.dead_letter_arn, "DeadLetterConfig",
                             false);
}

// A blob of its own for each run: one that does not commit is an orphan.
Result<void> store_code(LambdaService& service, Function& function, const std::string& zip) {
    MR_TRY(const std::unique_ptr<store::BlobWriter> writer, service.parts().blobs.create());
    MR_CHECK_OK(writer->write(zip));
    MR_TRY(function.code_blob, writer->finish());
    function.code_sha256 = codec::sha256(zip);
    function.code_bytes = static_cast<int64_t>(zip.size());
    return {};
}

void pass_role(contracts::OpContext& context, const std::optional<std::string>& role,
               contracts::AuthzRequests& requests) {
    if (!role) return;
    contracts::AuthzRequest request;
    request.action = "iam:PassRole";
    request.resource = *role;
    request.resource_account = context.account();
    request.conditions.push_back({"iam:passedtoservice", {"lambda.amazonaws.com"}});
    requests.push_back(std::move(request));
}

void touch(contracts::OpContext& context, Function& function) {
    function.revision = context.rng().uuid();
    function.modified_ms = epoch_ms(context.now());
}

// Environments of older revisions end once the change is committed.
void retire_others(LambdaService& service, contracts::OpContext& context,
                   const Function& function) {
    context.txn().on_commit([&service, arn = function.arn(), version = function.version,
                             revision = function.revision](store::Version) {
        if (contracts::FunctionRunner* runner = service.invoker().runner())
            runner->retire(arn, version, revision);
    });
}

// $LATEST, when it is what the request expects.
template <class Input>
Result<Function> function_to_change(LambdaService& service, contracts::OpContext& context,
                                    const Input& input) {
    MR_TRY(const FunctionName name, name_function(context, input));
    MR_TRY(Function function, need_function(service, context, name));
    if (input.revision_id && *input.revision_id != function.revision)
        return errors::stale_revision();
    return function;
}

// Writes $LATEST, and a version of it if asked for; what the answer shows.
model::lambda::FunctionConfiguration saved(LambdaService& service, contracts::OpContext& context,
                                           Function& function, bool published) {
    if (!published) {
        service.put(context.txn(), function);
        return show_configuration(function, function.arn());
    }
    const Function version = publish(service, context, function, std::nullopt);
    return show_configuration(version, version.version_arn());
}

// Behind every text that begins so with a '/'.
std::string end_of(std::string from) {
    from.back() = '0';
    return from;
}

Result<void> delete_version(LambdaService& service, contracts::OpContext& context,
                            const Function& latest, const std::string& qualifier) {
    if (qualifier == kLatest) {
        return errors::invalid_parameter(
            "$LATEST version cannot be deleted without deleting the function.");
    }
    if (!is_version_number(qualifier))
        return errors::invalid_parameter("Deletion of aliases is not currently supported.");
    const auto version = service.find_version(context.txn(), latest, qualifier);
    if (!version) return {};
    std::string user;
    const store::Key first = alias_key(latest, "");
    context.txn().scan({first.space, first.partition, first.sort, end_of(first.sort)},
                       [&](std::string_view, std::string_view row) {
                           const Alias alias = decode_alias(row);
                           if (alias.version == qualifier || alias.weights.contains(qualifier))
                               user = alias.name;
                           return user.empty();
                       });
    if (!user.empty()) {
        return errors::conflict(fmt::format(
            "Unable to delete version because the following aliases reference it: [{}]", user));
    }
    service.erase(context.txn(), *version);
    Function gone = *version;
    gone.revision = "deleted";
    retire_others(service, context, gone);
    return {};
}

}  // namespace

model::lambda::FunctionConfiguration show_configuration(const Function& function, std::string arn) {
    model::lambda::FunctionConfiguration out;
    out.function_name = function.name;
    out.function_arn = std::move(arn);
    out.runtime = function.runtime;
    out.role = function.role;
    out.handler = function.handler;
    out.code_size = function.code_bytes;
    out.description = function.description;
    out.timeout = function.timeout_s;
    out.memory_size = function.memory_mb;
    out.last_modified = format_lambda(from_epoch_ms(function.modified_ms));
    out.code_sha256 = codec::base64_encode(function.code_sha256);
    out.version = function.version;
    out.revision_id = function.revision;
    out.state = "Active";
    out.last_update_status = "Successful";
    out.package_type = "Zip";
    out.architectures = {"x86_64"};
    out.ephemeral_storage.emplace().size = function.ephemeral_mb;
    out.tracing_config.emplace().mode = "PassThrough";
    out.logging_config.emplace().log_format = "Text";
    out.logging_config->log_group = "/aws/lambda/" + function.name;
    if (!function.environment.empty()) out.environment.emplace().variables = function.environment;
    if (!function.dead_letter_arn.empty())
        out.dead_letter_config.emplace().target_arn = function.dead_letter_arn;
    return out;
}

Result<void> CreateFunction::check(const Input& input) {
    if (input.package_type && *input.package_type != "Zip")
        return errors::unsupported("PackageType " + *input.package_type);
    MR_CHECK_OK(refuse_unsupported(input));
    if (input.code_signing_config_arn) return errors::unsupported("CodeSigningConfigArn");
    if (input.publish_to) return errors::unsupported("PublishTo");
    if (input.tenancy_config) return errors::unsupported("TenancyConfig");
    MR_CHECK_OK(check_architectures(input.architectures));
    if (!input.runtime || !input.handler) {
        return errors::invalid_parameter(
            "Runtime and Handler are mandatory parameters for functions created with deployment "
            "packages.");
    }
    MR_CHECK_OK(check_runtime(*input.runtime));
    if (input.environment && input.environment->variables)
        return check_environment(*input.environment->variables);
    return {};
}

Result<void> CreateFunction::authorize(LambdaService& service, contracts::OpContext& context,
                                       const Input& input, contracts::AuthzRequests& requests) {
    MR_CHECK_OK(ask(service, context, input, "CreateFunction", requests));
    pass_role(context, input.role, requests);
    return {};
}

contracts::Outcome<CreateFunction::Output> CreateFunction::run(LambdaService& service,
                                                               contracts::OpContext& context,
                                                               const Input& input) {
    MR_TRY(const FunctionName name, name_function(context, input));
    if (!name.qualifier.empty())
        return errors::invalid_parameter("The function name must not name a version or alias.");
    constexpr size_t kNameMax = 64;
    if (name.name.size() > kNameMax) {
        return errors::make("ValidationException", 400,
                            fmt::format("1 validation error detected: Value '{}' at "
                                        "'functionName' failed to satisfy constraint: Member must "
                                        "have length less than or equal to 64",
                                        *input.function_name));
    }
    if (service.find(context.txn(), name.account, name.region, name.name))
        return errors::function_exists(name.name);
    MR_TRY(const std::string zip, fetch_code(service, context, *input.code));
    MR_CHECK_OK(service.parts().roles.check_trust(*input.role, "lambda.amazonaws.com"));
    Function function;
    function.account = name.account;
    function.region = context.region();
    function.name = name.name;
    function.description = input.description.value_or("");
    function.runtime = *input.runtime;
    function.handler = *input.handler;
    function.role = *input.role;
    function.timeout_s = input.timeout.value_or(3);
    function.memory_mb = input.memory_size.value_or(128);
    if (input.ephemeral_storage)
        function.ephemeral_mb = input.ephemeral_storage->size.value_or(512);
    if (input.environment && input.environment->variables)
        function.environment = *input.environment->variables;
    if (input.tags) function.tags = *input.tags;
    MR_CHECK_OK(set_dead_letters(service, input.dead_letter_config, function));
    MR_CHECK_OK(store_code(service, function, zip));
    touch(context, function);
    return saved(service, context, function, input.publish.value_or(false));
}

MR_LAMBDA_ON_FUNCTION(GetFunction, "GetFunction")
contracts::Outcome<GetFunction::Output> GetFunction::run(LambdaService& service,
                                                         contracts::OpContext& context,
                                                         const Input& input) {
    MR_TRY(const FunctionName name, name_function(context, input));
    MR_TRY(const Target target, need_target(service, context, name));
    Output output;
    output.configuration = show_configuration(target.function, target.invoked_arn);
    output.code.emplace().repository_type = "S3";
    if (!target.function.tags.empty()) output.tags = target.function.tags;
    if (target.reserved_concurrency >= 0) {
        output.concurrency.emplace().reserved_concurrent_executions = target.reserved_concurrency;
    }
    return output;
}

MR_LAMBDA_ON_FUNCTION(GetFunctionConfiguration, "GetFunctionConfiguration")
contracts::Outcome<GetFunctionConfiguration::Output> GetFunctionConfiguration::run(
    LambdaService& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(const FunctionName name, name_function(context, input));
    MR_TRY(const Target target, need_target(service, context, name));
    return show_configuration(target.function, target.invoked_arn);
}

Result<void> ListFunctions::check(const Input& input) {
    if (input.function_version) return errors::unsupported("FunctionVersion");
    return {};
}
Result<void> ListFunctions::authorize(LambdaService&, contracts::OpContext& context, const Input&,
                                      contracts::AuthzRequests& requests) {
    ask_account(context, "ListFunctions", requests);
    return {};
}
contracts::Outcome<ListFunctions::Output> ListFunctions::run(LambdaService&,
                                                             contracts::OpContext& context,
                                                             const Input& input) {
    Output output;
    output.functions.emplace();
    const auto most = static_cast<size_t>(std::min(input.max_items.value_or(50), 50));
    const std::string from =
        input.marker ? codec::base64_decode(*input.marker).value_or("") + '\0' : "";
    context.txn().scan(
        {store::Space::kFunctions, function_key(context.account(), context.region(), "").partition,
         from, ""},
        [&](std::string_view, std::string_view row) {
            if (output.functions->size() == most) {
                output.next_marker = codec::base64_encode(*output.functions->back().function_name);
                return false;
            }
            const Function function = decode_function(row);
            output.functions->push_back(show_configuration(function, function.arn()));
            return true;
        });
    return output;
}

Result<void> UpdateFunctionCode::check(const Input& input) {
    if (input.image_uri) return errors::unsupported("ImageUri");
    if (input.publish_to) return errors::unsupported("PublishTo");
    if (input.source_kms_key_arn) return errors::unsupported("SourceKMSKeyArn");
    return check_architectures(input.architectures);
}
Result<void> UpdateFunctionCode::authorize(LambdaService& service, contracts::OpContext& context,
                                           const Input& input, contracts::AuthzRequests& requests) {
    return ask(service, context, input, "UpdateFunctionCode", requests);
}
contracts::Outcome<UpdateFunctionCode::Output> UpdateFunctionCode::run(
    LambdaService& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(Function function, function_to_change(service, context, input));
    MR_TRY(const std::string zip, fetch_code(service, context, input));
    if (input.dry_run.value_or(false)) {
        function.code_sha256 = codec::sha256(zip);
        function.code_bytes = static_cast<int64_t>(zip.size());
        return show_configuration(function, function.arn());
    }
    MR_CHECK_OK(store_code(service, function, zip));
    touch(context, function);
    retire_others(service, context, function);
    return saved(service, context, function, input.publish.value_or(false));
}

Result<void> UpdateFunctionConfiguration::check(const Input& input) {
    MR_CHECK_OK(refuse_unsupported(input));
    if (input.runtime) MR_CHECK_OK(check_runtime(*input.runtime));
    if (input.environment && input.environment->variables)
        return check_environment(*input.environment->variables);
    return {};
}
Result<void> UpdateFunctionConfiguration::authorize(LambdaService& service,
                                                    contracts::OpContext& context,
                                                    const Input& input,
                                                    contracts::AuthzRequests& requests) {
    MR_CHECK_OK(ask(service, context, input, "UpdateFunctionConfiguration", requests));
    pass_role(context, input.role, requests);
    return {};
}
contracts::Outcome<UpdateFunctionConfiguration::Output> UpdateFunctionConfiguration::run(
    LambdaService& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(Function function, function_to_change(service, context, input));
    if (input.role) {
        MR_CHECK_OK(service.parts().roles.check_trust(*input.role, "lambda.amazonaws.com"));
        function.role = *input.role;
    }
    function.handler = input.handler.value_or(function.handler);
    function.description = input.description.value_or(function.description);
    function.timeout_s = input.timeout.value_or(function.timeout_s);
    function.memory_mb = input.memory_size.value_or(function.memory_mb);
    function.runtime = input.runtime.value_or(function.runtime);
    if (input.environment) {
        function.environment =
            input.environment->variables.value_or(std::map<std::string, std::string>());
    }
    if (input.ephemeral_storage)
        function.ephemeral_mb = input.ephemeral_storage->size.value_or(function.ephemeral_mb);
    MR_CHECK_OK(set_dead_letters(service, input.dead_letter_config, function));
    touch(context, function);
    retire_others(service, context, function);
    return saved(service, context, function, false);
}

Result<void> DeleteFunction::check(const Input&) { return {}; }
Result<void> DeleteFunction::authorize(LambdaService& service, contracts::OpContext& context,
                                       const Input& input, contracts::AuthzRequests& requests) {
    return ask(service, context, input, "DeleteFunction", requests);
}
contracts::Outcome<DeleteFunction::Output> DeleteFunction::run(LambdaService& service,
                                                               contracts::OpContext& context,
                                                               const Input& input) {
    MR_TRY(FunctionName name, name_function(context, input));
    context.http_status = 204;
    const std::string qualifier = std::exchange(name.qualifier, {});
    MR_TRY(Function function, need_function(service, context, name));
    if (!qualifier.empty()) {
        MR_CHECK_OK(delete_version(service, context, function, qualifier));
        return Output{};
    }
    std::vector<Function> versions;
    const store::Key first = version_key(function, "");
    const std::string from = function.name + "/";
    context.txn().scan({first.space, first.partition, from, end_of(from)},
                       [&](std::string_view, std::string_view row) {
                           versions.push_back(decode_function(row));
                           return true;
                       });
    for (const Function& version : versions) service.erase(context.txn(), version);
    for (const store::Key& key :
         {alias_key(function, ""), event_invoke_config_key(function, "-"),
          policy_key(function.account, function.region, function.name, "-")}) {
        context.txn().erase_range(key.space, key.partition, from, end_of(from));
    }
    service.erase(context.txn(), function);
    function.revision = "deleted";
    function.version.clear();
    retire_others(service, context, function);
    return Output{};
}

}  // namespace millrace::lambda
