#include "services/streams/operations.h"

#include "auth/evaluate.h"

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

void ask(contracts::OpContext& context, std::string_view arn, std::string_view action,
         contracts::AuthzRequests& requests) {
    contracts::AuthzRequest request;
    request.action = "dynamodb:" + std::string(action);
    request.resource = arn;
    request.resource_account = context.account();
    requests.push_back(std::move(request));
}

}  // namespace millrace::streams
