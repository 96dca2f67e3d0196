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
    X(BatchGetItem, kRange, kRead)               \
    X(BatchWriteItem, kRange, kWrite)            \
    X(CreateBackup, kPoint, kWrite)              \
    X(CreateTable, kPoint, kWrite)               \
    X(DeleteBackup, kPoint, kWrite)              \
    X(DeleteItem, kPoint, kWrite)                \
    X(DeleteTable, kPoint, kWrite)               \
    X(DescribeBackup, kPoint, kRead)             \
    X(DescribeContinuousBackups, kPoint, kRead)  \
    X(DescribeEndpoints, kPoint, kRead)          \
    X(DescribeExport, kPoint, kRead)             \
    X(DescribeImport, kPoint, kRead)             \
    X(DescribeLimits, kPoint, kRead)             \
    X(DescribeTable, kPoint, kRead)              \
    X(DescribeTimeToLive, kPoint, kRead)         \
    X(ExportTableToPointInTime, kPoint, kWrite)  \
    X(GetItem, kPoint, kRead)                    \
    X(ImportTable, kPoint, kWrite)               \
    X(ListBackups, kRange, kRead)                \
    X(ListExports, kRange, kRead)                \
    X(ListImports, kRange, kRead)                \
    X(ListTables, kPoint, kRead)                 \
    X(ListTagsOfResource, kPoint, kRead)         \
    X(PutItem, kPoint, kWrite)                   \
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

// ResourceNotFoundException of data operations. `write`: the definition joins the conflict set.
Result<TableRef> need_table(DynamoDbService& service, OpContext& context, const std::string& name,
                            bool write);
// For operations on the table itself: the definition from its row, and the text that names the
// table.
Result<TableRef> need_definition(DynamoDbService& service, OpContext& context,
                                 const std::string& name);

// Refuses the legacy parameters, which are not offered yet.
Result<void> refuse_legacy(std::initializer_list<std::pair<std::string_view, bool>> parameters);

// Depth, and validity of what JSON decoding found.
Result<void> check_item(const std::optional<item::Item>& item);

}  // namespace millrace::dynamodb
