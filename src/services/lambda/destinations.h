// Destinations: who hears of invocations that ended: queues and functions of asynchronous events,
// dead-letter queues, queues for discarded records of a stream. Each is reached with the rights of
// the function's role. Thread-safety: safe from any thread; sending blocks on the store.
// Source: Lambda Developer Guide, "Retaining records of asynchronous invocations" and "Retain
// discarded batch records for a DynamoDB event source".
#pragma once

#include <string>
#include <string_view>

#include "services/lambda/service.h"

namespace millrace::lambda {

bool is_queue_arn(std::string_view arn);
bool is_function_arn(std::string_view arn);

// Whether it is a destination that the role may reach: an SQS queue, or, with `functions`, a
// function. Error: InvalidParameterValueException.
Result<void> check_destination(LambdaService& service, const Function& function,
                               const std::string& arn, std::string_view what, bool functions);

// Durable when it returns. Errors: no such queue, the role may not.
Result<void> send_to_queue(LambdaService& service, const Function& function,
                           const std::string& queue_arn, std::string_view body,
                           const std::vector<contracts::QueueMessage::Attribute>& attributes = {});

// The record of discarded stream records, to the mapping's queue. Failures are logged.
void send_discarded(LambdaService& service, const Mapping& mapping, const std::string& shard_id,
                    const contracts::StreamRecord* first, size_t count, std::string_view condition,
                    int invocations);

}  // namespace millrace::lambda
