// Turning a table's stream on and off: the description row that services/streams reads, and the
// table's own note of where its records go. Thread-safety: as the operation's transaction.
#pragma once

#include "services/dynamodb/operations.h"

namespace millrace::dynamodb {

// StreamSpecification of CreateTable and UpdateTable; changes `table`, writes the stream's row.
Result<void> apply_stream_specification(OpContext& context, Table& table,
                                        const model::dynamodb::StreamSpecification& specification);
// The stream stays readable until its records expire.
void disable_stream(OpContext& context, Table& table);
// Closes the shard that has `hash_at` and gives its items to two children that meet there: in one
// transaction with the table's definition, which every writer watches, so a change of an item is
// either before the parent's end or in the child. Changes `table`, which the caller puts into the
// catalog. False: a shard begins there already.
bool split_shard(store::Txn& txn, Table& table, uint64_t hash_at, TimePoint now, Rng& rng);

}  // namespace millrace::dynamodb
