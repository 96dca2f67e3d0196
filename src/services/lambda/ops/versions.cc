// PublishVersion, ListVersionsByFunction. A version is a copy of $LATEST that never changes.
//
// IAM:     lambda:<operation> on the function.
// Source:  Lambda API Reference; Lambda Developer Guide, "Manage Lambda function versions".
#include "codec/base64.h"
#include "services/lambda/operations.h"

namespace millrace::lambda {

Function publish(LambdaService& service, contracts::OpContext& context, Function& latest,
                 const std::optional<std::string>& description) {
    if (latest.last_version > 0 && latest.published_revision == latest.revision) {
        if (auto newest =
                service.find_version(context.txn(), latest, std::to_string(latest.last_version))) {
            service.put(context.txn(), latest);
            return *std::move(newest);
        }
    }
    latest.last_version += 1;
    latest.published_revision = latest.revision;
    service.put(context.txn(), latest);
    Function version = latest;
    version.version = std::to_string(latest.last_version);
    version.revision = context.rng().uuid();
    version.description = description.value_or(latest.description);
    version.modified_ms = epoch_ms(context.now());
    version.tags.clear();
    service.put(context.txn(), version);
    return version;
}

MR_LAMBDA_ON_FUNCTION(PublishVersion, "PublishVersion")
contracts::Outcome<PublishVersion::Output> PublishVersion::run(LambdaService& service,
                                                               contracts::OpContext& context,
                                                               const Input& input) {
    if (input.publish_to) return errors::unsupported("PublishTo");
    MR_TRY(const FunctionName name, name_function(context, input));
    MR_TRY(Function latest, need_function(service, context, name));
    if (input.revision_id && *input.revision_id != latest.revision) return errors::stale_revision();
    const std::string sha256 = codec::base64_encode(latest.code_sha256);
    if (input.code_sha256 && *input.code_sha256 != sha256) {
        return errors::invalid_parameter(fmt::format(
            "CodeSHA256 ({}) is different from current CodeSHA256 in $LATEST ({}). Please try "
            "again with the CodeSHA256 in $LATEST.",
            *input.code_sha256, sha256));
    }
    const Function version = publish(service, context, latest, input.description);
    return show_configuration(version, version.version_arn());
}

MR_LAMBDA_ON_FUNCTION(ListVersionsByFunction, "ListVersionsByFunction")
contracts::Outcome<ListVersionsByFunction::Output> ListVersionsByFunction::run(
    LambdaService& service, contracts::OpContext& context, const Input& input) {
    MR_TRY(const FunctionName name, name_function(context, input));
    MR_TRY(const Function latest, need_function(service, context, name));
    Output output;
    auto& versions = output.versions.emplace();
    const auto most = static_cast<size_t>(std::min(input.max_items.value_or(50), 50));
    if (!input.marker) {
        versions.push_back(show_configuration(latest, latest.arn() + ":" + latest.version));
    }
    const store::Key first = version_key(latest, input.marker.value_or(""));
    context.txn().scan({first.space, first.partition,
                        first.sort + (input.marker ? std::string(1, '\0') : ""), latest.name + "0"},
                       [&](std::string_view, std::string_view row) {
                           if (versions.size() >= most) {
                               const std::string& last = *versions.back().version;
                               output.next_marker = last == kLatest ? "0" : last;
                               return false;
                           }
                           const Function version = decode_function(row);
                           versions.push_back(show_configuration(version, version.version_arn()));
                           return true;
                       });
    return output;
}

}  // namespace millrace::lambda
