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

}  // namespace millrace::dynamodb
