// A node on a real socket before a table of our own. Thread-safety: FakeTable from any thread, the
// rest none. Only in tests.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "auth/sigv4.h"
#include "codec/digest.h"
#include "codec/hex.h"
#include "dax/node/node.h"
#include "dax/wire/methods.h"
#include "item/number.h"
#include "model/generated/dynamodb.h"
#include "net/loopback_client.h"
#include "net/server.h"
#include "store/mem/mem_store.h"

namespace millrace::dax::testing {

namespace api = model::dynamodb;

inline constexpr std::string_view kAccount = "000000000000";
inline constexpr std::string_view kKey = "AKIATEST";
inline constexpr std::string_view kSecret = "SECRET";

class OneKey final : public contracts::CredentialSource {
public:
    OneKey() {
        auto caller = std::make_shared<contracts::Caller>();
        caller->arn = "arn:aws:iam::000000000000:user/u";
        auto credential = std::make_shared<contracts::Credential>();
        credential->access_key_id = kKey;
        credential->secret_access_key = kSecret;
        credential->caller = caller;
        credential_ = credential;
    }
    std::shared_ptr<const contracts::Credential> find(std::string_view key) override {
        return key == kKey && active ? credential_ : nullptr;
    }
    std::atomic<bool> active{true};

private:
    std::shared_ptr<const contracts::Credential> credential_;
};

class AllowAll final : public contracts::Authorizer {
public:
    contracts::Decision decide(const contracts::Caller&, const contracts::AuthzRequest& request,
                               const contracts::RequestFacts&) const override {
        const bool allowed = request.action != denied && (only.empty() || request.action == only);
        return {allowed ? contracts::DecisionKind::kAllow : contracts::DecisionKind::kImplicitDeny};
    }
    std::string denied;
    std::string only;
};

template <class Input, class Output>
class HeldCall final : public contracts::OperationCall {
public:
    void* input() override { return &in; }
    Result<void> check() override { return {}; }
    Result<void> authorize(contracts::OpContext&, contracts::AuthzRequests&) override { return {}; }
    contracts::Outcome<std::monostate> run(contracts::OpContext&) override {
        return std::monostate{};
    }
    const void* output() const override { return &out; }
    void* mutable_output() override { return &out; }
    Input in;
    Output out;
};

// A table "T" with the key "pk" and one item, "a": {v: 1}. Reads take what is there and then wait
// while the gate is closed.
class FakeTable final : public contracts::DynamoDbCalls {
public:
    static constexpr std::string_view kArn = "arn:aws:dynamodb:us-east-1:000000000000:table/T";

    std::unique_ptr<contracts::OperationCall> make_call(std::string_view operation) override {
#define MR_FAKE_CALL(name) \
    if (operation == #name) return std::make_unique<HeldCall<api::name##Input, api::name##Output>>()
        MR_FAKE_CALL(DescribeTable);
        MR_FAKE_CALL(GetItem);
        MR_FAKE_CALL(PutItem);
        MR_FAKE_CALL(UpdateItem);
        MR_FAKE_CALL(DeleteItem);
        MR_FAKE_CALL(Query);
        MR_FAKE_CALL(Scan);
        MR_FAKE_CALL(BatchGetItem);
        MR_FAKE_CALL(BatchWriteItem);
        MR_FAKE_CALL(TransactGetItems);
        MR_FAKE_CALL(TransactWriteItems);
#undef MR_FAKE_CALL
        return nullptr;
    }
    Result<void> run(std::string_view operation, const contracts::RequestInfo& info,
                     std::unique_ptr<contracts::OperationCall>& call) override {
        EXPECT_EQ(info.caller->kind, contracts::PrincipalKind::kRoot);
        std::unique_lock lock(mutex_);
        ++calls_[std::string(operation)];
        if (operation == "DescribeTable") {
            moved_.wait(lock, [this] { return tables_open_; });
            describe(part<api::DescribeTableInput, api::DescribeTableOutput>(*call));
            return {};
        }
        if (down) return failed("InternalServerError", 500);
        const bool reads = operation == "GetItem" || operation == "Query" || operation == "Scan" ||
                           operation == "BatchGetItem" || operation == "TransactGetItems";
        if (!reads) {
            if (refuses) return failed("ConditionalCheckFailedException", 400);
            write(operation, *call);
            return {};
        }
        read(operation, *call);
        ++held_;
        moved_.notify_all();
        moved_.wait(lock, [this] { return open_; });
        --held_;
        if (down) return failed("InternalServerError", 500);
        return {};
    }
    // Whether the caller may do what he asks the node for himself.
    Result<void> allowed(std::string_view operation, const contracts::RequestInfo& info,
                         std::unique_ptr<contracts::OperationCall>&) override {
        const std::lock_guard lock(mutex_);
        ++calls_["allowed " + std::string(operation)];
        EXPECT_EQ(info.caller->arn, "arn:aws:iam::000000000000:user/u");
        EXPECT_EQ(info.http->source_ip, "127.0.0.1");
        if (caller_denied) return failed("AccessDeniedException", 400);
        return {};
    }
    uint64_t tables_version() const override { return version; }

    int calls(const std::string& operation) {
        const std::lock_guard lock(mutex_);
        return calls_[operation];
    }
    void gate(bool open) {
        const std::lock_guard lock(mutex_);
        open_ = open;
        moved_.notify_all();
    }
    void gate_tables(bool open) {
        const std::lock_guard lock(mutex_);
        tables_open_ = open;
        moved_.notify_all();
    }
    // Until so many reads have taken what they will answer.
    void wait_held(int reads) {
        std::unique_lock lock(mutex_);
        moved_.wait(lock, [this, reads] { return held_ == reads; });
    }
    // Past the node.
    void set(const std::string& key, int value) {
        const std::lock_guard lock(mutex_);
        items_[key] = value;
    }
    std::atomic<uint64_t> version{1};
    std::atomic<bool> down{false};
    std::atomic<bool> refuses{false};
    std::atomic<bool> caller_denied{false};
    std::atomic<bool> remade{false};  // with a number as its key

private:
    template <class Input, class Output>
    static HeldCall<Input, Output>& part(contracts::OperationCall& call) {
        return static_cast<HeldCall<Input, Output>&>(call);
    }
    static Error failed(std::string code, int status) {
        Error error;
        error.code = std::move(code);
        error.http_status = status;
        return error;
    }
    static void describe(HeldCall<api::DescribeTableInput, api::DescribeTableOutput>& call) {
        api::TableDescription& table = call.out.table.emplace();
        table.table_id = "id";
        table.table_arn =
            call.in.table_name->starts_with("arn:")
                ? *call.in.table_name
                : "arn:aws:dynamodb:us-east-1:000000000000:table/" + *call.in.table_name;
        table.attribute_definitions.emplace().emplace_back().attribute_name = "pk";
        table.attribute_definitions->back().attribute_type = "S";
        table.key_schema.emplace().emplace_back().attribute_name = "pk";
        table.key_schema->back().key_type = "HASH";
    }
    std::optional<item::Item> find(item::ItemView key) const {
        const auto found = items_.find(std::string(key.find("pk").string()));
        if (found == items_.end()) return std::nullopt;
        item::ItemBuilder item;
        if (remade) {
            item.set_number("pk", 1);
        } else {
            item.set_string("pk", found->first);
        }
        return item.set_number("v", found->second).build();
    }
    std::vector<item::Item> all() const {
        std::vector<item::Item> items;
        for (const auto& [key, value] : items_)
            items.push_back(*find(item::ItemBuilder().set_string("pk", key).build()));
        return items;
    }
    void put(item::ItemView item) {
        items_[std::string(item.find("pk").string())] =
            std::stoi(item::number_text(item.find("v").number()));
    }
    void erase(item::ItemView key) { items_.erase(std::string(key.find("pk").string())); }

    void read(std::string_view operation, contracts::OperationCall& call) {
        if (operation == "GetItem") {
            auto& get = part<api::GetItemInput, api::GetItemOutput>(call);
            get.out.item = find(*get.in.key);
        } else if (operation == "Query") {
            auto& query = part<api::QueryInput, api::QueryOutput>(call);
            query.out.items = all();
            query.out.count = static_cast<int32_t>(items_.size());
        } else if (operation == "Scan") {
            auto& scan = part<api::ScanInput, api::ScanOutput>(call);
            scan.out.items = all();
            scan.out.count = static_cast<int32_t>(items_.size());
        } else if (operation == "BatchGetItem") {
            auto& batch = part<api::BatchGetItemInput, api::BatchGetItemOutput>(call);
            auto& responses = batch.out.responses.emplace();
            for (const auto& [table, wanted] : *batch.in.request_items) {
                for (const item::Item& key : *wanted.keys) {
                    if (auto item = find(key)) responses[table].push_back(std::move(*item));
                }
            }
        } else {
            auto& get = part<api::TransactGetItemsInput, api::TransactGetItemsOutput>(call);
            auto& responses = get.out.responses.emplace();
            for (const api::TransactGetItem& one : *get.in.transact_items)
                responses.emplace_back().item = find(*one.get->key);
        }
    }
    void write(std::string_view operation, contracts::OperationCall& call) {
        if (operation == "PutItem") {
            put(*part<api::PutItemInput, api::PutItemOutput>(call).in.item);
        } else if (operation == "UpdateItem") {
            auto& update = part<api::UpdateItemInput, api::UpdateItemOutput>(call);
            ++items_[std::string(update.in.key->find("pk").string())];
            if (update.in.return_values == "ALL_NEW") update.out.attributes = find(*update.in.key);
        } else if (operation == "DeleteItem") {
            erase(*part<api::DeleteItemInput, api::DeleteItemOutput>(call).in.key);
        } else if (operation == "BatchWriteItem") {
            auto& batch = part<api::BatchWriteItemInput, api::BatchWriteItemOutput>(call);
            for (const auto& [table, writes] : *batch.in.request_items) {
                for (const api::WriteRequest& one : writes) {
                    if (one.put_request) put(*one.put_request->item);
                    if (one.delete_request) erase(*one.delete_request->key);
                }
            }
        } else {
            auto& all = part<api::TransactWriteItemsInput, api::TransactWriteItemsOutput>(call);
            for (const api::TransactWriteItem& one : *all.in.transact_items) put(*one.put->item);
        }
    }

    std::mutex mutex_;
    std::condition_variable moved_;
    std::map<std::string, int> items_{{"a", 1}};
    std::map<std::string, int> calls_;
    int held_ = 0;
    bool open_ = true;
    bool tables_open_ = true;
};

inline std::string begin(Method method) {
    std::string out;
    cbor::append_int(out, kServiceId);
    cbor::append_int(out, static_cast<int64_t>(method));
    return out;
}

inline std::string handshake(int layering = 0) {
    std::string out;
    cbor::append_text(out, kMagic);
    cbor::append_int(out, layering);
    cbor::append_null(out);
    cbor::append_map(out, 0);
    cbor::append_int(out, 0);
    return out;
}

inline std::string get_item(std::string_view key, std::string_view table = "T") {
    std::string out = begin(Method::kGetItem);
    cbor::append_bytes(out, table);
    cbor::append_bytes(out, key);
    cbor::append_null(out);
    return out;
}

inline std::string authorize(const Clock& clock, std::string_view secret = kSecret) {
    const std::string stamp = format_amz_date(clock.now());
    const std::string date = stamp.substr(0, 8);
    const std::string canonical = "POST\n/\n\nhost:dax.amazonaws.com\nx-amz-date:" + stamp +
                                  "\n\nhost;x-amz-date\n" + codec::sha256_hex("");
    const std::string to_sign = "AWS4-HMAC-SHA256\n" + stamp + "\n" + date +
                                "/us-east-1/dax/aws4_request\n" + codec::sha256_hex(canonical);
    const auth::SigningKey key = auth::derive_signing_key(secret, date, "us-east-1", "dax");
    std::string out = begin(Method::kAuthorizeConnection);
    cbor::append_text(out, kKey);
    cbor::append_text(out, codec::hex_encode(codec::hmac_sha256(
                               {reinterpret_cast<const char*>(key.data()), key.size()}, to_sign)));
    cbor::append_bytes(out, to_sign);
    cbor::append_null(out);
    cbor::append_null(out);
    return out;
}

// One whole answer: `items` items.
inline std::string answer(net::LoopbackClient& client, size_t items) {
    std::string bytes;
    cbor::Scanner scanner;
    while (scanner.scan(bytes, items) == cbor::Scanner::Status::kNeedMore) {
        const std::string more = client.read(1);
        if (more.empty()) return "closed";
        bytes += more;
    }
    return bytes;
}

inline std::string ask(net::LoopbackClient& client, const std::string& request) {
    client.send(request);
    return codec::hex_encode(answer(client, 2));
}

class NodeTest : public ::testing::Test {
protected:
    void SetUp() override {
        options.account = kAccount;
        options.region = "us-east-1";
        node.emplace(NodeParts{table, keys, rights, lists, clock, rng, pool}, options);
        net::ServerOptions server_options;
        server_options.threads = 1;  // so that whoever blocks it is seen
        server.emplace(server_options, *node, pool);
        ASSERT_TRUE(server->start());
    }
    void TearDown() override {
        server->stop(std::chrono::milliseconds(100));
        pool.stop();
        store->close();
    }
    std::string authorize(std::string_view secret = kSecret) const {
        return testing::authorize(clock, secret);
    }
    // The numbers of the error that must come.
    static std::vector<int64_t> failure(net::LoopbackClient& client, const std::string& request) {
        client.send(request);
        const std::string bytes = answer(client, 3);
        cbor::Reader reader(bytes);
        std::vector<int64_t> numbers;
        for (auto all = reader.array(); reader.more(all);) numbers.push_back(reader.integer());
        return numbers;
    }

    NodeOptions options;
    FakeClock clock;
    SeededRng rng{1};
    std::unique_ptr<store::Store> store = store::make_mem_store(clock);
    AttributeLists lists{*store};
    FakeTable table;
    OneKey keys;
    AllowAll rights;
    net::ThreadPool pool{4};
    std::optional<Node> node;
    std::optional<net::Server> server;
    const std::string found = "80bf00420201ff";
};

}  // namespace millrace::dax::testing
