// Groups, streams, tags, retention; refusals with their texts.
#include <gtest/gtest.h>

#include "services/logs/test_bed.h"

namespace millrace::logs {
namespace {

constexpr const char* kArn = "arn:aws:logs:us-east-1:123456789012:log-group:g";

TEST(Groups, AreMadeOnceAndDescribed) {
    TestBed bed;
    bed.make("g");
    CreateLogGroup::Input input;
    input.log_group_name = "g";
    EXPECT_EQ(bed.call<CreateLogGroup>(input).code(), "ResourceAlreadyExistsException");
    EXPECT_EQ(bed.call<CreateLogGroup>(input).text(), "The specified log group already exists");
    const auto shown = bed.call<DescribeLogGroups>({})->log_groups->at(0);
    EXPECT_EQ(*shown.arn, std::string(kArn) + ":*");
    EXPECT_EQ(*shown.log_group_arn, kArn);
    EXPECT_EQ(*shown.creation_time, bed.now_ms());
    EXPECT_FALSE(shown.retention_in_days.has_value());
    input.log_group_name = "h";
    input.kms_key_id = "k";
    EXPECT_EQ(bed.call<CreateLogGroup>(input).code(), "InvalidParameterException");
}

TEST(Groups, ComeInPagesByPrefixOrPattern) {
    TestBed bed;
    for (const char* name : {"/a/1", "/a/2", "/a/3", "/b/1"}) bed.make(name);
    DescribeLogGroups::Input input;
    input.log_group_name_prefix = "/a";
    input.limit = 2;
    const auto first = bed.call<DescribeLogGroups>(input);
    EXPECT_EQ(first->log_groups->size(), 2u);
    input.next_token = *first->next_token;
    const auto second = bed.call<DescribeLogGroups>(input);
    EXPECT_EQ(*second->log_groups->at(0).log_group_name, "/a/3");
    EXPECT_FALSE(second->next_token.has_value());
    input.next_token = "!";
    EXPECT_EQ(bed.call<DescribeLogGroups>(input).text(), "The specified nextToken is invalid.");
    input = {};
    input.log_group_name_pattern = "/1";
    EXPECT_EQ(bed.call<DescribeLogGroups>(input)->log_groups->size(), 2u);
    input.log_group_name_prefix = "/a";
    EXPECT_EQ(bed.call<DescribeLogGroups>(input).text(),
              "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
}

TEST(Groups, OneThatWasDeletedAndMadeAgainIsEmpty) {
    TestBed bed;
    bed.make("g", {"s"});
    for (int i = 0; i < 1200; ++i) bed.put("g", "s", {{bed.now_ms(), "old"}});
    DeleteLogGroup::Input input;
    input.log_group_name = "g";
    EXPECT_EQ(bed.call<DeleteLogGroup>(input).code(), "ok");
    EXPECT_EQ(bed.call<DeleteLogGroup>(input).text(), "The specified log group does not exist.");
    bed.make("g", {"s"});
    EXPECT_EQ(bed.filter("g"), "");
    bed.put("g", "s", {{bed.now_ms(), "new"}});
    bed.work();
    EXPECT_EQ(bed.rows(store::Space::kLogEvents), 1u);
    EXPECT_EQ(bed.rows(store::Space::kLogGroups), 2u);
    EXPECT_EQ(bed.get("g", "s"), "new");
}

TEST(Streams, AreMadeDescribedDeleted) {
    TestBed bed;
    bed.make("g", {"s1", "s2", "t1"});
    CreateLogStream::Input input;
    input.log_group_name = "g";
    input.log_stream_name = "s1";
    EXPECT_EQ(bed.call<CreateLogStream>(input).text(), "The specified log stream already exists");
    input.log_group_name = "none";
    EXPECT_EQ(bed.call<CreateLogStream>(input).code(), "ResourceNotFoundException");
    bed.put("g", "s2", {{bed.now_ms() - 5, "a"}, {bed.now_ms(), "b"}});
    DescribeLogStreams::Input describe;
    describe.log_group_identifier = kArn;
    describe.log_stream_name_prefix = "s";
    const auto shown = bed.call<DescribeLogStreams>(describe);
    ASSERT_EQ(shown->log_streams->size(), 2u);
    const auto& stream = shown->log_streams->at(1);
    EXPECT_EQ(*stream.arn, std::string(kArn) + ":log-stream:s2");
    EXPECT_EQ(*stream.first_event_timestamp, bed.now_ms() - 5);
    EXPECT_EQ(*stream.last_event_timestamp, bed.now_ms());
    EXPECT_EQ(*stream.last_ingestion_time, bed.now_ms());
    EXPECT_FALSE(shown->log_streams->at(0).last_event_timestamp.has_value());
    describe.order_by = "LastEventTime";
    EXPECT_EQ(bed.call<DescribeLogStreams>(describe).text(),
              "Cannot order by LastEventTime with a logStreamNamePrefix.");
    describe.log_group_name = "g";
    EXPECT_EQ(bed.call<DescribeLogStreams>(describe).text(),
              "LogGroup name and LogGroup ARN are mutually exclusive parameters.");

    DeleteLogStream::Input remove;
    remove.log_group_name = "g";
    remove.log_stream_name = "s2";
    EXPECT_EQ(bed.call<DeleteLogStream>(remove).code(), "ok");
    EXPECT_EQ(bed.call<DeleteLogStream>(remove).text(), "The specified log stream does not exist.");
    EXPECT_EQ(bed.filter("g"), "");
    EXPECT_EQ(bed.rows(store::Space::kLogEvents), 0u);
}

TEST(Streams, ComeInPagesByNameAndByTime) {
    TestBed bed;
    bed.make("g", {"a", "b", "c", "d"});
    bed.put("g", "b", {{bed.now_ms() - 20, "x"}});
    bed.put("g", "d", {{bed.now_ms() - 10, "x"}});
    const auto pages = [&](const std::string& order, bool descending) {
        DescribeLogStreams::Input input;
        input.log_group_name = "g";
        input.order_by = order;
        input.descending = descending;
        input.limit = 3;
        std::string all;
        for (;;) {
            const auto page = bed.call<DescribeLogStreams>(input);
            for (const auto& stream : *page->log_streams) all += *stream.log_stream_name;
            if (!page->next_token) return all;
            all += '|';
            input.next_token = *page->next_token;
        }
    };
    EXPECT_EQ(pages("LogStreamName", false), "abc|d");
    EXPECT_EQ(pages("LogStreamName", true), "dcb|a");
    EXPECT_EQ(pages("LastEventTime", true), "dbc|a");
    EXPECT_EQ(pages("LastEventTime", false), "acb|d");
}

TEST(Tags, ByArnAndByName) {
    TestBed bed;
    CreateLogGroup::Input create;
    create.log_group_name = "g";
    create.tags = std::map<std::string, std::string>{{"a", "1"}};
    bed.call<CreateLogGroup>(create);
    TagResource::Input tag;
    tag.resource_arn = kArn;
    tag.tags = std::map<std::string, std::string>{{"b", "2"}};
    EXPECT_EQ(bed.call<TagResource>(tag).code(), "ok");
    UntagResource::Input untag;
    untag.resource_arn = std::string(kArn) + ":*";
    untag.tag_keys = {"a"};
    EXPECT_EQ(bed.call<UntagResource>(untag).code(), "ok");
    ListTagsForResource::Input list;
    list.resource_arn = kArn;
    EXPECT_EQ(*bed.call<ListTagsForResource>(list)->tags,
              (std::map<std::string, std::string>{{"b", "2"}}));
    TagLogGroup::Input older;
    older.log_group_name = "g";
    older.tags = std::map<std::string, std::string>{{"c", "3"}};
    EXPECT_EQ(bed.call<TagLogGroup>(older).code(), "ok");
    UntagLogGroup::Input untag_older;
    untag_older.log_group_name = "g";
    untag_older.tags = {"b"};
    EXPECT_EQ(bed.call<UntagLogGroup>(untag_older).code(), "ok");
    ListTagsLogGroup::Input list_older;
    list_older.log_group_name = "g";
    EXPECT_EQ(*bed.call<ListTagsLogGroup>(list_older)->tags,
              (std::map<std::string, std::string>{{"c", "3"}}));
    for (int i = 0; i < 50; ++i) tag.tags->emplace("k" + std::to_string(i), "v");
    EXPECT_EQ(bed.call<TagResource>(tag).code(), "TooManyTagsException");
    tag.tags = std::map<std::string, std::string>{{"aws:x", "v"}};
    EXPECT_EQ(bed.call<TagResource>(tag).code(), "InvalidParameterException");
    list.resource_arn = std::string(kArn) + "x";
    EXPECT_EQ(bed.call<ListTagsForResource>(list).code(), "ResourceNotFoundException");
    list.resource_arn = "rubbish";
    EXPECT_EQ(bed.call<ListTagsForResource>(list).code(), "ResourceNotFoundException");
}

TEST(Retention, HidesThenDeletes) {
    TestBed bed;
    bed.make("g", {"s"});
    bed.make("h", {"s"});
    PutRetentionPolicy::Input input;
    input.log_group_name = "g";
    input.retention_in_days = 2;
    EXPECT_EQ(bed.call<PutRetentionPolicy>(input).code(), "InvalidParameterException");
    input.retention_in_days = 1;
    EXPECT_EQ(bed.call<PutRetentionPolicy>(input).code(), "ok");
    EXPECT_EQ(*bed.call<DescribeLogGroups>({})->log_groups->at(0).retention_in_days, 1);
    for (int i = 0; i < 1100; ++i) bed.put("g", "s", {{bed.now_ms(), "old"}});
    bed.put("h", "s", {{bed.now_ms(), "kept"}});
    bed.advance(86'400);
    bed.put("g", "s", {{bed.now_ms(), "young"}});
    bed.advance(1);
    EXPECT_EQ(bed.get("g", "s"), "young");
    EXPECT_EQ(bed.filter("g"), "young");
    bed.work();
    EXPECT_EQ(bed.rows(store::Space::kLogEvents), 2u);
    EXPECT_EQ(bed.get("h", "s"), "kept");
    const auto put = bed.put("g", "s", {{bed.now_ms() - 86'500'000, "expired"}});
    EXPECT_EQ(*put->rejected_log_events_info->expired_log_event_end_index, 1);
    DeleteRetentionPolicy::Input remove;
    remove.log_group_name = "g";
    EXPECT_EQ(bed.call<DeleteRetentionPolicy>(remove).code(), "ok");
    bed.advance(10 * 86'400);
    bed.work();
    EXPECT_EQ(bed.get("g", "s"), "young");
}

TEST(Access, EveryOperationAsks) {
    TestBed bed;
    bed.make("g", {"s"});
    auto nobody = std::make_shared<contracts::Caller>();
    nobody->kind = contracts::PrincipalKind::kUser;
    nobody->account_id = "123456789012";
    bed.info.caller = nobody;
    const auto asked = [&]<class Op>(Op) {
        typename Op::Input input;
        if constexpr (requires { input.log_group_name; }) input.log_group_name = "g";
        if constexpr (requires { input.log_stream_name; }) input.log_stream_name = "s";
        if constexpr (requires { input.resource_arn; }) input.resource_arn = kArn;
        const auto answer = bed.call<Op>(input);
        EXPECT_EQ(answer.code(), "AccessDeniedException") << Op::kTraits.name;
        return answer.text();
    };
    const std::string group = std::string(kArn) + ":*";
    const std::string stream = std::string(kArn) + ":log-stream:s";
    EXPECT_EQ(asked(CreateLogGroup{}), group);
    EXPECT_EQ(asked(DeleteLogGroup{}), group);
    EXPECT_EQ(asked(PutRetentionPolicy{}), group);
    EXPECT_EQ(asked(DeleteRetentionPolicy{}), group);
    EXPECT_EQ(asked(CreateLogStream{}), stream);
    EXPECT_EQ(asked(DeleteLogStream{}), stream);
    EXPECT_EQ(asked(PutLogEvents{}), stream);
    EXPECT_EQ(asked(GetLogEvents{}), stream);
    EXPECT_EQ(asked(DescribeLogStreams{}), std::string(kArn) + ":log-stream:");
    EXPECT_EQ(asked(FilterLogEvents{}), std::string(kArn) + ":log-stream:");
    EXPECT_EQ(asked(TagResource{}), kArn);
    EXPECT_EQ(asked(UntagResource{}), kArn);
    EXPECT_EQ(asked(ListTagsForResource{}), kArn);
    EXPECT_EQ(asked(TagLogGroup{}), kArn);
    EXPECT_EQ(asked(UntagLogGroup{}), kArn);
    EXPECT_EQ(asked(ListTagsLogGroup{}), kArn);
    asked(DescribeLogGroups{});
}

}  // namespace
}  // namespace millrace::logs
