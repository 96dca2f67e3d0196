// Functions: versions, aliases, policies, tags, code; bytes on disk.
#include "services/lambda/test_bed.h"

namespace millrace::lambda {
namespace {

const std::string kArn = "arn:aws:lambda:us-east-1:123456789012:function:f";

class Functions : public testing::Test, public TestBed {
protected:
    Functions() { make_function(); }
    std::string publish() {
        PublishVersion::Input input;
        input.function_name = "f";
        return *call<PublishVersion>(input)->version;
    }
    void update_code(const std::string& zip) {
        UpdateFunctionCode::Input input;
        input.function_name = "f";
        input.zip_file = zip;
        EXPECT_EQ(call<UpdateFunctionCode>(input).code(), "ok");
    }
    Answer<CreateAlias::Output> alias(const std::string& name, const std::string& version,
                                      std::map<std::string, double> weights = {}) {
        CreateAlias::Input input;
        input.function_name = "f";
        input.name = name;
        input.function_version = version;
        if (!weights.empty()) input.routing_config.emplace().additional_version_weights = weights;
        return call<CreateAlias>(input);
    }
    Answer<GetFunction::Output> get(const std::string& name) {
        GetFunction::Input input;
        input.function_name = name;
        return call<GetFunction>(input);
    }
};

TEST_F(Functions, VersionsAreNumberedWhenSomethingChanged) {
    EXPECT_EQ(publish(), "1");
    EXPECT_EQ(publish(), "1");
    const std::string before = *get("f:1")->configuration->code_sha256;
    update_code("other");
    EXPECT_EQ(*get("f:1")->configuration->code_sha256, before);
    EXPECT_NE(*get("f")->configuration->code_sha256, before);
    EXPECT_EQ(publish(), "2");
    EXPECT_EQ(*get("f:2")->configuration->function_arn, kArn + ":2");
    EXPECT_EQ(get("f:3").text(), "Function not found: " + kArn + ":3");
    ListVersionsByFunction::Input list;
    list.function_name = "f";
    list.max_items = 2;
    auto page = call<ListVersionsByFunction>(list);
    EXPECT_EQ(page->versions->size(), 2u);
    list.marker = page->next_marker;
    page = call<ListVersionsByFunction>(list);
    ASSERT_EQ(page->versions->size(), 1u);
    EXPECT_EQ(page->versions->at(0).version, "2");
    EXPECT_FALSE(page->next_marker);
    PublishVersion::Input stale;
    stale.function_name = "f";
    stale.revision_id = "x";
    EXPECT_EQ(call<PublishVersion>(stale).code(), "PreconditionFailedException");
}

TEST_F(Functions, InvokedByVersionAndAlias) {
    publish();
    update_code("other");
    publish();
    EXPECT_EQ(invoke("f")->executed_version, "$LATEST");
    EXPECT_EQ(invoke("f", "", "{}", "1")->executed_version, "1");
    EXPECT_EQ(alias("live", "1")->alias_arn, kArn + ":live");
    EXPECT_EQ(invoke("f:live")->executed_version, "1");
    EXPECT_EQ(runner.calls.back().invocation.invoked_arn, kArn + ":live");
    EXPECT_EQ(invoke("f:live", "", "{}", "1").code(), "InvalidParameterValueException");
    EXPECT_EQ(invoke("f", "", "{}", "7").code(), "ResourceNotFoundException");
    EXPECT_EQ(alias("live", "1").text(), "Alias already exists: " + kArn + ":live");
    EXPECT_EQ(alias("x", "9").code(), "ResourceNotFoundException");
    EXPECT_EQ(alias("7", "1").code(), "ValidationException");
    EXPECT_EQ(alias("y", "$LATEST", {{"1", 0.5}}).code(), "InvalidParameterValueException");
    EXPECT_EQ(alias("y", "2", {{"1", 1.5}}).code(), "InvalidParameterValueException");
    EXPECT_EQ(alias("split", "2", {{"1", 0.25}}).code(), "ok");
    std::map<std::string, int> ran;
    for (int i = 0; i < 400; ++i) ran[*invoke("f:split")->executed_version] += 1;
    EXPECT_NEAR(ran["1"], 100, 35);
    EXPECT_EQ(ran["1"] + ran["2"], 400);
    DeleteFunction::Input one;
    one.function_name = "f";
    one.qualifier = "1";
    EXPECT_EQ(call<DeleteFunction>(one).code(), "ResourceConflictException");
    UpdateAlias::Input move;
    move.function_name = "f";
    move.name = "live";
    move.function_version = "2";
    EXPECT_EQ(call<UpdateAlias>(move)->function_version, "2");
    EXPECT_EQ(invoke("f:live")->executed_version, "2");
    ListAliases::Input list;
    list.function_name = "f";
    list.function_version = "1";
    EXPECT_EQ(call<ListAliases>(list)->aliases->size(), 1u);  // by its weight
    DeleteAlias::Input gone;
    gone.function_name = "f";
    gone.name = "split";
    EXPECT_EQ(call<DeleteAlias>(gone).code(), "ok");
    EXPECT_EQ(call<DeleteFunction>(one).code(), "ok");
    EXPECT_EQ(get("f:1").code(), "ResourceNotFoundException");
}

TEST_F(Functions, DeletedWithAllThatBelongsToThem) {
    publish();
    alias("live", "1");
    DeleteFunction::Input gone;
    gone.function_name = "f";
    EXPECT_EQ(call<DeleteFunction>(gone).status, 204);
    EXPECT_EQ(get("f").text(), "Function not found: " + kArn);
    size_t rows = 0;
    store->run([&](store::Txn& txn) {
        rows = 0;
        txn.scan_space(store::Space::kFunctions, "", "", "",
                       [&](std::string_view, std::string_view, std::string_view) {
                           rows += 1;
                           return true;
                       });
        return store::TxnDecision::kRollback;
    });
    EXPECT_EQ(rows, 0u);
}

TEST_F(Functions, CodeIsUsedWhileAVersionHasIt) {
    EXPECT_TRUE(service->uses_blob("blob1"));
    publish();
    update_code("other");
    EXPECT_TRUE(service->uses_blob("blob1"));
    EXPECT_TRUE(service->uses_blob("blob2"));
    DeleteFunction::Input one;
    one.function_name = "f";
    one.qualifier = "1";
    call<DeleteFunction>(one);
    EXPECT_FALSE(service->uses_blob("blob1"));
    UpdateFunctionCode::Input dry;
    dry.function_name = "f";
    dry.zip_file = "dry";
    dry.dry_run = true;
    EXPECT_EQ(call<UpdateFunctionCode>(dry).code(), "ok");
    EXPECT_TRUE(service->uses_blob("blob2"));
    EXPECT_EQ(blobs.made, 2);
}

TEST_F(Functions, CodeComesFromS3) {
    objects.objects["b/k"] = "zip";
    UpdateFunctionCode::Input input;
    input.function_name = "f";
    input.s3_bucket = "b";
    input.s3_key = "k";
    EXPECT_EQ(call<UpdateFunctionCode>(input)->code_size, 3);
    input.s3_key = "gone";
    EXPECT_EQ(call<UpdateFunctionCode>(input).text(),
              "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The "
              "specified key does not exist.");
}

TEST_F(Functions, PolicyLetsOthersIn) {
    AddPermission::Input add;
    add.function_name = "f";
    add.statement_id = "s";
    add.action = "lambda:InvokeFunction";
    add.principal = "999999999999";
    const auto added = call<AddPermission>(add);
    EXPECT_EQ(*added->statement,
              R"({"Sid":"s","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:root"},)"
              R"("Action":"lambda:InvokeFunction","Resource":")" +
                  kArn + "\"}");
    EXPECT_EQ(call<AddPermission>(add).text(),
              "The statement id (s) provided already exists. Please provide a new statement id, or "
              "remove the existing statement.");
    const auto mine = info.caller;
    const std::string may =
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"lambda:*","Resource":"*"}]})";
    as(caller_with(contracts::PrincipalKind::kUser, "999999999999",
                   "arn:aws:iam::999999999999:user/u", may));
    EXPECT_EQ(invoke(kArn).code(), "ok");
    EXPECT_EQ(get(kArn).code(), "AccessDeniedException");
    EXPECT_EQ(invoke(kArn + ":1").code(), "AccessDeniedException");
    as(caller_with(contracts::PrincipalKind::kUser, "999999999999",
                   "arn:aws:iam::999999999999:user/v"));
    EXPECT_EQ(invoke(kArn).code(), "AccessDeniedException");
    as(mine);
    GetPolicy::Input policy;
    policy.function_name = "f";
    const auto got = call<GetPolicy>(policy);
    EXPECT_NE(got->policy->find(*added->statement), std::string::npos);
    RemovePermission::Input remove;
    remove.function_name = "f";
    remove.statement_id = "s";
    remove.revision_id = "old";
    EXPECT_EQ(call<RemovePermission>(remove).code(), "PreconditionFailedException");
    remove.revision_id = *got->revision_id;
    EXPECT_EQ(call<RemovePermission>(remove).code(), "ok");
    EXPECT_EQ(call<GetPolicy>(policy).code(), "ResourceNotFoundException");
    as(caller_with(contracts::PrincipalKind::kUser, "999999999999",
                   "arn:aws:iam::999999999999:user/u", may));
    EXPECT_EQ(invoke(kArn).code(), "AccessDeniedException");
}

TEST_F(Functions, Tags) {
    TagResource::Input tag;
    tag.resource = kArn;
    tag.tags = std::map<std::string, std::string>{{"a", "1"}, {"b", "2"}};
    EXPECT_EQ(call<TagResource>(tag).code(), "ok");
    UntagResource::Input untag;
    untag.resource = kArn;
    untag.tag_keys = std::vector<std::string>{"a"};
    EXPECT_EQ(call<UntagResource>(untag).code(), "ok");
    ListTags::Input list;
    list.resource = kArn;
    EXPECT_EQ(call<ListTags>(list)->tags, (std::map<std::string, std::string>{{"b", "2"}}));
    EXPECT_EQ(get("f")->tags->size(), 1u);
    list.resource = kArn + "x";
    EXPECT_EQ(call<ListTags>(list).code(), "ResourceNotFoundException");
}

TEST_F(Functions, WhatIsNotOfferedIsRefused) {
    CreateFunction::Input input;
    input.function_name = "g";
    input.runtime = "python3.12";
    input.handler = "m.h";
    input.role = kRole;
    input.code.emplace().zip_file = "zip";
    const auto refused = [&](auto change) {
        CreateFunction::Input changed = input;
        change(changed);
        return call<CreateFunction>(changed).code() == "InvalidParameterValueException";
    };
    EXPECT_TRUE(refused([](auto& i) { i.layers = std::vector<std::string>{"l"}; }));
    EXPECT_TRUE(refused([](auto& i) { i.tracing_config.emplace().mode = "Active"; }));
    EXPECT_TRUE(refused([](auto& i) { i.logging_config.emplace().log_format = "JSON"; }));
    EXPECT_TRUE(refused([](auto& i) { i.runtime = "nodejs22.x"; }));
    EXPECT_TRUE(refused([](auto& i) { i.package_type = "Image"; }));
    EXPECT_TRUE(refused(
        [](auto& i) { i.dead_letter_config.emplace().target_arn = "arn:aws:sns:us-east-1:1:t"; }));
    input.timeout = 901;
    EXPECT_EQ(call<CreateFunction>(input).code(), "ValidationException");
    input.timeout = 900;
    EXPECT_EQ(call<CreateFunction>(input).code(), "ok");
    EXPECT_EQ(call<CreateFunction>(input).text(), "Function already exists: g");
    GetAccountSettings::Input settings;
    EXPECT_EQ(call<GetAccountSettings>(settings)->account_usage->function_count, 2);
}

TEST(FunctionNames, EveryForm) {
    const auto parsed = [](std::string_view text) {
        return parse_function_name(text, "111111111111", "us-east-1").arn();
    };
    EXPECT_EQ(parsed("f"), "arn:aws:lambda:us-east-1:111111111111:function:f");
    EXPECT_EQ(parsed("f:q"), "arn:aws:lambda:us-east-1:111111111111:function:f:q");
    EXPECT_EQ(parsed("222222222222:function:f"),
              "arn:aws:lambda:us-east-1:222222222222:function:f");
    EXPECT_EQ(parsed("222222222222:f:1"), "arn:aws:lambda:us-east-1:222222222222:function:f:1");
    EXPECT_EQ(parsed("arn:aws:lambda:eu-west-1:222222222222:function:f:$LATEST"),
              "arn:aws:lambda:eu-west-1:222222222222:function:f:$LATEST");
}

TEST(FunctionFormats, GoldenBytes) {
    Function function;
    function.account = "a";
    function.region = "r";
    function.name = "n";
    function.tags = {{"k", "v"}};
    const std::string bytes = encode(function);
    EXPECT_EQ(bytes.substr(0, 15), std::string("\x01\x01"
                                               "a\x01r\x01n\x07$LATEST",
                                               15));
    EXPECT_EQ(bytes.size(), 15u + 9 + 7 * 8 + 1 + 5);
    EXPECT_EQ(encode(decode_function(bytes)), bytes);

    Alias alias;
    alias.name = "n";
    alias.version = "1";
    alias.revision = "r";
    alias.weights = {{"2", 0.5}};
    EXPECT_EQ(encode(alias), std::string("\x01\x01n\x01"
                                         "1\0\x01r\x01\x01"
                                         "2\x3f\xe0\0\0\0\0\0\0",
                                         19));
    EXPECT_EQ(encode(decode_alias(encode(alias))), encode(alias));

    EventInvokeConfig config;
    config.modified_ms = 1;
    config.retries_max = 2;
    config.on_failure = "q";
    EXPECT_EQ(encode(config), std::string("\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x02\xff\xff\xff"
                                          "\xff\xff\xff\xff\xff\0\x01q",
                                          28));
    EXPECT_EQ(encode(decode_event_invoke_config(encode(config))), encode(config));

    EXPECT_EQ(encode(StoredPolicy{"r", "{}"}), std::string("\x01\x01r\x02{}", 6));

    Mapping mapping;
    mapping.uuid = "u";
    mapping.generation = 3;
    mapping.filters = {"{}"};
    const std::string stored = encode(mapping);
    EXPECT_EQ(stored.substr(0, 19), std::string("\x01\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\0\x01u", 19));
    EXPECT_EQ(stored.size(), 19u + 7 + 6 * 8 + 3 + 4 + 1);
    EXPECT_EQ(encode(decode_mapping(stored)), stored);
    EXPECT_EQ(encode_position({1, 2}), std::string("\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x02", 17));
}

}  // namespace
}  // namespace millrace::lambda
