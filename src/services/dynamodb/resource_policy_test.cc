// Resource policies of tables and streams, and options of tables that are refused.
#include "services/dynamodb/testing.h"

namespace millrace::dynamodb {
namespace {

using testing::from_json;
using testing::Server;

constexpr std::string_view kOther =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"999999999999"},)"
    R"("Action":"dynamodb:GetItem","Resource":"*"}]})";
constexpr std::string_view kDenyAll =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*",)"
    R"("Action":"dynamodb:*","Resource":"*"}]})";

PutResourcePolicy::Input put_of(const std::string& arn, std::string_view policy) {
    PutResourcePolicy::Input input;
    input.resource_arn = arn;
    input.policy = std::string(policy);
    return input;
}

TEST(ResourcePolicy, RevisionsGuardChanges) {
    Server server;
    server.create_table("tbl", "", "KEYS_ONLY");
    const TableRef table = server.definition("tbl");
    for (const std::string& arn :
         {table->arn(), contracts::stream_arn(table->account, table->region, table->name,
                                              table->latest_stream_label)}) {
        GetResourcePolicy::Input get;
        get.resource_arn = arn;
        EXPECT_EQ(server.run<GetResourcePolicy>(get).error().code, "PolicyNotFoundException");
        auto put = put_of(arn, kOther);
        put.expected_revision_id = "NO_POLICY";
        const auto first = server.run<PutResourcePolicy>(put);
        ASSERT_TRUE(first) << first.error().message;
        EXPECT_EQ(server.run<PutResourcePolicy>(put).error().code, "PolicyNotFoundException");
        put.expected_revision_id.reset();
        EXPECT_EQ(server.run<PutResourcePolicy>(put)->revision_id, first->revision_id)
            << "the same document";
        EXPECT_EQ(server.run<GetResourcePolicy>(get)->policy, kOther);
        put.policy = std::string(kOther) + " ";
        put.expected_revision_id = first->revision_id;
        const auto second = server.run<PutResourcePolicy>(put);
        ASSERT_TRUE(second);
        EXPECT_NE(second->revision_id, first->revision_id);
        DeleteResourcePolicy::Input remove;
        remove.resource_arn = arn;
        remove.expected_revision_id = first->revision_id;
        EXPECT_EQ(server.run<DeleteResourcePolicy>(remove).error().code, "PolicyNotFoundException");
        remove.expected_revision_id.reset();
        EXPECT_EQ(server.run<DeleteResourcePolicy>(remove)->revision_id, second->revision_id);
        EXPECT_EQ(server.run<DeleteResourcePolicy>(remove)->revision_id, "");
        EXPECT_FALSE(server.run<GetResourcePolicy>(get));
    }
}

TEST(ResourcePolicy, WhatIsNoneIsRefused) {
    Server server;
    server.create_table("tbl");
    const std::string arn = server.definition("tbl")->arn();
    EXPECT_FALSE(server.run<PutResourcePolicy>(put_of(arn, "{")));
    for (const auto& [resource, fits] : std::vector<std::pair<std::string, bool>>{
             {arn, true},
             {arn + "/index/*", true},
             {"*", true},
             {"arn:aws:dynamodb:*:123456789012:table/t?l", true},
             {arn + "2", false},
             {arn + "/stream/*", false},
             {"arn:aws:dynamodb:eu-central-1:999999999999:table/tbl", false}}) {
        const auto put = server.run<PutResourcePolicy>(put_of(
            arn, fmt::format(R"({{"Statement":[{{"Effect":"Allow","Principal":{{"AWS":)"
                             R"("999999999999"}},"Action":"dynamodb:GetItem","Resource":"{}"}}]}})",
                             resource)));
        EXPECT_EQ(put.has_value(), fits) << resource;
        if (!fits) {
            EXPECT_EQ(put.error().message,
                      "One or more parameter values were invalid: Invalid policy document: The "
                      "following resources are invalid: \"" +
                          resource + "\"");
        }
    }
    EXPECT_FALSE(server.run<PutResourcePolicy>(put_of(arn, std::string(20'481, ' '))));
    EXPECT_EQ(server.run<PutResourcePolicy>(put_of(arn + "x", kOther)).error().code,
              "ResourceNotFoundException");
    auto deny = put_of(arn, kDenyAll);
    EXPECT_EQ(server.run<PutResourcePolicy>(deny).error().code, "ValidationException");
    deny.confirm_remove_self_resource_access = true;
    EXPECT_TRUE(server.run<PutResourcePolicy>(deny));
}

// The document comes along with whatever is asked about the table, also after a new table was made.
TEST(ResourcePolicy, IsAskedForWithTheTable) {
    Server server;
    server.create_table("tbl");
    const auto policy_of = [&] {
        GetItem::Input input;
        input.table_name = "tbl";
        input.key = from_json(R"({"pk":{"S":"a"}})");
        AuthzRequests requests;
        server.store->run([&](store::Txn& txn) {
            requests.clear();
            OpContext context(txn, server.clock, server.rng, server.request);
            EXPECT_TRUE(GetItem::authorize(server.service, context, input, requests));
            return store::TxnDecision::kRollback;
        });
        return requests.at(0).resource_policy;
    };
    EXPECT_EQ(policy_of(), nullptr);
    ASSERT_TRUE(server.run<PutResourcePolicy>(put_of(server.definition("tbl")->arn(), kOther)));
    ASSERT_NE(policy_of(), nullptr);
    EXPECT_EQ(policy_of()->statements.size(), 1u);
    DeleteTable::Input remove;
    remove.table_name = "tbl";
    ASSERT_TRUE(server.run<DeleteTable>(remove));
    server.create_table("tbl");
    EXPECT_EQ(policy_of(), nullptr);
}

// One that a later version cannot read must not lose its denials.
TEST(ResourcePolicy, AnUnreadableOneDenies) {
    Server server;
    server.create_table("tbl");
    server.store->run([&](store::Txn& txn) {
        Table table = *server.definition("tbl");
        table.policy = "{";
        server.service.catalog().put(txn, table);
        return store::TxnDecision::kCommit;
    });
    DynamoDbService next(*server.store, server.clock, server.rng, server.hub, server.objects);
    server.store->run([&](store::Txn& txn) {
        const TableRef table =
            next.catalog().load(txn, {server.request.account_id, server.request.region, "tbl"});
        EXPECT_TRUE(table->parsed_policy && !table->parsed_policy->statements.at(0).allow);
        return store::TxnDecision::kRollback;
    });
}

TEST(TableOptions, WhatIsNotDoneIsRefused) {
    Server server;
    server.create_table("tbl");
    UpdateTable::Input update;
    update.table_name = "tbl";
    update.deletion_protection_enabled = false;
    ASSERT_TRUE(server.run<UpdateTable>(update));
    update.sse_specification.emplace().enabled = true;
    EXPECT_EQ(server.run<UpdateTable>(update).error().code, "ValidationException");
    update.sse_specification->enabled = false;
    EXPECT_TRUE(server.run<UpdateTable>(update)) << "the key of AWS is the default";
    update.warm_throughput.emplace().read_units_per_second = 20'000;
    EXPECT_EQ(server.run<UpdateTable>(update).error().code, "ValidationException");
}

}  // namespace
}  // namespace millrace::dynamodb
