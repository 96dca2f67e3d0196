// CreateQueue: makes a queue, or gives back the URL of one whose given attributes are equal.
//
// IAM:     sqs:CreateQueue on the queue's ARN.
// Errors:  QueueNameExists (other attributes), QueueDeletedRecently (60 s), InvalidAttribute*.
// Source:  SQS API Reference, CreateQueue; recorded: only given attributes are compared, tags are
// not.
#include "core/bytes.h"
#include "services/sqs/errors.h"
#include "services/sqs/operations.h"

namespace millrace::sqs {
namespace {

constexpr size_t kTagsMax = 50;

bool valid_name(std::string_view name) {
    const std::string_view base = name.ends_with(".fifo") ? name.substr(0, name.size() - 5) : name;
    return !base.empty() && name.size() <= 80 &&
           base.find_first_not_of(
               "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
               std::string_view::npos;
}

}  // namespace

Result<void> CreateQueue::check(const Input& input) {
    if (!input.queue_name || input.queue_name->empty())
        return errors::missing_parameter("QueueName");
    if (!valid_name(*input.queue_name)) {
        return errors::invalid_parameter(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length");
    }
    if (input.tags && input.tags->size() > kTagsMax) {
        return errors::invalid_parameter("Too many tags added for queue " + *input.queue_name +
                                         ".");
    }
    return {};
}

Result<void> CreateQueue::authorize(SqsService&, OpContext& context, const Input& input,
                                    AuthzRequests& requests) {
    contracts::AuthzRequest request;
    request.action = "sqs:CreateQueue";
    request.resource_account = context.account();
    request.resource = "arn:aws:sqs:" + std::string(context.region()) + ":" +
                       request.resource_account + ":" + input.queue_name.value_or("");
    requests.push_back(std::move(request));
    return {};
}

Outcome<CreateQueue::Output> CreateQueue::run(SqsService& service, OpContext& context,
                                              const Input& input) {
    const std::map<std::string, std::string> attributes =
        input.attributes.value_or(std::map<std::string, std::string>());
    const bool fifo = input.queue_name->ends_with(".fifo");
    const auto asked = attributes.find("FifoQueue");
    if (fifo && (asked == attributes.end() || asked->second != "true")) {
        return errors::invalid_parameter(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length");
    }
    if (!fifo && asked != attributes.end() && asked->second == "true") {
        return errors::invalid_parameter(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or "
            "underscores, must end with "
            ".fifo suffix and be 1 to 80 in length.");
    }
    Queue queue;
    queue.account = context.account();
    queue.region = context.region();
    queue.name = *input.queue_name;
    queue.fifo = fifo;
    Output output;
    output.queue_url = queue_url(context, queue);
    if (const QueueRef there =
            service.find(context.txn(), {queue.region, queue.account, queue.name})) {
        Queue wanted = *there.queue;
        MR_CHECK_OK(apply_attributes(wanted, attributes, true));
        const auto given = attributes_of(wanted);
        const auto current = attributes_of(*there.queue);
        for (const auto& [name, value] : attributes) {
            const auto a = given.find(name);
            const auto b = current.find(name);
            if ((a == given.end()) != (b == current.end()) ||
                (a != given.end() && a->second != b->second)) {
                return errors::queue_name_exists(name);
            }
        }
        return output;
    }
    const std::string blocked_key = queue.account + "/" + queue.region + "/" + queue.name + "/";
    const store::KeyView blocked{store::Space::kQueues, kDeletedPartition, blocked_key};
    if (const auto until = context.txn().get(blocked)) {
        if (static_cast<int64_t>(ByteReader(*until).u64()) > epoch_ms(context.now()))
            return errors::queue_deleted_recently();
        context.txn().erase(blocked);
    }
    MR_CHECK_OK(apply_attributes(queue, attributes, true));
    MR_CHECK_OK(service.check_dead_letter_target(context.txn(), queue));
    std::string id;
    append_u64(id, context.rng().next_u64());
    queue.id = id;
    queue.handle_key = context.rng().hex(32);
    queue.created_s = queue.modified_s = epoch_seconds(context.now());
    if (input.tags) queue.tags = *input.tags;
    service.create(context.txn(), queue);
    return output;
}

}  // namespace millrace::sqs
