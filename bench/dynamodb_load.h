// DynamoDB workloads on a table with string key "pk" and number key "sk": item i is number i % 100
// of partition i / 100, some 400 bytes.
#pragma once

#include <optional>

#include "load.h"

namespace millrace::bench {

// Of settings.mode; nothing: no mode of DynamoDB.
//   load-items        all items in batches of 25, then ends
//   get-item          consistent; operations: items
//   put-item          replaces a random item
//   update-item       ADD to a random item; update-item-hot: all to one
//   put-item-hot      conditional puts of one item
//   query             pages of 20; operations: items
//   batch-write       25 random items; operations: items
//   transact-write    ADD to two random items
std::optional<Workload> dynamodb_workload(const Settings& settings);

}  // namespace millrace::bench
