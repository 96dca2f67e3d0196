// Backups and restores as operations and workers do them.
#include "services/dynamodb/backup/backups.h"

#include <set>

#include "services/dynamodb/testing.h"
#include "services/dynamodb/workers/backup_jobs.h"
#include "services/dynamodb/workers/upkeep.h"

namespace millrace::dynamodb {
namespace {

using testing::from_json;
using testing::Server;

class BackupsTest : public ::testing::Test {
protected:
    BackupsTest() { server.create_table("table", "N"); }

    void fill(int from, int to, int v = 0) {
        for (int i = from; i < to; ++i) {
            ASSERT_TRUE(server.put(
                "table", fmt::format(R"({{"pk":{{"S":"p{}"}},"sk":{{"N":"{}"}},"v":{{"N":"{}"}}}})",
                                     i % 7, i, v)));
        }
    }
    void add_index() {
        server.store->run([&](store::Txn& txn) {
            Table table = *server.service.catalog().load(
                txn, {server.request.account_id, server.request.region, "table"});
            Index index;
            index.name = "by-v";
            index.id = 99;
            index.keys.hash = {"v", item::Type::kNumber};
            table.definitions.push_back(index.keys.hash);
            table.indexes.push_back(index);
            server.service.catalog().put(txn, table);
            return store::TxnDecision::kCommit;
        });
    }
    void recovery(bool enabled) {
        UpdateContinuousBackups::Input input;
        input.table_name = "table";
        input.point_in_time_recovery_specification.emplace();
        input.point_in_time_recovery_specification->point_in_time_recovery_enabled = enabled;
        const auto result = server.run<UpdateContinuousBackups>(input);
        ASSERT_TRUE(result) << result.error().message;
    }
    std::string backup(const std::string& name = "backup") {
        CreateBackup::Input input;
        input.table_name = "table";
        input.backup_name = name;
        const auto result = server.run<CreateBackup>(input);
        EXPECT_TRUE(result) << (result ? "" : result.error().message);
        EXPECT_EQ(result->backup_details->backup_status, "CREATING");
        return *result->backup_details->backup_arn;
    }
    RestoreTableFromBackup::Input restore_input(const std::string& arn, const std::string& name) {
        RestoreTableFromBackup::Input input;
        input.backup_arn = arn;
        input.target_table_name = name;
        return input;
    }
    RestoreTableToPointInTime::Input recover_input(std::optional<TimePoint> time,
                                                   const std::string& name) {
        RestoreTableToPointInTime::Input input;
        input.source_table_name = "table";
        input.target_table_name = name;
        input.restore_date_time = time;
        if (!time) input.use_latest_restorable_time = true;
        return input;
    }
    void work() {
        BackupJobs jobs(server.service);
        server.work(jobs);
    }
    std::set<std::string> items(const std::string& table) {
        Scan::Input input;
        input.table_name = table;
        std::set<std::string> out;
        for (;;) {
            const auto page = server.run<Scan>(input);
            EXPECT_TRUE(page) << (page ? "" : page.error().message);
            if (!page) return out;
            for (const item::Item& item : *page->items) out.insert(item::to_json(item.view()));
            if (!page->last_evaluated_key) return out;
            input.exclusive_start_key = page->last_evaluated_key;
        }
    }
    model::dynamodb::TableDescription describe(const std::string& table) {
        DescribeTable::Input input;
        input.table_name = table;
        const auto result = server.run<DescribeTable>(input);
        EXPECT_TRUE(result);
        return *result->table;
    }
    template <class Op>
    std::string code_of(const typename Op::Input& input) {
        const auto result = server.run<Op>(input);
        return result ? "ok" : result.error().code;
    }

    Server server;
};

TEST_F(BackupsTest, BackupIsOfItsMomentAndOutlivesItsTable) {
    fill(0, 1200);
    const auto before = items("table");
    const std::string arn = backup();
    // Written before the copy has begun, and while it is under way.
    fill(600, 700, 1);
    BackupJobs jobs(server.service);
    jobs.step(server.clock.now());
    fill(0, 50, 2);
    fill(1200, 1250);
    DeleteBackup::Input remove;
    remove.backup_arn = arn;
    EXPECT_EQ(code_of<DeleteBackup>(remove), "BackupInUseException");
    DeleteTable::Input drop;
    drop.table_name = "table";
    EXPECT_EQ(code_of<DeleteTable>(drop), "ResourceInUseException");
    EXPECT_EQ(code_of<RestoreTableFromBackup>(restore_input(arn, "early")), "BackupInUseException");
    server.work(jobs);
    DescribeBackup::Input describe_input;
    describe_input.backup_arn = arn;
    const auto described = server.run<DescribeBackup>(describe_input);
    ASSERT_TRUE(described);
    EXPECT_EQ(described->backup_description->backup_details->backup_status, "AVAILABLE");
    EXPECT_EQ(described->backup_description->source_table_details->item_count, 1200);
    EXPECT_FALSE(server.definition("table")->history.kept());

    ASSERT_TRUE(server.run<DeleteTable>(drop));
    TableDeletion deletion(server.service);
    server.work(deletion);
    ASSERT_TRUE(server.run<RestoreTableFromBackup>(restore_input(arn, "restored")));
    EXPECT_EQ(code_of<RestoreTableFromBackup>(restore_input(arn, "restored")),
              "TableAlreadyExistsException");
    EXPECT_EQ(describe("restored").table_status, "CREATING");
    EXPECT_TRUE(*describe("restored").restore_summary->restore_in_progress);
    Scan::Input scan;
    scan.table_name = "restored";
    EXPECT_EQ(code_of<Scan>(scan), "ResourceNotFoundException");
    EXPECT_EQ(code_of<DeleteBackup>(remove), "BackupInUseException");
    work();
    EXPECT_EQ(items("restored"), before);
    EXPECT_EQ(describe("restored").table_status, "ACTIVE");
    EXPECT_EQ(describe("restored").item_count, 1200);
    EXPECT_FALSE(*describe("restored").restore_summary->restore_in_progress);

    ASSERT_TRUE(server.run<DeleteBackup>(remove));
    EXPECT_EQ(code_of<DescribeBackup>(describe_input), "BackupNotFoundException");
    server.work(deletion);
    HistoryTrimmer trimmer(server.service);
    server.work(trimmer);
    EXPECT_EQ(server.rows(store::Space::kItems), 1200u);
    EXPECT_EQ(server.rows(store::Space::kHistory), 0u);
    EXPECT_EQ(server.rows(store::Space::kBackups), 0u);
}

TEST_F(BackupsTest, JobsGoOnAfterACrash) {
    recovery(true);
    fill(0, 1500);
    const auto before = items("table");
    const std::string arn = backup();
    // Every step by a worker of a new process.
    for (int step = 0; step < 3; ++step) {
        FakeClock clock(server.clock.now());
        DynamoDbService service(*server.store, clock, server.rng, server.hub, server.objects);
        BackupJobs(service).step(clock.now());
        server.clock.advance(std::chrono::seconds(1));
    }
    work();
    fill(0, 100, 1);
    ASSERT_TRUE(server.run<RestoreTableFromBackup>(restore_input(arn, "restored")));
    for (int step = 0; step < 10; ++step) BackupJobs(server.service).step(server.clock.now());
    EXPECT_EQ(items("restored"), before);
    EXPECT_EQ(describe("restored").item_count, 1500);
}

TEST_F(BackupsTest, RecoversAnExactSecondWithItsIndexes) {
    add_index();
    recovery(true);
    server.clock.advance(std::chrono::seconds(5));
    fill(0, 700);
    const auto first = items("table");
    const TimePoint then = server.clock.now();
    server.clock.advance(std::chrono::seconds(1));
    fill(0, 200, 1);
    fill(700, 800, 1);
    const auto second = items("table");
    server.clock.advance(std::chrono::seconds(1));

    for (const auto& input :
         {recover_input(then, "first"), recover_input(std::nullopt, "second")}) {
        const auto started = server.run<RestoreTableToPointInTime>(input);
        ASSERT_TRUE(started) << started.error().message;
    }
    fill(0, 800, 2);
    const size_t index_rows = server.rows(store::Space::kGsi);
    EXPECT_EQ(index_rows, 800u);
    work();
    EXPECT_EQ(items("first"), first);
    EXPECT_EQ(items("second"), second);
    EXPECT_EQ(server.rows(store::Space::kGsi), index_rows + 700 + 800);
    EXPECT_EQ(describe("first").item_count, 700);
    EXPECT_EQ(describe("first").global_secondary_indexes->at(0).index_name, "by-v");
    EXPECT_NE(server.definition("first")->indexes[0].id, 99u);

    auto without = recover_input(then, "plain");
    without.global_secondary_index_override.emplace();
    ASSERT_TRUE(server.run<RestoreTableToPointInTime>(without));
    EXPECT_TRUE(server.definition("plain")->indexes.empty());
    EXPECT_EQ(server.definition("plain")->definitions.size(), 2u);
    auto wrong = recover_input(then, "wrong");
    wrong.global_secondary_index_override.emplace().emplace_back();
    wrong.global_secondary_index_override->back().index_name = "other";
    wrong.global_secondary_index_override->back().key_schema = {
        {{.attribute_name = "v", .key_type = "HASH"}}};
    wrong.global_secondary_index_override->back().projection.emplace().projection_type = "ALL";
    EXPECT_EQ(code_of<RestoreTableToPointInTime>(wrong), "ValidationException");
    auto provisioned = recover_input(then, "provisioned");
    provisioned.billing_mode_override = "PROVISIONED";
    EXPECT_EQ(code_of<RestoreTableToPointInTime>(provisioned), "ValidationException");
    provisioned.global_secondary_index_override.emplace();
    provisioned.provisioned_throughput_override = {.read_capacity_units = 3,
                                                   .write_capacity_units = 4};
    ASSERT_TRUE(server.run<RestoreTableToPointInTime>(provisioned));
    EXPECT_EQ(describe("provisioned").provisioned_throughput->write_capacity_units, 4);
}

TEST_F(BackupsTest, DeletingABackupLeavesTheLiveTablesIndexes) {
    add_index();
    fill(0, 50);
    DeleteBackup::Input remove;
    remove.backup_arn = backup();
    work();
    EXPECT_EQ(server.rows(store::Space::kItems), 100u);
    ASSERT_TRUE(server.run<DeleteBackup>(remove));
    TableDeletion deletion(server.service);
    server.work(deletion);
    EXPECT_EQ(server.rows(store::Space::kItems), 50u);
    EXPECT_EQ(server.rows(store::Space::kGsi), 50u);
    Scan::Input scan;
    scan.table_name = "table";
    scan.index_name = "by-v";
    EXPECT_EQ(server.run<Scan>(scan)->items->size(), 50u);
}

TEST_F(BackupsTest, TimesOutsideOfTheWindow) {
    EXPECT_EQ(code_of<RestoreTableToPointInTime>(recover_input(std::nullopt, "new")),
              "PointInTimeRecoveryUnavailableException");
    server.clock.advance(std::chrono::milliseconds(300));
    recovery(true);
    // The second in which recovery began is not whole.
    EXPECT_EQ(code_of<RestoreTableToPointInTime>(recover_input(server.clock.now(), "new")),
              "InvalidRestoreTimeException");
    server.clock.advance(std::chrono::hours(24 * 40));
    const TimePoint now = server.clock.now();
    EXPECT_EQ(code_of<RestoreTableToPointInTime>(
                  recover_input(now - std::chrono::hours(24 * 35 + 1), "new")),
              "InvalidRestoreTimeException");
    EXPECT_EQ(
        code_of<RestoreTableToPointInTime>(recover_input(now + std::chrono::seconds(2), "new")),
        "InvalidRestoreTimeException");
    EXPECT_EQ(
        code_of<RestoreTableToPointInTime>(recover_input(now - std::chrono::hours(24 * 34), "new")),
        "ok");
    DescribeContinuousBackups::Input describe_input;
    describe_input.table_name = "table";
    const auto described = server.run<DescribeContinuousBackups>(describe_input);
    const auto& shown =
        *described->continuous_backups_description->point_in_time_recovery_description;
    EXPECT_EQ(shown.point_in_time_recovery_status, "ENABLED");
    EXPECT_EQ(shown.recovery_period_in_days, 35);
    EXPECT_EQ(epoch_seconds(*shown.latest_restorable_date_time), epoch_seconds(now));
    describe_input.table_name = "other";
    EXPECT_EQ(code_of<DescribeContinuousBackups>(describe_input), "TableNotFoundException");
}

TEST_F(BackupsTest, DeletedTableLeavesASystemBackupForAWhile) {
    fill(0, 10);
    recovery(true);
    fill(0, 5, 1);
    const auto last = items("table");
    DeleteTable::Input drop;
    drop.table_name = "table";
    ASSERT_TRUE(server.run<DeleteTable>(drop));
    server.create_table("table", "N");  // a new one of the name has nothing to do with it
    ListBackups::Input list;
    EXPECT_TRUE(server.run<ListBackups>(list)->backup_summaries->empty());
    list.backup_type = "SYSTEM";
    const auto listed = server.run<ListBackups>(list);
    ASSERT_EQ(listed->backup_summaries->size(), 1u);
    const auto& summary = listed->backup_summaries->front();
    EXPECT_EQ(summary.backup_name, "table$DeletedTableBackup");
    TableDeletion deletion(server.service);
    server.work(deletion);
    ASSERT_TRUE(server.run<RestoreTableFromBackup>(restore_input(*summary.backup_arn, "restored")));
    work();
    EXPECT_EQ(items("restored"), last);
    RecordSweeper sweeper(server.service);
    server.work(sweeper);
    EXPECT_EQ(server.run<ListBackups>(list)->backup_summaries->size(), 1u);
    server.clock.advance(kSystemBackupKept);
    server.work(sweeper);
    server.work(deletion);
    EXPECT_TRUE(server.run<ListBackups>(list)->backup_summaries->empty());
    EXPECT_EQ(server.rows(store::Space::kItems), 10u);
}

TEST_F(BackupsTest, ListPagesAndFilters) {
    std::vector<std::string> arns;
    for (int i = 0; i < 5; ++i) {
        arns.push_back(backup(fmt::format("backup-{}", i)));
        server.clock.advance(std::chrono::seconds(10));
    }
    ListBackups::Input list;
    list.table_name = "table";
    list.limit = 2;
    std::vector<std::string> seen;
    for (;;) {
        const auto page = server.run<ListBackups>(list);
        ASSERT_TRUE(page);
        for (const auto& entry : *page->backup_summaries) seen.push_back(*entry.backup_arn);
        if (!page->last_evaluated_backup_arn) break;
        list.exclusive_start_backup_arn = page->last_evaluated_backup_arn;
    }
    EXPECT_EQ(seen, arns);
    ListBackups::Input ranged;
    ranged.time_range_lower_bound = server.clock.now() - std::chrono::seconds(40);
    ranged.time_range_upper_bound = server.clock.now() - std::chrono::seconds(20);
    EXPECT_EQ(server.run<ListBackups>(ranged)->backup_summaries->size(), 2u);
    ranged.table_name = "other";
    EXPECT_TRUE(server.run<ListBackups>(ranged)->backup_summaries->empty());
}

TEST_F(BackupsTest, RightsOnBothTables) {
    recovery(true);
    const auto input = recover_input(std::nullopt, "copy");
    const auto policy = [](std::string_view actions, std::string_view resource) {
        return fmt::format(
            R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":{},"Resource":"arn:aws:dynamodb:*:*:table/{}"}}]}})",
            actions, resource);
    };
    EXPECT_TRUE(server.allows<RestoreTableToPointInTime>(policy(R"("dynamodb:*")", "*"), input));
    EXPECT_FALSE(
        server.allows<RestoreTableToPointInTime>(policy(R"("dynamodb:*")", "table"), input));
    EXPECT_FALSE(server.allows<RestoreTableToPointInTime>(
        policy(R"("dynamodb:RestoreTableToPointInTime")", "*"), input));
}

TEST(BackupRecords, GoldenBytes) {
    Job job;
    job.kind = JobKind::kExport;
    job.table = {"1", "r", "t"};
    job.id = "id";
    job.live_source = true;
    job.cut = Cut{from_epoch_ms(1), 2, from_epoch_ms(1)};
    job.position = "p";
    job.number = 3;
    const std::string bytes = encode_job(job);
    const std::string table = encode_table(job.source);
    std::string expected = codec::hex_decode("0103013101720174026964").value();
    append_bytes(expected, table);
    expected += codec::hex_decode(
                    "01"
                    "01"
                    "00000000000003e8"
                    "0000000000000002"
                    "00000000000003e8"
                    "00"
                    "0170"
                    "0000000000000003"
                    "00"
                    "0000000000000000"
                    "0000000000000000")
                    .value();
    EXPECT_EQ(codec::hex_encode(bytes), codec::hex_encode(expected));
    EXPECT_EQ(encode_job(*decode_job(bytes)), bytes);
    EXPECT_FALSE(decode_job(bytes.substr(0, bytes.size() - 1)));
    EXPECT_FALSE(decode_job(bytes + "new"));
}

}  // namespace
}  // namespace millrace::dynamodb
