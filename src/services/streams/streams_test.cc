// DynamoDB Streams over records written as services/dynamodb writes them.
#include <gtest/gtest.h>

#include <memory>

#include "item/json.h"
#include "model/validate.h"
#include "services/streams/operations.h"
#include "services/streams/position.h"
#include "store/mem/mem_store.h"

namespace millrace::streams {
namespace {

using contracts::StreamEvent;
using contracts::StreamViewType;

item::Item from_json(std::string_view json) {
    auto item = item::parse_json_item(json);
    EXPECT_TRUE(item);
    return *std::move(item);
}

class Streams : public ::testing::Test {
protected:
    Streams() {
        caller_->kind = contracts::PrincipalKind::kUser;
        caller_->account_id = "123456789012";
        request_.account_id = caller_->account_id;
        request_.region = "eu-central-1";
        request_.caller = caller_;
        row_.id = 7;
        row_.account = request_.account_id;
        row_.region = request_.region;
        row_.table_name = "tbl";
        row_.label = "2026-01-01T00:00:00.000";
        row_.view_type = StreamViewType::kNewAndOld;
        row_.created = clock_.now();
        row_.hash_name = "pk";
        row_.shards.push_back({.number = 1, .id = "shardId-00000000000000000001-00000001"});
        write_row();
    }

    void write_row() {
        store_->run([&](store::Txn& txn) {
            txn.put(contracts::stream_key(row_.account, row_.region, row_.table_name, row_.label),
                    encode_stream_row(row_));
            return store::TxnDecision::kCommit;
        });
    }
    void close_shard() {
        row_.enabled = false;
        row_.disabled = clock_.now();
        row_.shards[0].closed = clock_.now();
        write_row();
    }
    void append(int number, uint32_t shard = 1) {
        const item::Item keys = from_json(R"({"pk":{"S":")" + std::to_string(number) + R"("}})");
        contracts::StoredStreamRecord record;
        record.event = StreamEvent::kInsert;
        record.view_type = row_.view_type;
        record.by_ttl = number == 99;
        record.created = clock_.now();
        record.size_bytes = 3;
        record.keys = keys;
        record.new_image = keys.view();
        store_->run([&](store::Txn& txn) {
            txn.append(contracts::stream_log(row_.id, shard), encode_stream_record(record));
            return store::TxnDecision::kCommit;
        });
    }

    template <class Op>
    Result<typename Op::Output> run(const typename Op::Input& input) {
        const auto* descriptor =
            model::find_operation(model::dynamodbstreams::kService, Op::kTraits.name);
        MR_CHECK_OK(model::validate(*descriptor, &input));
        MR_CHECK_OK(Op::check(input));
        std::optional<Result<typename Op::Output>> result;
        store_->run([&](store::Txn& txn) {
            contracts::OpContext context(txn, clock_, rng_, request_);
            auto outcome = Op::run(service_, context, input);
            if (outcome.is_error()) {
                result.emplace(outcome.error());
            } else {
                result.emplace(std::move(outcome.value()));
            }
            return store::TxnDecision::kRollback;
        });
        return *std::move(result);
    }
    Result<std::string> iterator(std::string type, std::optional<std::string> number = {}) {
        GetShardIterator::Input input;
        input.stream_arn = contracts::stream_arn(row_);
        input.shard_id = row_.shards[0].id;
        input.shard_iterator_type = std::move(type);
        input.sequence_number = std::move(number);
        MR_TRY(const auto output, run<GetShardIterator>(input));
        return *output.shard_iterator;
    }
    Result<GetRecords::Output> read(const std::string& from, int limit = 1000) {
        GetRecords::Input input;
        input.shard_iterator = from;
        input.limit = limit;
        return run<GetRecords>(input);
    }
    // The partition keys of the records.
    static std::string keys_of(const GetRecords::Output& output) {
        std::string keys;
        for (const auto& record : *output.records)
            keys.append(record.dynamodb->keys->find("pk").string()).append(" ");
        return keys;
    }
    void trim() {
        for (int i = 0; i < 100 && trimmer_->step(clock_.now()) <= clock_.now(); ++i) {
        }
    }

    FakeClock clock_;
    SeededRng rng_{1};
    std::unique_ptr<store::Store> store_ = store::make_mem_store(clock_);
    StreamsService service_{*store_, clock_, std::string(32, 'k')};
    std::unique_ptr<contracts::Worker> trimmer_ = service_.make_trimmer();
    contracts::RequestInfo request_;
    std::shared_ptr<contracts::Caller> caller_ = std::make_shared<contracts::Caller>();
    contracts::StreamRow row_;
};

TEST(SequenceNumbers, OrderAsRecordsAndReadBack) {
    std::string previous;
    for (const store::Version version :
         {store::Version{1, 0}, {1, 1}, {1, 25}, {2, 0}, {10, 3}, {99'999'999'999'999, 7}}) {
        const std::string number = sequence_number(version);
        EXPECT_GE(number.size(), 21u);
        EXPECT_LT(previous, number);
        EXPECT_EQ(parse_sequence_number(number), version);
        previous = number;
    }
    for (const char* text : {"", "1", "abc", "2000000000000000000000", "1000000000000000000-1"})
        EXPECT_FALSE(parse_sequence_number(text).has_value()) << text;
}

TEST_F(Streams, PagesFromEveryKindOfPosition) {
    append(1);
    const auto latest = iterator("LATEST");
    append(2);
    append(3);
    const auto first = read(*iterator("TRIM_HORIZON"), 2);
    ASSERT_TRUE(first);
    EXPECT_EQ(keys_of(*first), "1 2 ");
    const auto rest = read(*first->next_shard_iterator, 2);
    EXPECT_EQ(keys_of(*rest), "3 ");
    EXPECT_EQ(keys_of(*read(*rest->next_shard_iterator)), "");
    EXPECT_EQ(keys_of(*read(*latest)), "2 3 ");
    const std::string number = *first->records->at(1).dynamodb->sequence_number;
    EXPECT_EQ(keys_of(*read(*iterator("AT_SEQUENCE_NUMBER", number))), "2 3 ");
    EXPECT_EQ(keys_of(*read(*iterator("AFTER_SEQUENCE_NUMBER", number))), "3 ");
    EXPECT_FALSE(iterator("AT_SEQUENCE_NUMBER"));
    EXPECT_FALSE(iterator("LATEST", number));
}

TEST_F(Streams, OnlyExpiredItemsHaveAnIdentity) {
    append(1);
    append(99);
    const auto output = read(*iterator("TRIM_HORIZON"));
    EXPECT_FALSE(output->records->at(0).user_identity.has_value());
    EXPECT_EQ(output->records->at(1).user_identity->principal_id, "dynamodb.amazonaws.com");
}

TEST_F(Streams, IteratorsExpireAndCannotBeForged) {
    const std::string good = *iterator("TRIM_HORIZON");
    std::string forged = good;
    forged[4] = forged[4] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(read(forged));
    clock_.advance(std::chrono::minutes(16));
    EXPECT_EQ(read(good).error().code, "ExpiredIteratorException");
}

TEST_F(Streams, AClosedShardEndsAfterItsLastRecord) {
    append(1);
    close_shard();
    const auto first = read(*iterator("TRIM_HORIZON"));
    EXPECT_EQ(keys_of(*first), "1 ");
    EXPECT_FALSE(first->next_shard_iterator.has_value());
    EXPECT_FALSE(read(*iterator("LATEST"))->next_shard_iterator.has_value());
}

TEST_F(Streams, ChildrenFollowTheirParentAndOutliveIt) {
    append(1);
    row_.shards[0].closed = clock_.now();
    for (const uint32_t number : {2u, 3u}) {
        contracts::StreamShardRow child;
        child.number = number;
        child.id = "shardId-00000000000000000002-0000000" + std::to_string(number);
        child.parent_id = row_.shards[0].id;
        child.hash_from = (number - 2) * (uint64_t{1} << 63);
        row_.shards.push_back(child);
    }
    write_row();
    clock_.advance(std::chrono::hours(1));
    append(2, 2);

    DescribeStream::Input input;
    input.stream_arn = contracts::stream_arn(row_);
    const auto shards = *run<DescribeStream>(input)->stream_description->shards;
    ASSERT_EQ(shards.size(), 3u);
    EXPECT_EQ(shards[1].parent_shard_id, shards[0].shard_id);
    const auto& parent = *shards[0].sequence_number_range;
    EXPECT_EQ(parent.ending_sequence_number,
              sequence_number(store_->log_end(contracts::stream_log(row_.id, 1))));
    for (const size_t child : {1, 2}) {
        const auto& range = *shards[child].sequence_number_range;
        EXPECT_GT(*range.starting_sequence_number, *parent.ending_sequence_number);
        EXPECT_FALSE(range.ending_sequence_number.has_value());
    }
    input.shard_filter.emplace().type = "CHILD_SHARDS";
    EXPECT_FALSE(run<DescribeStream>(input)) << "children of which?";
    input.shard_filter->shard_id = shards[0].shard_id;
    input.limit = 1;
    const auto page = run<DescribeStream>(input);
    EXPECT_EQ(page->stream_description->shards->at(0).shard_id, shards[1].shard_id);
    input.exclusive_start_shard_id = page->stream_description->last_evaluated_shard_id;
    EXPECT_EQ(run<DescribeStream>(input)->stream_description->shards->at(0).shard_id,
              shards[2].shard_id);
    input.shard_filter->shard_id = shards[1].shard_id;
    EXPECT_TRUE(run<DescribeStream>(input)->stream_description->shards->empty());

    // The parent goes when its records are gone; its child begins where it did.
    clock_.advance(std::chrono::minutes(23 * 60 + 30));
    trim();
    clock_.advance(std::chrono::minutes(2));
    trim();
    DescribeStream::Input again;
    again.stream_arn = contracts::stream_arn(row_);
    const auto left = *run<DescribeStream>(again)->stream_description->shards;
    ASSERT_EQ(left.size(), 2u);
    EXPECT_EQ(left[0].shard_id, shards[1].shard_id);
    EXPECT_EQ(left[0].parent_shard_id, shards[0].shard_id);
    EXPECT_EQ(left[0].sequence_number_range->starting_sequence_number,
              shards[1].sequence_number_range->starting_sequence_number);
    const auto for_functions = service_.shards(contracts::stream_arn(row_));
    ASSERT_EQ(for_functions->size(), 2u);
    EXPECT_FALSE(for_functions->at(0).closed);
}

TEST_F(Streams, APolicyOfTheStreamIsAskedForWithIt) {
    row_.policy = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",)"
                  R"("Action":"dynamodb:GetRecords","Resource":"*"}]})";
    write_row();
    DescribeStream::Input input;
    input.stream_arn = contracts::stream_arn(row_);
    store_->run([&](store::Txn& txn) {
        contracts::OpContext context(txn, clock_, rng_, request_);
        contracts::AuthzRequests requests;
        EXPECT_TRUE(DescribeStream::authorize(service_, context, input, requests));
        EXPECT_NE(requests.at(0).resource_policy, nullptr);
        return store::TxnDecision::kRollback;
    });
}

TEST_F(Streams, TrimmedPositionsAreRefused) {
    append(1);
    append(2);
    const auto old = read(*iterator("TRIM_HORIZON"), 1);
    const std::string number = *old->records->at(0).dynamodb->sequence_number;
    clock_.advance(std::chrono::hours(25));
    append(3);
    // Too old, though not yet dropped.
    EXPECT_EQ(keys_of(*read(*iterator("TRIM_HORIZON"))), "3 ");
    trim();
    EXPECT_EQ(iterator("AT_SEQUENCE_NUMBER", number).error().code, "TrimmedDataAccessException");
    const auto kept = read(*iterator("TRIM_HORIZON"));
    EXPECT_EQ(keys_of(*kept), "3 ");
    EXPECT_EQ(keys_of(*read(*iterator("AT_SEQUENCE_NUMBER",
                                      *kept->records->at(0).dynamodb->sequence_number))),
              "3 ");
    // Where DescribeStream says that the shard begins, one can begin.
    DescribeStream::Input describe;
    describe.stream_arn = contracts::stream_arn(row_);
    const auto described = run<DescribeStream>(describe);
    EXPECT_EQ(keys_of(*read(*iterator("AT_SEQUENCE_NUMBER",
                                      described->stream_description->shards->at(0)
                                          .sequence_number_range->starting_sequence_number))),
              "3 ");
}

// A disabled stream goes when its last record is gone, and leaves nothing.
TEST_F(Streams, ADisabledStreamIsDroppedWhole) {
    for (int i = 0; i < 2500; ++i) append(i % 90);
    close_shard();
    clock_.advance(std::chrono::hours(25));
    trim();
    EXPECT_TRUE(store_->read_log(contracts::stream_log(row_.id, 1), {}, 10, 1 << 20).empty());
    clock_.advance(std::chrono::minutes(2));
    trim();
    EXPECT_EQ(
        iterator("TRIM_HORIZON").error().message,
        "Requested resource not found: Stream: " + contracts::stream_arn(row_) + " not found");
    size_t rows = 0;
    store_->run([&](store::Txn& txn) {
        rows = 0;
        txn.scan_space(store::Space::kStreams, "", "", "",
                       [&](std::string_view, std::string_view, std::string_view) {
                           rows += 1;
                           return true;
                       });
        return store::TxnDecision::kRollback;
    });
    EXPECT_EQ(rows, 0u);
}

TEST_F(Streams, AnotherAccountsStreamIsAskedForAsTheirs) {
    DescribeStream::Input input;
    input.stream_arn = contracts::stream_arn("999999999999", "eu-central-1", "tbl", row_.label);
    store_->run([&](store::Txn& txn) {
        contracts::OpContext context(txn, clock_, rng_, request_);
        contracts::AuthzRequests requests;
        EXPECT_TRUE(DescribeStream::authorize(service_, context, input, requests));
        EXPECT_EQ(requests.at(0).resource_account, "999999999999");
        return store::TxnDecision::kRollback;
    });
}

TEST_F(Streams, ListStreams) {
    ListStreams::Input input;
    input.table_name = "tbl";
    ASSERT_EQ(run<ListStreams>(input)->streams->size(), 1u);
    EXPECT_EQ(run<ListStreams>(input)->streams->at(0).stream_arn, contracts::stream_arn(row_));
    input.table_name = "other";
    EXPECT_TRUE(run<ListStreams>(input)->streams->empty());
}

// Records that are too old but not yet dropped fill a whole page: that is not the end.
TEST_F(Streams, FunctionsReadOnBehindExpiredRecords) {
    for (int i = 0; i < 5; ++i) append(i);
    clock_.advance(std::chrono::hours(25));
    append(7);
    row_.shards[0].closed = clock_.now();
    write_row();
    store::Version after;
    std::vector<std::string> seen;
    for (;;) {
        const auto page =
            service_.read(contracts::stream_arn(row_), row_.shards[0].id, after, 2, 1 << 20);
        ASSERT_TRUE(page);
        for (const auto& record : page->records) seen.push_back(record.sequence_number);
        if (page->read_to == after) break;
        after = page->read_to;
    }
    const auto end = store_->log_end(contracts::stream_log(row_.id, 1));
    EXPECT_EQ(seen, std::vector<std::string>{sequence_number(end)});
    EXPECT_EQ(after, end);
}

TEST_F(Streams, AnUnreadablePolicyDenies) {
    row_.policy = "{";
    write_row();
    DescribeStream::Input input;
    input.stream_arn = contracts::stream_arn(row_);
    store_->run([&](store::Txn& txn) {
        contracts::OpContext context(txn, clock_, rng_, request_);
        contracts::AuthzRequests requests;
        EXPECT_TRUE(DescribeStream::authorize(service_, context, input, requests));
        EXPECT_NE(requests.at(0).resource_policy, nullptr);
        return store::TxnDecision::kRollback;
    });
}

TEST_F(Streams, EventsForFunctions) {
    append(1);
    const auto shards = service_.shards(contracts::stream_arn(row_));
    ASSERT_TRUE(shards);
    const auto records =
        service_.read(contracts::stream_arn(row_), shards->at(0).shard_id, {}, 10, 1 << 20);
    ASSERT_EQ(records->records.size(), 1u);
    const std::string& json = records->records[0].event_json;
    for (const char* part :
         {R"("eventName":"INSERT")", R"("eventVersion":"1.1")", R"("eventSource":"aws:dynamodb")",
          R"("awsRegion":"eu-central-1")", R"("NewImage":{"pk":{"S":"1"}})",
          R"("StreamViewType":"NEW_AND_OLD_IMAGES")",
          R"("eventSourceARN":"arn:aws:dynamodb:eu-central-1:123456789012:table/tbl/stream/)"}) {
        EXPECT_NE(json.find(part), std::string::npos) << part << " in " << json;
    }
    EXPECT_EQ(json.find("userIdentity"), std::string::npos);
}

}  // namespace
}  // namespace millrace::streams
