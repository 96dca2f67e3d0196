// Goal: constraint violations are found and worded as AWS words them. Method: golden texts; every
// pattern of every service compiles.
#include "model/validate.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <set>

#include "model/generated/dynamodb.h"
#include "model/generated/dynamodbstreams.h"
#include "model/generated/iam.h"
#include "model/generated/lambda.h"
#include "model/generated/logs.h"
#include "model/generated/s3.h"
#include "model/generated/sqs.h"
#include "model/generated/sts.h"

namespace millrace::model {
namespace {

template <class Input>
Error error_of(const ServiceDescriptor& service, std::string_view operation, const Input& input) {
    Result<void> result = validate(*find_operation(service, operation), &input);
    return result ? Error{} : std::move(result.error());
}

dynamodb::CreateTableInput good_table() {
    dynamodb::CreateTableInput input;
    input.table_name = "abc";
    input.key_schema.emplace().push_back({.attribute_name = "k", .key_type = "HASH"});
    input.attribute_definitions.emplace().push_back({.attribute_name = "k", .attribute_type = "S"});
    return input;
}

std::string create_table(const dynamodb::CreateTableInput& input) {
    return error_of(dynamodb::kService, "CreateTable", input).message;
}

TEST(Validate, AcceptsWhatIsRight) { EXPECT_EQ(create_table(good_table()), ""); }

TEST(Validate, MissingMembersAreCollectedInOrder) {
    dynamodb::GetItemInput input;
    const Error error = error_of(dynamodb::kService, "GetItem", input);
    EXPECT_EQ(error.code, "ValidationException");
    EXPECT_EQ(error.http_status, 400);
    EXPECT_EQ(error.json_namespace, "com.amazon.coral.validate");
    EXPECT_EQ(
        error.message,
        "2 validation errors detected: Value null at 'tableName' failed to satisfy constraint: "
        "Member must not be null; Value null at 'key' failed to satisfy constraint: Member must "
        "not be null");
}

TEST(Validate, EnumsAndNestedPaths) {
    dynamodb::CreateTableInput input = good_table();
    input.key_schema->push_back({.attribute_name = std::nullopt, .key_type = "X"});
    const std::string message = create_table(input);
    EXPECT_NE(message.find("Value null at 'keySchema.2.member.attributeName' failed to satisfy "
                           "constraint: Member must not be null; Value 'X' at "
                           "'keySchema.2.member.keyType' failed to satisfy constraint: Member must "
                           "satisfy enum value set: [HASH, RANGE]"),
              std::string::npos)
        << message;
    EXPECT_TRUE(message.starts_with("2 validation errors detected: "));
}

TEST(Validate, LengthsCountCharactersAndListsShowTheirContent) {
    dynamodb::CreateTableInput input = good_table();
    input.key_schema->push_back({.attribute_name = "a", .key_type = "RANGE"});
    input.key_schema->push_back({.attribute_name = "b", .key_type = "RANGE"});
    input.key_schema->at(0).attribute_name = "";
    EXPECT_NE(create_table(input).find(
                  "Value '' at 'keySchema.1.member.attributeName' failed to satisfy constraint: "
                  "Member must have length greater than or equal to 1"),
              std::string::npos);
    iam::CreateUserInput user;
    user.user_name = "bob";
    user.tags.emplace().push_back({.key = std::string(257, 'k'), .value = "v"});
    EXPECT_EQ(error_of(iam::kService, "CreateUser", user).message,
              "1 validation error detected: Value '" + std::string(257, 'k') +
                  "' at 'tags.1.member.key' failed to satisfy constraint: Member must have length "
                  "less than or equal to 128");
    // U+00E9 is two bytes but one character; U+1F600 counts as two (UTF-16).
    user.tags->at(0).key = "";
    for (int i = 0; i < 128; ++i) *user.tags->at(0).key += "\xc3\xa9";
    EXPECT_EQ(error_of(iam::kService, "CreateUser", user).message, "");
}

TEST(Validate, RangesOfNumbers) {
    iam::ListRolesInput input;
    input.max_items = 0;
    EXPECT_EQ(error_of(iam::kService, "ListRoles", input).message,
              "1 validation error detected: Value '0' at 'maxItems' failed to satisfy constraint: "
              "Member must have value greater than or equal to 1");
    input.max_items = 1001;
    EXPECT_EQ(
        error_of(iam::kService, "ListRoles", input).message,
        "1 validation error detected: Value '1001' at 'maxItems' failed to satisfy constraint: "
        "Member must have value less than or equal to 1000");
    input.max_items = 1000;
    EXPECT_EQ(error_of(iam::kService, "ListRoles", input).message, "");
}

TEST(Validate, PatternsMustMatchWholly) {
    iam::CreateUserInput user;
    user.user_name = "bob smith";
    EXPECT_EQ(error_of(iam::kService, "CreateUser", user).message,
              "1 validation error detected: Value 'bob smith' at 'userName' failed to satisfy "
              "constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+");
    user.user_name = "bob+=,.@-_1";
    EXPECT_EQ(error_of(iam::kService, "CreateUser", user).message, "");
}

TEST(Validate, HyphensInCharacterClassesAreHyphens) {
    lambda::GetFunctionInput input;
    for (const char* name :
         {"my-func_1", "a", "arn:aws:lambda:eu-west-1:123456789012:function:my-f:$LATEST"}) {
        input.function_name = name;
        EXPECT_EQ(error_of(lambda::kService, "GetFunction", input).message, "") << name;
    }
    for (const char* name : {"my func", "f!", "f/g"}) {
        input.function_name = name;
        EXPECT_EQ(error_of(lambda::kService, "GetFunction", input).code, "ValidationException")
            << name;
    }
}

TEST(Validate, ListsOfScalars) {
    lambda::CreateFunctionInput input;
    input.function_name = "f";
    input.role = "arn:aws:iam::123456789012:role/r";
    input.code.emplace();
    input.architectures = {"x86"};
    const Error error = error_of(lambda::kService, "CreateFunction", input);
    EXPECT_EQ(error.message,
              "1 validation error detected: Value '[x86]' at 'architectures' failed to satisfy "
              "constraint: Member must satisfy constraint: [Member must satisfy enum value set: "
              "[x86_64, arm64]]");
}

TEST(Validate, ServicesHaveTheirOwnCodes) {
    EXPECT_EQ(error_of(iam::kService, "CreateUser", iam::CreateUserInput{}).code,
              "ValidationError");
    EXPECT_EQ(error_of(lambda::kService, "GetFunction", lambda::GetFunctionInput{}).code,
              "ValidationException");
    EXPECT_EQ(error_of(logs::kService, "CreateLogGroup", logs::CreateLogGroupInput{}).code,
              "InvalidParameterException");
    // These word their violations themselves.
    EXPECT_EQ(error_of(sqs::kService, "SendMessage", sqs::SendMessageInput{}).code, "");
    EXPECT_EQ(error_of(s3::kService, "GetObject", s3::GetObjectInput{}).code, "");
}

TEST(Validate, ThereIsALimitToWhatIsCollected) {
    dynamodb::CreateTableInput input = good_table();
    input.attribute_definitions->assign(5000, {});
    EXPECT_LT(create_table(input).size(), 64U << 10);
}

class PatternVisitor {
public:
    void type(const TypeDescriptor& type) {
        if (!seen_.insert(&type).second) return;
        if (type.constraints != nullptr && type.constraints->pattern != nullptr) {
            const PatternDescriptor& pattern = *type.constraints->pattern;
            if (!pattern.re2.empty()) {
                re2::RE2::Options options;
                options.set_log_errors(false);
                const re2::RE2 regex(re2::StringPiece(pattern.re2.data(), pattern.re2.size()),
                                     options);
                EXPECT_TRUE(regex.ok())
                    << type.shape << ": " << pattern.re2 << ": " << regex.error();
                ++compiled_;
            }
        }
        if (type.structure != nullptr) structure(*type.structure);
        if (type.element != nullptr) this->type(*type.element);
        if (type.key != nullptr) this->type(*type.key);
    }
    void structure(const StructureDescriptor& descriptor) {
        for (const MemberDescriptor& member : descriptor.members) type(*member.type);
    }
    int compiled() const { return compiled_; }

private:
    std::set<const TypeDescriptor*> seen_;
    int compiled_ = 0;
};

TEST(Validate, EveryPatternCompiles) {
    PatternVisitor visitor;
    for (const ServiceDescriptor* service :
         {&dynamodb::kService, &dynamodbstreams::kService, &iam::kService, &lambda::kService,
          &logs::kService, &s3::kService, &sqs::kService, &sts::kService}) {
        for (const OperationDescriptor& operation : service->operations) {
            visitor.structure(*operation.input);
            visitor.structure(*operation.output);
        }
    }
    EXPECT_GT(visitor.compiled(), 50);
}

TEST(Descriptor, FindsOperations) {
    EXPECT_EQ(find_operation(dynamodb::kService, "PutItem")->name, "PutItem");
    EXPECT_EQ(find_operation(dynamodb::kService, "putItem"), nullptr);
    EXPECT_EQ(find_operation(dynamodb::kService, ""), nullptr);
    EXPECT_TRUE(is_known_operation(dynamodb::kService, "ExportTableToPointInTime"));
    EXPECT_FALSE(is_known_operation(dynamodb::kService, "Nonsense"));
}

}  // namespace
}  // namespace millrace::model
