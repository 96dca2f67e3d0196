#include "dynamodb_load.h"

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <numeric>
#include <vector>

namespace millrace::bench {
namespace {

constexpr size_t kPerPartition = 100;
constexpr size_t kPool = 50'000;
constexpr size_t kBatch = 25;
constexpr size_t kPage = 20;

class Requests {
public:
    explicit Requests(const Settings& settings) : settings_(settings) {
        const size_t colon = settings.argument.find(':');
        table_ = settings.argument.substr(0, colon);
        items_ = std::max<size_t>(1, std::stoul(settings.argument.substr(colon + 1)));
    }

    size_t items() const { return items_; }
    size_t random_item() const { return random_engine()() % items_; }

    std::string get() const {
        return call("GetItem", fmt::format(R"({{{},"Key":{},"ConsistentRead":true}})", table(),
                                           key(random_item())));
    }
    std::string put(size_t item, std::string_view more = "") const {
        return call("PutItem", fmt::format(R"({{{},"Item":{}{}}})", table(), content(item), more));
    }
    std::string add(size_t item) const { return call("UpdateItem", "{" + addition(item) + "}"); }
    std::string query() const {
        const size_t item = random_item();
        return call(
            "Query",
            fmt::format(
                R"({{{},"KeyConditionExpression":"pk = :p AND sk >= :s","Limit":{},)"
                R"("ExpressionAttributeValues":{{":p":{{"S":"partition-{}"}},":s":{{"N":"{}"}}}}}})",
                table(), kPage, item / kPerPartition, random_engine()() % (kPerPartition - kPage)));
    }
    std::vector<size_t> random_batch() const {
        std::vector<size_t> chosen;
        while (chosen.size() < kBatch) {
            const size_t item = random_item();
            if (std::find(chosen.begin(), chosen.end(), item) == chosen.end())
                chosen.push_back(item);
        }
        return chosen;
    }
    std::string batch(const std::vector<size_t>& chosen) const {
        std::string puts;
        for (const size_t item : chosen) {
            puts += fmt::format(R"({}{{"PutRequest":{{"Item":{}}}}})", puts.empty() ? "" : ",",
                                content(item));
        }
        return call("BatchWriteItem",
                    fmt::format(R"({{"RequestItems":{{"{}":[{}]}}}})", table_, puts));
    }
    std::string transaction() const {
        const size_t one = random_item();
        return call("TransactWriteItems",
                    fmt::format(R"({{"TransactItems":[{{"Update":{{{}}}}},{{"Update":{{{}}}}}]}})",
                                addition(one), addition((one + items_ / 2 + 1) % items_)));
    }

private:
    std::string table() const { return fmt::format(R"("TableName":"{}")", table_); }
    static std::string key(size_t item) {
        return fmt::format(R"({{"pk":{{"S":"partition-{}"}},"sk":{{"N":"{}"}}}})",
                           item / kPerPartition, item % kPerPartition);
    }
    static std::string content(size_t item) {
        static const std::string body(300, 'x');
        return fmt::format(
            R"({{"pk":{{"S":"partition-{}"}},"sk":{{"N":"{}"}},"n":{{"N":"{}"}},"gk":{{"S":"g-{}"}},"body":{{"S":"{}"}}}})",
            item / kPerPartition, item % kPerPartition, random_engine()() % 1'000'000,
            random_engine()() % 10'000, body);
    }
    std::string addition(size_t item) const {
        return fmt::format(
            R"({},"Key":{},"UpdateExpression":"ADD n :one","ExpressionAttributeValues":{{":one":{{"N":"1"}}}})",
            table(), key(item));
    }
    std::string call(const std::string& operation, std::string body) const {
        return signed_json(settings_, "dynamodb", "DynamoDB_20120810." + operation,
                           std::move(body));
    }

    const Settings& settings_;
    std::string table_;
    size_t items_ = 0;
};

Workload loading(const Settings& settings) {
    auto requests = std::make_shared<Requests>(settings);
    auto next = std::make_shared<size_t>(0);
    return {[requests, next](int, const std::string&) -> std::string {
                const size_t first = *next;
                if (first >= requests->items()) return "";
                const size_t count = std::min(kBatch, requests->items() - first);
                *next += count;
                std::vector<size_t> chosen(count);
                std::iota(chosen.begin(), chosen.end(), first);
                return requests->batch(chosen);
            },
            [](const std::string&) { return static_cast<int>(kBatch); }};
}

// Writes over the same targets again and again, each time with other content: what is there
// already is not written again.
template <class Target>
Workload changes(size_t targets, const std::function<Target()>& choose,
                 const std::function<std::string(const Target&)>& write) {
    std::vector<Target> chosen;
    for (size_t i = 0; i < targets; ++i) chosen.push_back(choose());
    return cycle_of(2 * targets, [&](size_t i) { return write(chosen[i % targets]); });
}

Workload counted(Workload load, size_t operations) {
    load.operations = [operations](const std::string&) { return static_cast<int>(operations); };
    return load;
}

}  // namespace

std::optional<Workload> dynamodb_workload(const Settings& settings) {
    const std::string& mode = settings.mode;
    if (settings.argument.find(':') == std::string::npos) return std::nullopt;
    if (mode == "load-items") return loading(settings);
    const Requests requests(settings);
    if (mode == "get-item") return pool_of(kPool, [&](size_t) { return requests.get(); });
    if (mode == "put-item") {
        return changes<size_t>(
            kPool / 2, [&] { return requests.random_item(); },
            [&](size_t item) { return requests.put(item); });
    }
    if (mode == "update-item")
        return pool_of(kPool, [&](size_t) { return requests.add(requests.random_item()); });
    if (mode == "update-item-hot") return pool_of(100, [&](size_t) { return requests.add(0); });
    if (mode == "put-item-hot") {
        return cycle_of(100, [&](size_t) {
            return requests.put(0, R"cc(, "ConditionExpression" : "attribute_not_exists(gone)")cc");
        });
    }
    if (mode == "query")
        return counted(pool_of(kPool, [&](size_t) { return requests.query(); }), kPage);
    if (mode == "batch-write") {
        return counted(changes<std::vector<size_t>>(
                           2'500, [&] { return requests.random_batch(); },
                           [&](const std::vector<size_t>& items) { return requests.batch(items); }),
                       kBatch);
    }
    if (mode == "transact-write")
        return pool_of(kPool, [&](size_t) { return requests.transaction(); });
    return std::nullopt;
}

}  // namespace millrace::bench
