#include "services/streams/operations.h"

#include "auth/evaluate.h"
#include "auth/policy.h"

namespace millrace::streams {

contracts::ServiceEntry StreamsService::entry() {
    const auto& model = model::dynamodbstreams::kService;
    contracts::ServiceEntry entry;
    entry.model = &model;
    entry.check_order = contracts::CheckOrder::kAuthorizeThenValidate;
    entry.operations = {contracts::make_operation<DescribeStream>(*this, model),
                        contracts::make_operation<GetRecords>(*this, model),
                        contracts::make_operation<GetShardIterator>(*this, model),
                        contracts::make_operation<ListStreams>(*this, model)};
    entry.denied = [](const contracts::Caller& caller, const contracts::AuthzRequest& request,
                      const contracts::Decision& decision) {
        return errors::access_denied(auth::denied_text(caller, request, decision));
    };
    entry.unknown_operation = [](std::string_view) { return errors::unknown_operation(); };
    return entry;
}

void ask(StreamsService& service, contracts::OpContext& context, std::string_view arn,
         std::string_view action, contracts::AuthzRequests& requests) {
    contracts::AuthzRequest request;
    request.action = "dynamodb:" + std::string(action);
    request.resource = arn;
    // The stream's owner, who need not be the caller's account: then no identity policy suffices.
    request.resource_account = context.account();
    std::string_view rest = arn;
    for (int i = 0; i < 4 && !rest.empty(); ++i) {
        const size_t colon = rest.find(':');
        rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
    }
    if (const size_t colon = rest.find(':'); colon != std::string_view::npos)
        request.resource_account = rest.substr(0, colon);
    const auto row = service.find(context.txn(), arn);
    if (row && !row->policy.empty())
        request.resource_policy =
            auth::parsed_or_deny(row->policy, auth::PolicyKind::kResource, arn);
    requests.push_back(std::move(request));
}

}  // namespace millrace::streams
