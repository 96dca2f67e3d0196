// DescribeLimits, DescribeEndpoints. Source: DynamoDB API Reference.
#include "services/dynamodb/operations.h"

namespace millrace::dynamodb {

Result<void> DescribeLimits::check(const Input&) { return {}; }
Result<void> DescribeLimits::authorize(DynamoDbService&, OpContext& context, const Input&,
                                       AuthzRequests& requests) {
    contracts::AuthzRequest request;
    request.action = "dynamodb:DescribeLimits";
    request.resource_account = context.account();
    request.resource = "*";
    requests.push_back(std::move(request));
    return {};
}
// The default quotas of an account; this server enforces none of them across tables.
Outcome<DescribeLimits::Output> DescribeLimits::run(DynamoDbService&, OpContext&, const Input&) {
    Output output;
    output.account_max_read_capacity_units = 80'000;
    output.account_max_write_capacity_units = 80'000;
    output.table_max_read_capacity_units = 40'000;
    output.table_max_write_capacity_units = 40'000;
    return output;
}

Result<void> DescribeEndpoints::check(const Input&) { return {}; }
Result<void> DescribeEndpoints::authorize(DynamoDbService&, OpContext&, const Input&,
                                          AuthzRequests&) {
    return {};
}
Outcome<DescribeEndpoints::Output> DescribeEndpoints::run(DynamoDbService&, OpContext& context,
                                                          const Input&) {
    Output output;
    auto& endpoint = output.endpoints.emplace().emplace_back();
    const std::string& url = context.request().endpoint_url;
    endpoint.address = url.substr(url.find("://") + 3);
    endpoint.cache_period_in_minutes = 1440;
    return output;
}

}  // namespace millrace::dynamodb
