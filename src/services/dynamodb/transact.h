// TransactWriteItems as PartiQL's ExecuteTransaction runs it too.
// Thread-safety: as the operation's transaction.
#pragma once

#include <vector>

#include "services/dynamodb/operations.h"

namespace millrace::dynamodb {

// `inserts`: of which actions a failed condition is a duplicate item; may be shorter.
Outcome<TransactWriteItems::Output> transact_write(DynamoDbService& service, OpContext& context,
                                                   const TransactWriteItems::Input& input,
                                                   const std::vector<bool>& inserts);

}  // namespace millrace::dynamodb
