// Checks a decoded input against the model's constraints: required members, lengths, ranges,
// patterns, enums. All violations are collected in the model's order and worded as AWS does:
// "2 validation errors detected: Value '' at 'tableName' failed to satisfy constraint: Member must
// have length greater than or equal to 1; Value null at 'key' failed to satisfy constraint: Member
// must not be null". Thread-safety: safe from any thread.
#pragma once

#include "core/result.h"
#include "model/descriptor.h"

namespace millrace::model {

// The service's validation error (its code: models/services.json), 400. Nothing is checked where an
// overlay switched it off for the service, operation, shape or member. O(size of the input).
Result<void> validate(const OperationDescriptor& operation, const void* input);

}  // namespace millrace::model
