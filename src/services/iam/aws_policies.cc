#include "services/iam/aws_policies.h"

#include <array>
#include <string>

namespace millrace::iam {
namespace {

struct Published {
    std::string_view path;
    std::string_view name;
    std::string_view document;
};

constexpr std::array kPublished = {
    Published{
        "/", "AdministratorAccess",
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]})"},
    Published{
        "/", "AmazonSQSFullAccess",
        R"({"Version":"2012-10-17","Statement":[{"Action":["sqs:*"],"Effect":"Allow","Resource":"*"}]})"},
    Published{
        "/", "AmazonS3FullAccess",
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","s3-object-lambda:*"],"Resource":"*"}]})"},
    Published{
        "/", "AmazonS3ReadOnlyAccess",
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*","s3:List*","s3:Describe*","s3-object-lambda:Get*","s3-object-lambda:List*"],"Resource":"*"}]})"},
    Published{
        "/service-role/", "AWSLambdaBasicExecutionRole",
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]})"},
    Published{
        "/service-role/", "AWSLambdaSQSQueueExecutionRole",
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sqs:ReceiveMessage","sqs:DeleteMessage","sqs:GetQueueAttributes","logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]})"},
    Published{
        "/service-role/", "AWSLambdaDynamoDBExecutionRole",
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["dynamodb:DescribeStream","dynamodb:GetRecords","dynamodb:GetShardIterator","dynamodb:ListStreams","logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]})"},
};

ManagedPolicy policy_of(const Published& published) {
    ManagedPolicy policy;
    policy.account = "aws";
    policy.path = published.path;
    policy.name = published.name;
    policy.document = published.document;
    // The ids of AWS's own policies are fixed but not published; any fixed one will do.
    policy.id = "ANPAMILLRACE" + std::to_string(100000000 + (&published - kPublished.data()));
    policy.created_s = 1'423'000'000;
    return policy;
}

}  // namespace

std::optional<ManagedPolicy> aws_managed_policy(std::string_view path_and_name) {
    for (const Published& published : kPublished) {
        if (path_and_name == std::string(published.path) + std::string(published.name))
            return policy_of(published);
    }
    return std::nullopt;
}

std::vector<ManagedPolicy> all_aws_managed_policies() {
    std::vector<ManagedPolicy> all;
    for (const Published& published : kPublished) all.push_back(policy_of(published));
    return all;
}

}  // namespace millrace::iam
