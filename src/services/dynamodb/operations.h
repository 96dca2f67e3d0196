// The operations of DynamoDB, one declaration each; ops/ has their definitions.
#pragma once

#include <string>

#include "contracts/operation.h"
#include "model/generated/dynamodb.h"
#include "services/dynamodb/errors.h"
#include "services/dynamodb/service.h"

namespace millrace::dynamodb {

using contracts::AuthzRequests;
using contracts::OpContext;
using contracts::Outcome;

// clang-format off
#define MR_DYNAMODB_OPERATION(Name, cost_, access_)                                                     \
    struct Name {                                                                                       \
        using Service = DynamoDbService;                                                                \
        using Input = model::dynamodb::Name##Input;                                                     \
        using Output = model::dynamodb::Name##Output;                                                   \
        static constexpr contracts::OpTraits kTraits{                                                   \
            .name = #Name, .cost = contracts::Cost::cost_, .access = contracts::Access::access_};       \
        static Result<void> check(const Input& input);                                                  \
        static Result<void> authorize(DynamoDbService& service, OpContext& context, const Input& input, \
                                      AuthzRequests& requests);                                         \
        static Outcome<Output> run(DynamoDbService& service, OpContext& context, const Input& input);   \
    };

#define MR_DYNAMODB_OPERATIONS(X)                \
    X(BatchExecuteStatement, kRange, kWrite)     \
    X(BatchGetItem, kRange, kRead)               \
    X(BatchWriteItem, kRange, kWrite)            \
    X(CreateBackup, kPoint, kWrite)              \
    X(CreateTable, kPoint, kWrite)               \
    X(DeleteBackup, kPoint, kWrite)              \
    X(DeleteItem, kPoint, kWrite)                \
    X(DeleteResourcePolicy, kPoint, kWrite)      \
    X(DeleteTable, kPoint, kWrite)               \
    X(DescribeBackup, kPoint, kRead)             \
    X(DescribeContinuousBackups, kPoint, kRead)  \
    X(DescribeEndpoints, kPoint, kRead)          \
    X(DescribeExport, kPoint, kRead)             \
    X(DescribeImport, kPoint, kRead)             \
    X(DescribeLimits, kPoint, kRead)             \
    X(DescribeTable, kPoint, kRead)              \
    X(DescribeTimeToLive, kPoint, kRead)         \
    X(ExecuteStatement, kRange, kWrite)          \
    X(ExecuteTransaction, kRange, kWrite)        \
    X(ExportTableToPointInTime, kPoint, kWrite)  \
    X(GetItem, kPoint, kRead)                    \
    X(GetResourcePolicy, kPoint, kRead)          \
    X(ImportTable, kPoint, kWrite)               \
    X(ListBackups, kRange, kRead)                \
    X(ListExports, kRange, kRead)                \
    X(ListImports, kRange, kRead)                \
    X(ListTables, kPoint, kRead)                 \
    X(ListTagsOfResource, kPoint, kRead)         \
    X(PutItem, kPoint, kWrite)                   \
    X(PutResourcePolicy, kPoint, kWrite)         \
    X(Query, kRange, kRead)                      \
    X(RestoreTableFromBackup, kPoint, kWrite)    \
    X(RestoreTableToPointInTime, kPoint, kWrite) \
    X(Scan, kRange, kRead)                       \
    X(TagResource, kPoint, kWrite)               \
    X(TransactGetItems, kRange, kRead)           \
    X(TransactWriteItems, kPoint, kWrite)        \
    X(UntagResource, kPoint, kWrite)             \
    X(UpdateContinuousBackups, kPoint, kWrite)   \
    X(UpdateItem, kPoint, kWrite)                \
    X(UpdateTable, kPoint, kWrite)               \
    X(UpdateTimeToLive, kPoint, kWrite)
// clang-format on
MR_DYNAMODB_OPERATIONS(MR_DYNAMODB_OPERATION)

// ---- what operations share ----

// "dynamodb:<action>" on the table. Nothing is asked when the name is missing or malformed: the
// checks that follow say so.
void ask(OpContext& context, const std::optional<std::string>& table, std::string_view action,
         AuthzRequests& requests);

// The same with the table's own policy.
void ask(DynamoDbService& service, OpContext& context, const std::optional<std::string>& table,
         std::string_view action, AuthzRequests& requests);

// Tags: what TagResource and CreateTable refuse.
Result<void> check_tags(const std::vector<model::dynamodb::Tag>& tags);
Result<void> check_tag_count(const Table& table);

// Resource policies: what Put and CreateTable refuse, of the resource `arn`; the compiled form,
// null for none.
Result<void> check_resource_policy(const std::string& policy, std::string_view arn);
std::shared_ptr<const contracts::PolicyDocument> parse_resource_policy(const std::string& policy,
                                                                       std::string_view arn);
// RevisionId: a number, as AWS's are.
inline std::string new_policy_revision(OpContext& context) {
    return std::to_string(context.rng().next_u64());
}

// What CreateTable and UpdateTable refuse alike.
template <class Input>
Result<void> check_table_options(const Input& input) {
    if (input.sse_specification) {
        const auto& sse = *input.sse_specification;
        if (sse.enabled.value_or(false) || sse.sse_type || sse.kms_master_key_id)
            return errors::unsupported("SSESpecification with a key of KMS");
    }
    if (input.warm_throughput) return errors::unsupported("WarmThroughput");
    if (input.global_table_settings_replication_mode)
        return errors::unsupported("GlobalTableSettingsReplicationMode");
    if constexpr (requires { input.global_table_source_arn; }) {
        if (input.global_table_source_arn) return errors::unsupported("GlobalTableSourceArn");
    }
    if constexpr (requires { input.multi_region_consistency; }) {
        if (input.multi_region_consistency) return errors::unsupported("MultiRegionConsistency");
        if (input.global_table_witness_updates)
            return errors::unsupported("GlobalTableWitnessUpdates");
    }
    return {};
}

// ResourceNotFoundException of data operations. `write`: the definition joins the conflict set.
Result<TableRef> need_table(DynamoDbService& service, OpContext& context, const std::string& name,
                            bool write);
// For operations on the table itself: the definition from its row, and the text that names the
// table.
Result<TableRef> need_definition(DynamoDbService& service, OpContext& context,
                                 const std::string& name);

// Depth, and validity of what JSON decoding found.
Result<void> check_item(const std::optional<item::Item>& item);

}  // namespace millrace::dynamodb
