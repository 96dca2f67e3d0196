// order_writer: the Orders queue -> the orders table.
//
// Writes the event's own records (the mapping polls, this function never does) with
// attribute_not_exists, so that a message delivered twice is one order; reports the messages that
// failed, so that the others are deleted; never deletes a message itself. A message that is no
// order fails every time and ends in the dead-letter queue.
#include <cstdio>
#include <cstdlib>

#include "aws/client.h"
#include "aws/runtime.h"
#include "order.h"

namespace {

using namespace pinehead;

void write_order(AwsClient& aws, const std::string& table, std::string_view body) {
    auto item = item_of_message(body);
    if (!item) throw std::runtime_error("the message is not an order");
    try {
        aws.dynamodb("PutItem", {{"TableName", table},
                                 {"Item", std::move(*item)},
                                 {"ConditionExpression", "attribute_not_exists(id)"}});
    } catch (const AwsError& error) {
        if (error.code != "ConditionalCheckFailedException") throw;  // else: it is there already
    }
}

}  // namespace

int main() {
    const char* table =
        std::getenv("ORDERS_TABLE");  // NOLINT(concurrency-mt-unsafe): nothing sets it
    const std::string orders = table == nullptr ? "orders" : table;
    AwsClient aws;
    return run_lambda([&](const json::value& event) -> json::value {
        json::array failures;
        for (const json::value& record : event.at("Records").as_array()) {
            const std::string id = string_at(record, {"messageId"}).value_or("");
            try {
                write_order(aws, orders, string_at(record, {"body"}).value_or(""));
            } catch (const std::exception& error) {
                std::printf("ERROR message %s: %s\n", id.c_str(), error.what());
                std::fflush(stdout);
                failures.push_back(json::object{{"itemIdentifier", id}});
            }
        }
        return {{"batchItemFailures", std::move(failures)}};
    });
}
