// QueueReader: a queue as event source mappings see it. Implemented by services/sqs; each call is a
// transaction of its own. Thread-safety: safe from any thread; calls may block on the store.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contracts/caller.h"
#include "core/result.h"
#include "core/time.h"

namespace millrace::contracts {

struct QueueMessage {
    struct Attribute {
        std::string name;
        std::string data_type;  // "String", "Number.custom", "Binary"
        std::string value;      // the raw bytes when data_type begins with Binary
    };
    std::string message_id;
    std::string receipt_handle;
    std::string body;
    std::string md5_of_body;
    std::string md5_of_attributes;  // empty without attributes
    std::map<std::string, std::string>
        system_attributes;  // ApproximateReceiveCount, SentTimestamp, ...
    std::vector<Attribute> attributes;
};

struct QueueFacts {
    std::string arn;
    std::string wake_key;  // WakeHub key signalled when a message becomes visible
    int visibility_timeout_seconds = 30;
    bool fifo = false;
    std::shared_ptr<const PolicyDocument> policy;  // the queue's own, or null
};

class QueueReader {
public:
    virtual ~QueueReader() = default;
    virtual Result<QueueFacts> describe(std::string_view queue_arn) = 0;
    // What is visible now, at most `count_max`; never waits for messages. `next_visible` is set to
    // when the next hidden message becomes visible, when there is one.
    virtual Result<std::vector<QueueMessage>> receive(std::string_view queue_arn, int count_max,
                                                      std::optional<TimePoint>& next_visible) = 0;
    // Deletes by receipt handle; durable when it returns. Handles of messages that are gone are no
    // error.
    virtual Result<void> remove(std::string_view queue_arn,
                                const std::vector<std::string>& receipt_handles) = 0;
    // Makes messages visible again after that many seconds (0: now): all of them, or an error and
    // none, when one of them is no longer the receiver's.
    virtual Result<void> set_visibility(std::string_view queue_arn,
                                        const std::vector<std::string>& receipt_handles,
                                        int seconds) = 0;
    // Sends a message on behalf of the service itself (destinations of failed invocations);
    // durable.
    virtual Result<void> send(std::string_view queue_arn, std::string_view body,
                              const std::vector<QueueMessage::Attribute>& attributes) = 0;
};

}  // namespace millrace::contracts
