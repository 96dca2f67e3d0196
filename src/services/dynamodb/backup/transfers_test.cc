// Exports to and imports from buckets.
#include "services/dynamodb/backup/transfers.h"

#include <set>

#include "codec/base64.h"
#include "codec/gzip.h"
#include "services/dynamodb/backup/import_records.h"
#include "services/dynamodb/testing.h"
#include "services/dynamodb/workers/backup_jobs.h"
#include "services/dynamodb/workers/upkeep.h"

namespace millrace::dynamodb {
namespace {

using testing::from_json;
using testing::Server;

class TransfersTest : public ::testing::Test {
protected:
    TransfersTest() {
        server.objects.buckets["bucket"];
        server.create_table("table", "N");
        UpdateContinuousBackups::Input input;
        input.table_name = "table";
        input.point_in_time_recovery_specification.emplace();
        input.point_in_time_recovery_specification->point_in_time_recovery_enabled = true;
        EXPECT_TRUE(server.run<UpdateContinuousBackups>(input));
    }
    void put(int i, std::string_view text) {
        ASSERT_TRUE(server.put(
            "table",
            fmt::format(
                R"({{"pk":{{"S":"p{}"}},"sk":{{"N":"{}"}},"b":{{"B":"AAEC"}},"table":{{"S":"{}"}}}})",
                i % 5, i, text)));
    }
    ExportTableToPointInTime::Input export_input() {
        ExportTableToPointInTime::Input input;
        input.table_arn = server.definition("table")->arn();
        input.s3_bucket = "bucket";
        input.s3_prefix = "exports";
        return input;
    }
    model::dynamodb::ExportDescription run_export(const ExportTableToPointInTime::Input& input) {
        const auto started = server.run<ExportTableToPointInTime>(input);
        EXPECT_TRUE(started) << (started ? "" : started.error().message);
        if (!started) return {};
        EXPECT_EQ(started->export_description->export_status, "IN_PROGRESS");
        BackupJobs jobs(server.service);
        server.work(jobs);
        DescribeExport::Input describe;
        describe.export_arn = started->export_description->export_arn;
        return *server.run<DescribeExport>(describe)->export_description;
    }
    ImportTable::Input import_input(const std::string& prefix, std::string_view format,
                                    std::string_view compression) {
        ImportTable::Input input;
        input.s3_bucket_source.emplace();
        input.s3_bucket_source->s3_bucket = "bucket";
        input.s3_bucket_source->s3_key_prefix = prefix;
        input.input_format = std::string(format);
        input.input_compression_type = std::string(compression);
        auto& creation = input.table_creation_parameters.emplace();
        creation.table_name = "imported";
        creation.billing_mode = "PAY_PER_REQUEST";
        creation.attribute_definitions = {{{.attribute_name = "pk", .attribute_type = "S"},
                                           {.attribute_name = "sk", .attribute_type = "N"}}};
        creation.key_schema = {{{.attribute_name = "pk", .key_type = "HASH"},
                                {.attribute_name = "sk", .key_type = "RANGE"}}};
        return input;
    }
    model::dynamodb::ImportTableDescription run_import(const ImportTable::Input& input,
                                                       bool crash_between_steps = false) {
        const auto started = server.run<ImportTable>(input);
        EXPECT_TRUE(started) << (started ? "" : started.error().message);
        if (!started) return {};
        DescribeImport::Input describe;
        describe.import_arn = started->import_table_description->import_arn;
        BackupJobs jobs(server.service);
        for (int i = 0; crash_between_steps && i < 1000; ++i)
            BackupJobs(server.service).step(server.clock.now());
        if (!crash_between_steps) server.work(jobs);
        return *server.run<DescribeImport>(describe)->import_table_description;
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
    const std::string& object(const std::string& key) {
        return server.objects.buckets["bucket"][key];
    }
    std::string unpack(const std::string& packed) {
        bool too_large = false;
        return codec::gunzip(packed, 1 << 30, too_large).value_or("no gzip");
    }
    std::string folder(const model::dynamodb::ExportDescription& described) {
        const std::string& manifest = *described.export_manifest;
        return manifest.substr(0, manifest.rfind('/') + 1);
    }

    Server server;
};

TEST_F(TransfersTest, ExportAndImportGiveTheSameTable) {
    const std::string text(20'000, 'x');
    for (int i = 0; i < 700; ++i) put(i, i % 10 == 0 ? "\\u0000 \\\"quoted\\\" ü\\n" : text);
    const auto before = items("table");
    const auto started = server.run<ExportTableToPointInTime>(export_input());
    ASSERT_TRUE(started) << started.error().message;
    // Written while it is under way, by workers that each have but one step.
    for (int i = 0; i < 20; ++i) {
        put(i * 30, "later");
        BackupJobs(server.service).step(server.clock.now());
    }
    DescribeExport::Input describe;
    describe.export_arn = started->export_description->export_arn;
    const auto done = *server.run<DescribeExport>(describe)->export_description;
    EXPECT_EQ(done.export_status, "COMPLETED");
    EXPECT_EQ(done.item_count, 700);
    const std::string own = folder(done);
    EXPECT_TRUE(own.starts_with("exports/AWSDynamoDB/")) << own;
    EXPECT_TRUE(server.objects.buckets["bucket"].contains(own + "_started"));
    const std::string files = object(own + "manifest-files.json");
    EXPECT_EQ(object(own + "manifest-files.checksum"), codec::base64_encode(codec::md5(files)));
    EXPECT_EQ(object(own + "manifest-summary.checksum"),
              codec::base64_encode(codec::md5(object(own + "manifest-summary.json"))));
    EXPECT_NE(object(own + "manifest-summary.json").find(R"("itemCount":700)"), std::string::npos);
    // 700 items of 20 kB are more than one file.
    size_t data_files = 0;
    for (const auto& [key, bytes] : server.objects.buckets["bucket"]) {
        if (!key.starts_with(own + "data/")) continue;
        data_files += 1;
        EXPECT_NE(files.find(fmt::format(R"("md5Checksum":"{}")",
                                         codec::base64_encode(codec::md5(bytes)))),
                  std::string::npos);
        EXPECT_NE(files.find(key), std::string::npos);
    }
    EXPECT_EQ(data_files, 2u);
    EXPECT_EQ(server.definition("table")->history.readers, 0u);

    for (const bool crash : {false, true}) {
        const auto imported =
            run_import(import_input(own + "data/", "DYNAMODB_JSON", "GZIP"), crash);
        EXPECT_EQ(imported.import_status, "COMPLETED");
        EXPECT_EQ(imported.imported_item_count, 700);
        EXPECT_EQ(imported.error_count, 0);
        EXPECT_EQ(items("imported"), before);
        DescribeTable::Input table;
        table.table_name = "imported";
        EXPECT_EQ(server.run<DescribeTable>(table)->table->item_count, 700);
        DeleteTable::Input drop;
        drop.table_name = "imported";
        ASSERT_TRUE(server.run<DeleteTable>(drop));
    }
}

TEST_F(TransfersTest, IncrementalExport) {
    put(1, "old");
    put(2, "old");
    server.clock.advance(std::chrono::hours(1));
    const TimePoint from = server.clock.now();
    put(1, "new");
    put(3, "new");
    DeleteItem::Input remove;
    remove.table_name = "table";
    remove.key = from_json(R"({"pk":{"S":"p2"},"sk":{"N":"2"}})");
    ASSERT_TRUE(server.run<DeleteItem>(remove));
    server.clock.advance(std::chrono::minutes(20));
    auto input = export_input();
    input.export_type = "INCREMENTAL_EXPORT";
    input.incremental_export_specification.emplace();
    input.incremental_export_specification->export_from_time = from;
    const auto both = run_export(input);
    EXPECT_EQ(both.export_status, "COMPLETED");
    EXPECT_EQ(both.item_count, 3);
    std::multiset<std::string> lines;
    for (const auto& [key, bytes] : server.objects.buckets["bucket"]) {
        if (!key.starts_with("exports/AWSDynamoDB/data/")) continue;
        std::string text = unpack(bytes);
        for (size_t end; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1))
            lines.insert(text.substr(0, end));
    }
    const auto item = [](int n, std::string_view text) {
        return fmt::format(
            R"({{"b":{{"B":"AAEC"}},"pk":{{"S":"p{}"}},"sk":{{"N":"{}"}},"table":{{"S":"{}"}}}})",
            n, n, text);
    };
    const auto line = [&](int n, std::string_view images) {
        return fmt::format(
            R"({{"Metadata":{{"WriteTimestampMicros":{{"N":"{}"}}}},"Keys":{{"pk":{{"S":"p{}"}},"sk":{{"N":"{}"}}}}{}}})",
            from.time_since_epoch().count(), n, n, images);
    };
    EXPECT_EQ(lines, (std::multiset<std::string>{line(1, R"(,"NewImage":)" + item(1, "new") +
                                                             R"(,"OldImage":)" + item(1, "old")),
                                                 line(2, R"(,"OldImage":)" + item(2, "old")),
                                                 line(3, R"(,"NewImage":)" + item(3, "new"))}));
    const std::string& summary = object(*both.export_manifest);
    EXPECT_NE(summary.find(R"("outputView":"NEW_AND_OLD_IMAGES")"), std::string::npos);

    input.incremental_export_specification->export_from_time = from + std::chrono::hours(1);
    EXPECT_EQ(server.run<ExportTableToPointInTime>(input).error().code,
              "InvalidExportTimeException");
}

TEST_F(TransfersTest, ExportOfThePastAndOfNothing) {
    server.clock.advance(std::chrono::seconds(2));
    auto input = export_input();
    input.export_time = server.clock.now();
    server.clock.advance(std::chrono::seconds(1));
    put(1, "later");
    const auto done = run_export(input);
    EXPECT_EQ(done.export_status, "COMPLETED");
    EXPECT_EQ(done.item_count, 0);
    const std::string files = object(folder(done) + "manifest-files.json");
    EXPECT_EQ(std::count(files.begin(), files.end(), '\n'), 1);
}

// Whose description is lost: it ends as failed and holds nothing back, instead of being tried for
// ever.
TEST_F(TransfersTest, JobsWithoutADescriptionEnd) {
    const auto lose = [&](RecordKind kind, const std::string& arn) {
        const auto address = parse_record_arn(arn, kind);
        server.store->run([&](store::Txn& txn) {
            txn.erase(record_key(address->table, kind, address->id));
            return store::TxnDecision::kCommit;
        });
    };
    put(1, "x");
    DescribeExport::Input exported;
    exported.export_arn =
        server.run<ExportTableToPointInTime>(export_input())->export_description->export_arn;
    lose(RecordKind::kExport, *exported.export_arn);
    server.objects.buckets["bucket"]["in/x"] = "{}";
    DescribeImport::Input imported;
    imported.import_arn = server.run<ImportTable>(import_input("in/", "DYNAMODB_JSON", "NONE"))
                              ->import_table_description->import_arn;
    lose(RecordKind::kImport, *imported.import_arn);
    BackupJobs jobs(server.service);
    server.work(jobs);
    const auto described_export = *server.run<DescribeExport>(exported)->export_description;
    EXPECT_EQ(described_export.export_status, "FAILED");
    EXPECT_EQ(described_export.failure_code, "InternalServerError");
    const auto described_import = *server.run<DescribeImport>(imported)->import_table_description;
    EXPECT_EQ(described_import.import_status, "FAILED");
    EXPECT_EQ(described_import.failure_code, "InternalServerError");
    EXPECT_FALSE(server.definition("imported"));
    EXPECT_EQ(server.definition("table")->history.readers, 0u);
    EXPECT_EQ(server.rows(store::Space::kBackups), 2u) << "no job is left";
}

TEST_F(TransfersTest, FailuresAndRepetitions) {
    auto input = export_input();
    input.client_token = "token";
    const auto first = server.run<ExportTableToPointInTime>(input);
    ASSERT_TRUE(first);
    server.clock.advance(std::chrono::hours(1));
    EXPECT_EQ(server.run<ExportTableToPointInTime>(input)->export_description->export_arn,
              first->export_description->export_arn);
    auto other = input;
    other.s3_prefix = "elsewhere";
    EXPECT_EQ(server.run<ExportTableToPointInTime>(other).error().code, "ExportConflictException");
    BackupJobs jobs(server.service);
    server.work(jobs);

    auto nowhere = export_input();
    nowhere.s3_bucket = "nowhere";
    const auto failed = run_export(nowhere);
    EXPECT_EQ(failed.export_status, "FAILED");
    EXPECT_EQ(failed.failure_code, "S3NoSuchBucket");
    EXPECT_EQ(server.definition("table")->history.readers, 0u);
    EXPECT_EQ(server.rows(store::Space::kBackups), 2u);

    const auto empty = run_import(import_input("no such prefix", "CSV", "NONE"));
    EXPECT_EQ(empty.import_status, "FAILED");
    EXPECT_EQ(empty.failure_code, "S3NoSuchKey");
    EXPECT_FALSE(server.definition("imported"));
    server.objects.buckets["bucket"]["packed/x"] = "no gzip at all";
    const auto broken = run_import(import_input("packed/", "DYNAMODB_JSON", "GZIP"));
    EXPECT_EQ(broken.import_status, "FAILED");
    EXPECT_FALSE(server.definition("imported"));

    ListExports::Input list;
    list.max_results = 1;
    const auto page = server.run<ListExports>(list);
    ASSERT_EQ(page->export_summaries->size(), 1u);
    list.next_token = page->next_token;
    const auto rest = server.run<ListExports>(list);
    ASSERT_EQ(rest->export_summaries->size(), 1u);
    EXPECT_LT(*rest->export_summaries->at(0).export_arn, *page->export_summaries->at(0).export_arn);
    EXPECT_FALSE(rest->next_token);
    ListImports::Input imports;
    imports.page_size = 1;
    const auto import_page = server.run<ListImports>(imports);
    imports.next_token = import_page->next_token;
    const auto import_rest = server.run<ListImports>(imports);
    ASSERT_TRUE(import_rest) << import_rest.error().message;
    EXPECT_EQ(import_rest->import_summary_list->size(), 1u);

    auto ion = import_input("p", "ION", "NONE");
    EXPECT_EQ(server.run<ImportTable>(ion).error().code, "ValidationException");
    auto zstd = import_input("p", "CSV", "ZSTD");
    EXPECT_EQ(server.run<ImportTable>(zstd).error().code, "ValidationException");

    // Descriptions are kept for 90 days.
    RecordSweeper sweeper(server.service);
    server.clock.advance(kTransferKept);
    server.work(sweeper);
    EXPECT_EQ(server.rows(store::Space::kBackups), 0u);
}

TEST_F(TransfersTest, Csv) {
    server.objects.buckets["bucket"]["csv/1.csv"] =
        "pk,sk,name\r\na,1,plain\r\na,2,\"quoted, \"\"twice\"\"\nand broken\"\r\n"
        "a,not a number,x\r\na,3\r\n\r\na,4,un\"quoted\r\nb,5,\r\na,1,again";
    server.objects.buckets["bucket"]["csv/2.csv"] = "sk,pk,other\n7,c,ü\n";
    const auto done = run_import(import_input("csv/", "CSV", "NONE"));
    EXPECT_EQ(done.import_status, "COMPLETED");
    EXPECT_EQ(done.processed_item_count, 8);
    EXPECT_EQ(done.imported_item_count, 5);
    EXPECT_EQ(done.error_count, 3);
    EXPECT_EQ(items("imported"),
              (std::set<std::string>{
                  R"({"name":{"S":"again"},"pk":{"S":"a"},"sk":{"N":"1"}})",
                  R"({"name":{"S":"quoted, \"twice\"\nand broken"},"pk":{"S":"a"},"sk":{"N":"2"}})",
                  R"({"name":{"S":""},"pk":{"S":"b"},"sk":{"N":"5"}})",
                  R"({"other":{"S":"ü"},"pk":{"S":"c"},"sk":{"N":"7"}})"}));

    DeleteTable::Input drop;
    drop.table_name = "imported";
    ASSERT_TRUE(server.run<DeleteTable>(drop));
    server.objects.buckets["bucket"]["more/1"] = codec::gzip("x;1\ny;2\n");
    auto input = import_input("more/", "CSV", "GZIP");
    input.input_format_options.emplace().csv.emplace().delimiter = ";";
    input.input_format_options->csv->header_list = {{"pk", "sk"}};
    const auto more = run_import(input);
    EXPECT_EQ(more.imported_item_count, 2);
    EXPECT_EQ(more.input_format_options->csv->delimiter, ";");
}

TEST(ImportRecords, JsonLines) {
    EXPECT_TRUE(item_of_json(R"({"Item":{"a":{"S":"x"}}})"));
    EXPECT_TRUE(item_of_json(R"( { "Item" : {"a":{"S":"}"}} } )"));
    for (const std::string_view bad :
         {R"({"item":{"a":{"S":"x"}}})", R"({"Item":{"a":{"S":"x"}})",
          R"({"Item":{"a":{"S":"x"}}}})", R"({"Item":{"a":{"S":"x"}},"b":1})",
          R"({"Item":{"a":{"N":"x"}}})", R"({"Item":{"a":"x"}})", R"({"Item":})", "", "[]"})
        EXPECT_FALSE(item_of_json(bad)) << bad;
}

TEST(ImportRecords, LongRecordsAreNotKept) {
    RecordSplitter splitter(std::nullopt);
    splitter.add("first\n");
    for (int i = 0; i < 10; ++i) {
        splitter.add(std::string(1 << 20, 'x'));
        if (i == 0) {
            EXPECT_EQ(splitter.next(false)->text, "first");
        }
        EXPECT_FALSE(splitter.next(false));
    }
    splitter.add("\nlast");
    EXPECT_TRUE(splitter.next(false)->too_long);
    EXPECT_FALSE(splitter.next(false));
    EXPECT_EQ(splitter.next(true)->text, "last");
    EXPECT_FALSE(splitter.next(true));
}

}  // namespace
}  // namespace millrace::dynamodb
