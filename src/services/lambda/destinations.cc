#include "services/lambda/destinations.h"

#include "codec/json_writer.h"
#include "core/log.h"
#include "services/lambda/errors.h"

namespace millrace::lambda {

bool is_queue_arn(std::string_view arn) { return arn.starts_with("arn:aws:sqs:"); }
bool is_function_arn(std::string_view arn) { return arn.starts_with("arn:aws:lambda:"); }

Result<void> check_destination(LambdaService& service, const Function& function,
                               const std::string& arn, std::string_view what, bool functions) {
    if (is_queue_arn(arn)) {
        const auto queue = service.parts().queues.describe(arn);
        if (!queue || queue->fifo) {
            return errors::invalid_parameter(
                fmt::format("The destination ARN {} is invalid.", arn));
        }
        if (service.role_may(function, arn, {"sqs:SendMessage"}, queue->policy)) return {};
        return errors::invalid_parameter(fmt::format(
            "The function's execution role does not have permissions to call SendMessage on {}",
            arn));
    }
    if (functions && is_function_arn(arn)) {
        if (service.role_may(function, arn, {"lambda:InvokeFunction"})) return {};
        return errors::invalid_parameter(fmt::format(
            "The function's execution role does not have permissions to call Invoke on {}", arn));
    }
    return errors::unsupported(fmt::format("{} {}", what, arn));
}

Result<void> send_to_queue(LambdaService& service, const Function& function,
                           const std::string& queue_arn, std::string_view body,
                           const std::vector<contracts::QueueMessage::Attribute>& attributes) {
    contracts::QueueReader& queues = service.parts().queues;
    MR_TRY(const contracts::QueueFacts queue, queues.describe(queue_arn));
    if (!service.role_may(function, queue_arn, {"sqs:SendMessage"}, queue.policy)) {
        return errors::invalid_parameter(
            "The execution role does not have permissions to call "
            "SendMessage on SQS");
    }
    return queues.send(queue_arn, body, attributes);
}

void send_discarded(LambdaService& service, const Mapping& mapping, const std::string& shard_id,
                    const contracts::StreamRecord* first, size_t count, std::string_view condition,
                    int invocations) {
    std::string body;
    codec::JsonWriter json(body);
    json.begin_object();
    json.key("requestContext");
    json.begin_object();
    json.member("requestId", service.parts().rng.uuid());
    json.member("functionArn", mapping.function_arn());
    json.member("condition", condition);
    json.member("approximateInvokeCount", invocations);
    json.end_object();
    if (invocations > 0) {
        json.key("responseContext");
        json.begin_object();
        json.member("statusCode", 200);
        json.member("executedVersion",
                    mapping.qualifier.empty() ? std::string(kLatest) : mapping.qualifier);
        json.member("functionError", "Unhandled");
        json.end_object();
    }
    json.member("version", "1.0");
    json.member("timestamp", format_iso8601_ms(service.parts().clock.now()));
    json.key("DDBStreamBatchInfo");
    json.begin_object();
    json.member("shardId", shard_id);
    json.member("startSequenceNumber", first->sequence_number);
    json.member("endSequenceNumber", first[count - 1].sequence_number);
    json.member("approximateArrivalOfFirstRecord", format_iso8601(first->created));
    json.member("approximateArrivalOfLastRecord", format_iso8601(first[count - 1].created));
    json.member("batchSize", static_cast<int64_t>(count));
    json.member("streamArn", mapping.source_arn);
    json.end_object();
    json.end_object();

    std::optional<Function> function;
    service.parts().store.run([&](store::Txn& txn) {
        function = service.find(txn, mapping.account, mapping.region, mapping.function);
        return store::TxnDecision::kRollback;
    });
    if (!function) return;
    const auto sent = send_to_queue(service, *function, mapping.on_failure, body);
    if (!sent) {
        log::warn("mapping {}: the destination {} was not reached: {}", mapping.uuid,
                  mapping.on_failure, sent.error().message);
    }
}

}  // namespace millrace::lambda
