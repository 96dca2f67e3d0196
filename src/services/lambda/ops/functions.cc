// CreateFunction, GetFunction, GetFunctionConfiguration, ListFunctions, UpdateFunctionCode,
// UpdateFunctionConfiguration, DeleteFunction. A function is Active with the answer: its code is on
// disk.
//
// IAM:     lambda:<operation> on the function; iam:PassRole on the role.
// Source:  Lambda API Reference; recorded texts.
#include "codec/base64.h"
#include "codec/digest.h"
#include "services/lambda/operations.h"

namespace millrace::lambda {
namespace {

constexpr size_t kZipBytesMax = 52'428'800;
constexpr size_t kEnvironmentBytesMax = 4096;

model::lambda::FunctionConfiguration shown(const Function& function) {
    model::lambda::FunctionConfiguration out;
    out.function_name = function.name;
    out.function_arn = function.arn();
    out.runtime = function.runtime;
    out.role = function.role;
    out.handler = function.handler;
    out.code_size = function.code_bytes;
    out.description = function.description;
    out.timeout = function.timeout_s;
    out.memory_size = function.memory_mb;
    out.last_modified = format_lambda(from_epoch_ms(function.modified_ms));
    out.code_sha256 = codec::base64_encode(function.code_sha256);
    out.version = "$LATEST";
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
    return out;
}

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

Result<void> check_code(LambdaService& service, const std::optional<std::string>& zip,
                        bool from_s3) {
    if (from_s3) return errors::unsupported("Code in S3");
    if (!zip || zip->empty())
        return errors::invalid_parameter("Please provide a source for function code.");
    if (zip->size() > kZipBytesMax) {
        return errors::make("RequestEntityTooLargeException", 413,
                            "Zipped size must be smaller than 52428800 bytes");
    }
    const auto checked = service.parts().check_zip(*zip);
    if (!checked) return errors::invalid_parameter(checked.error().message);
    return {};
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
    context.txn().on_commit(
        [&service, arn = function.arn(), revision = function.revision](store::Version) {
            if (contracts::FunctionRunner* runner = service.runner())
                runner->retire(arn, "$LATEST", revision);
        });
}

}  // namespace

Result<void> CreateFunction::check(const Input& input) {
    if (input.package_type && *input.package_type != "Zip")
        return errors::unsupported("PackageType " + *input.package_type);
    if (input.layers && !input.layers->empty()) return errors::unsupported("Layers");
    if (input.vpc_config && input.vpc_config->subnet_ids &&
        !input.vpc_config->subnet_ids->empty()) {
        return errors::unsupported("VpcConfig");
    }
    if (input.dead_letter_config) return errors::unsupported("DeadLetterConfig");
    if (input.file_system_configs && !input.file_system_configs->empty())
        return errors::unsupported("FileSystemConfigs");
    if (input.kms_key_arn) return errors::unsupported("KMSKeyArn");
    if (input.publish.value_or(false)) return errors::unsupported("Publish");
    if (input.architectures && *input.architectures != std::vector<std::string>{"x86_64"}) {
        return errors::unsupported("An architecture other than x86_64");
    }
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

Result<void> CreateFunction::authorize(LambdaService&, contracts::OpContext& context,
                                       const Input& input, contracts::AuthzRequests& requests) {
    ask(context, input.function_name, "CreateFunction", requests);
    pass_role(context, input.role, requests);
    return {};
}

contracts::Outcome<CreateFunction::Output> CreateFunction::run(LambdaService& service,
                                                               contracts::OpContext& context,
                                                               const Input& input) {
    const FunctionName name = parse_function_name(*input.function_name, context.account());
    if (service.find(context.txn(), name.account, context.region(), name.name))
        return errors::function_exists(name.name);
    MR_CHECK_OK(check_code(service, input.code->zip_file, input.code->s3_bucket.has_value()));
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
    MR_CHECK_OK(store_code(service, function, *input.code->zip_file));
    touch(context, function);
    service.put(context.txn(), function);
    return shown(function);
}

Result<void> GetFunction::check(const Input&) { return {}; }
Result<void> GetFunction::authorize(LambdaService&, contracts::OpContext& context,
                                    const Input& input, contracts::AuthzRequests& requests) {
    ask(context, input.function_name, "GetFunction", requests);
    return {};
}
contracts::Outcome<GetFunction::Output> GetFunction::run(LambdaService& service,
                                                         contracts::OpContext& context,
                                                         const Input& input) {
    MR_TRY(const Function function, need_function(service, context, *input.function_name));
    Output output;
    output.configuration = shown(function);
    output.code.emplace().repository_type = "S3";
    if (!function.tags.empty()) output.tags = function.tags;
    return output;
}

Result<void> GetFunctionConfiguration::check(const Input&) { return {}; }
Result<void> GetFunctionConfiguration::authorize(LambdaService&, contracts::OpContext& context,
                                                 const Input& input,
                                                 contracts::AuthzRequests& requests) {
    ask(context, input.function_name, "GetFunctionConfiguration", requests);
    return {};
}
contracts::Outcome<GetFunctionConfiguration::Output> GetFunctionConfiguration::run(
    LambdaService& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(const Function function, need_function(service, context, *input.function_name));
    return shown(function);
}

Result<void> ListFunctions::check(const Input&) { return {}; }
Result<void> ListFunctions::authorize(LambdaService&, contracts::OpContext& context, const Input&,
                                      contracts::AuthzRequests& requests) {
    contracts::AuthzRequest request;
    request.action = "lambda:ListFunctions";
    request.resource = "*";
    request.resource_account = context.account();
    requests.push_back(std::move(request));
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
    context.txn().scan({store::Space::kFunctions,
                        function_key(context.account(), context.region(), "").partition, from, ""},
                       [&](std::string_view, std::string_view row) {
                           if (output.functions->size() == most) {
                               output.next_marker =
                                   codec::base64_encode(*output.functions->back().function_name);
                               return false;
                           }
                           output.functions->push_back(shown(decode_function(row)));
                           return true;
                       });
    return output;
}

Result<void> UpdateFunctionCode::check(const Input& input) {
    if (input.publish.value_or(false)) return errors::unsupported("Publish");
    if (input.dry_run.value_or(false)) return errors::unsupported("DryRun");
    return {};
}
Result<void> UpdateFunctionCode::authorize(LambdaService&, contracts::OpContext& context,
                                           const Input& input, contracts::AuthzRequests& requests) {
    ask(context, input.function_name, "UpdateFunctionCode", requests);
    return {};
}
contracts::Outcome<UpdateFunctionCode::Output> UpdateFunctionCode::run(
    LambdaService& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(Function function, need_function(service, context, *input.function_name));
    if (input.revision_id && *input.revision_id != function.revision)
        return errors::stale_revision();
    MR_CHECK_OK(check_code(service, input.zip_file, input.s3_bucket.has_value()));
    MR_CHECK_OK(store_code(service, function, *input.zip_file));
    touch(context, function);
    service.put(context.txn(), function);
    retire_others(service, context, function);
    return shown(function);
}

Result<void> UpdateFunctionConfiguration::check(const Input& input) {
    if (input.layers && !input.layers->empty()) return errors::unsupported("Layers");
    if (input.dead_letter_config) return errors::unsupported("DeadLetterConfig");
    if (input.runtime) MR_CHECK_OK(check_runtime(*input.runtime));
    if (input.environment && input.environment->variables)
        return check_environment(*input.environment->variables);
    return {};
}
Result<void> UpdateFunctionConfiguration::authorize(LambdaService&, contracts::OpContext& context,
                                                    const Input& input,
                                                    contracts::AuthzRequests& requests) {
    ask(context, input.function_name, "UpdateFunctionConfiguration", requests);
    pass_role(context, input.role, requests);
    return {};
}
contracts::Outcome<UpdateFunctionConfiguration::Output> UpdateFunctionConfiguration::run(
    LambdaService& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(Function function, need_function(service, context, *input.function_name));
    if (input.revision_id && *input.revision_id != function.revision)
        return errors::stale_revision();
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
    touch(context, function);
    service.put(context.txn(), function);
    retire_others(service, context, function);
    return shown(function);
}

Result<void> DeleteFunction::check(const Input& input) {
    if (input.qualifier) return errors::unsupported("Qualifier");
    return {};
}
Result<void> DeleteFunction::authorize(LambdaService&, contracts::OpContext& context,
                                       const Input& input, contracts::AuthzRequests& requests) {
    ask(context, input.function_name, "DeleteFunction", requests);
    return {};
}
contracts::Outcome<DeleteFunction::Output> DeleteFunction::run(LambdaService& service,
                                                               contracts::OpContext& context,
                                                               const Input& input) {
    MR_TRY(Function function, need_function(service, context, *input.function_name));
    context.txn().erase(function_key(function.account, function.region, function.name));
    function.revision = "deleted";
    retire_others(service, context, function);
    return Output{};
}

}  // namespace millrace::lambda
