// Goal: form-encoded requests of IAM, STS and SQS become the same typed inputs as JSON ones, and
// answers are the XML that SDKs expect. Method: golden texts and refusals.
#include "model/query_protocol.h"

#include <gtest/gtest.h>

#include <pugixml.hpp>

#include "model/generated/ec2.h"
#include "model/generated/iam.h"
#include "model/generated/sqs.h"
#include "model/generated/sts.h"

namespace millrace::model {
namespace {

template <class Input>
Result<Input> decode(const ServiceDescriptor& service, std::string_view operation,
                     std::string_view form) {
    Input input;
    Result<void> decoded =
        decode_query_request(*find_operation(service, operation), *codec::parse_form(form), &input);
    if (!decoded) return std::move(decoded.error());
    return input;
}

std::string answer(const ServiceDescriptor& service, std::string_view operation,
                   const void* output) {
    HttpResponse response;
    encode_query_response(*find_operation(service, operation), output, "id-1", response);
    EXPECT_EQ(response.headers.at(0).second, "text/xml");
    pugi::xml_document document;
    EXPECT_TRUE(document.load_string(response.body.bytes.c_str())) << response.body.bytes;
    return response.body.bytes;
}

TEST(QueryProtocol, DecodesIamLists) {
    const auto input =
        decode<iam::CreateUserInput>(iam::kService, "CreateUser",
                                     "Action=CreateUser&Version=2010-05-08&UserName=bob&Tags."
                                     "member.1.Key=a&Tags.member.1.Value=1"
                                     "&Tags.member.3.Key=c&Tags.member.3.Value=3&Tags.member.10."
                                     "Key=j&Tags.member.x.Key=ignored");
    ASSERT_TRUE(input.has_value());
    EXPECT_EQ(input->user_name, "bob");
    EXPECT_FALSE(input->path.has_value());
    ASSERT_EQ(input->tags->size(), 3U);  // gaps are tolerated, 10 comes behind 3
    EXPECT_EQ(input->tags->at(0).key, "a");
    EXPECT_EQ(input->tags->at(1).value, "3");
    EXPECT_EQ(input->tags->at(2).key, "j");
    EXPECT_FALSE(input->tags->at(2).value.has_value());
}

TEST(QueryProtocol, DecodesScalarsAndRefusesOthers) {
    const auto roles = decode<iam::ListRolesInput>(iam::kService, "ListRoles", "MaxItems=10");
    EXPECT_EQ(roles->max_items, 10);
    for (const char* form : {"MaxItems=ten", "MaxItems=1.5", "MaxItems=99999999999", "MaxItems="}) {
        const auto refused = decode<iam::ListRolesInput>(iam::kService, "ListRoles", form);
        ASSERT_FALSE(refused.has_value()) << form;
        EXPECT_EQ(refused.error().code, "MalformedInput");
        EXPECT_EQ(refused.error().http_status, 400);
    }
    const auto empty = decode<iam::CreateUserInput>(iam::kService, "CreateUser", "Tags=");
    ASSERT_TRUE(empty->tags.has_value());
    EXPECT_TRUE(empty->tags->empty());
}

TEST(QueryProtocol, DecodesSqsMapsAndFlattenedLists) {
    const auto create = decode<sqs::CreateQueueInput>(
        sqs::kService, "CreateQueue",
        "QueueName=q&Attribute.1.Name=VisibilityTimeout&Attribute.1.Value=40"
        "&Attribute.2.Name=FifoQueue&Attribute.2.Value=true&Tag.1.Key=t&Tag.1.Value=v");
    ASSERT_TRUE(create.has_value());
    const std::map<std::string, std::string> attributes{{"FifoQueue", "true"},
                                                        {"VisibilityTimeout", "40"}};
    EXPECT_EQ(create->attributes, attributes);
    EXPECT_EQ(create->tags->at("t"), "v");

    const auto send = decode<sqs::SendMessageInput>(
        sqs::kService, "SendMessage",
        "QueueUrl=u&MessageBody=a%20b&DelaySeconds=5&MessageAttribute.1.Name=n"
        "&MessageAttribute.1.Value.DataType=Binary&MessageAttribute.1.Value.BinaryValue=AAE%3D"
        "&MessageSystemAttribute.1.Name=AWSTraceHeader&MessageSystemAttribute.1.Value.DataType="
        "String"
        "&MessageSystemAttribute.1.Value.StringValue=x");
    ASSERT_TRUE(send.has_value());
    EXPECT_EQ(send->message_body, "a b");
    EXPECT_EQ(send->delay_seconds, 5);
    EXPECT_EQ(send->message_attributes->at("n").binary_value, std::string("\0\1", 2));
    EXPECT_EQ(send->message_system_attributes->at("AWSTraceHeader").string_value, "x");

    const auto batch = decode<sqs::SendMessageBatchInput>(
        sqs::kService, "SendMessageBatch",
        "SendMessageBatchRequestEntry.1.Id=a&SendMessageBatchRequestEntry.1.MessageBody=x"
        "&SendMessageBatchRequestEntry.2.Id=b&SendMessageBatchRequestEntry.2.MessageAttribute.1."
        "Name=n"
        "&SendMessageBatchRequestEntry.2.MessageAttribute.1.Value.StringValue=s");
    ASSERT_EQ(batch->entries->size(), 2U);
    EXPECT_EQ(batch->entries->at(1).message_attributes->at("n").string_value, "s");

    const auto visibility = decode<sqs::ChangeMessageVisibilityBatchInput>(
        sqs::kService, "ChangeMessageVisibilityBatch",
        "ChangeMessageVisibilityBatchRequestEntry.1.Id=a"
        "&ChangeMessageVisibilityBatchRequestEntry.1.VisibilityTimeout=0");
    EXPECT_EQ(visibility->entries->at(0).visibility_timeout, 0);
    const auto remove = decode<sqs::DeleteMessageBatchInput>(
        sqs::kService, "DeleteMessageBatch", "DeleteMessageBatchRequestEntry.1.ReceiptHandle=h");
    EXPECT_EQ(remove->entries->at(0).receipt_handle, "h");
    const auto receive = decode<sqs::ReceiveMessageInput>(
        sqs::kService, "ReceiveMessage",
        "AttributeName.1=All&MessageAttributeName.1=a&MessageAttributeName.2=b&WaitTimeSeconds=3");
    EXPECT_EQ(receive->attribute_names, std::vector<std::string>{"All"});
    EXPECT_EQ(receive->message_attribute_names->size(), 2U);
    const auto untag =
        decode<sqs::UntagQueueInput>(sqs::kService, "UntagQueue", "TagKey.1=a&TagKey.2=b");
    EXPECT_EQ(untag->tag_keys->size(), 2U);
    const auto permission = decode<sqs::AddPermissionInput>(
        sqs::kService, "AddPermission",
        "Label=l&AWSAccountId.1=123456789012&ActionName.1=SendMessage");
    EXPECT_EQ(permission->aws_account_ids->at(0), "123456789012");
    EXPECT_EQ(permission->actions->at(0), "SendMessage");
}

TEST(QueryProtocol, EncodesIam) {
    iam::ListUsersOutput output;
    output.users.emplace().push_back({});
    output.users->at(0).user_name = "a&b";
    output.users->at(0).create_date = from_epoch_ms(1769854830123);
    output.is_truncated = false;
    EXPECT_EQ(
        answer(iam::kService, "ListUsers", &output),
        "<ListUsersResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><ListUsersResult>"
        "<Users><member><UserName>a&amp;b</UserName><CreateDate>2026-01-31T10:20:30Z</CreateDate>"
        "</member></Users><IsTruncated>false</IsTruncated></ListUsersResult>"
        "<ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></ListUsersResponse>");
    iam::DeleteUserOutput nothing;
    EXPECT_EQ(
        answer(iam::kService, "DeleteUser", &nothing),
        "<DeleteUserResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">"
        "<ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></DeleteUserResponse>");
}

TEST(QueryProtocol, EncodesSqs) {
    const std::string head = " xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\">";
    const std::string tail = "<ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata>";
    sqs::ReceiveMessageOutput received;
    sqs::Message message;
    message.message_id = "m";
    message.body = "b";
    message.attributes.emplace()["SentTimestamp"] = "1";
    message.message_attributes.emplace()["n"].binary_value = std::string("\0\1", 2);
    received.messages.emplace().push_back(message);
    EXPECT_EQ(answer(sqs::kService, "ReceiveMessage", &received),
              "<?xml version=\"1.0\"?><ReceiveMessageResponse" + head +
                  "<ReceiveMessageResult><Message><MessageId>m</MessageId><Body>b</Body>"
                  "<Attribute><Name>SentTimestamp</Name><Value>1</Value></Attribute>"
                  "<MessageAttribute><Name>n</Name><Value><BinaryValue>AAE=</BinaryValue></Value>"
                  "</MessageAttribute></Message></ReceiveMessageResult>" +
                  tail + "</ReceiveMessageResponse>");
    sqs::ListQueuesOutput queues;
    queues.queue_urls = {"u1", "u2"};
    EXPECT_EQ(answer(sqs::kService, "ListQueues", &queues),
              "<?xml version=\"1.0\"?><ListQueuesResponse" + head +
                  "<ListQueuesResult><QueueUrl>u1</QueueUrl><QueueUrl>u2</QueueUrl>"
                  "</ListQueuesResult>" +
                  tail + "</ListQueuesResponse>");
    sqs::SendMessageBatchOutput batch;
    batch.successful.emplace().push_back({.id = "a"});
    batch.failed.emplace();
    EXPECT_EQ(answer(sqs::kService, "SendMessageBatch", &batch),
              "<?xml version=\"1.0\"?><SendMessageBatchResponse" + head +
                  "<SendMessageBatchResult><SendMessageBatchResultEntry><Id>a</Id>"
                  "</SendMessageBatchResultEntry></SendMessageBatchResult>" +
                  tail + "</SendMessageBatchResponse>");
}

TEST(QueryProtocol, EncodesErrors) {
    Error error;
    error.code = "NoSuchEntity";
    error.http_status = 404;
    error.message = "The user with name <u> cannot be found.";
    HttpResponse response;
    encode_query_error(iam::kService, error, "id-1", response);
    EXPECT_EQ(response.status, 404);
    EXPECT_EQ(response.body.bytes,
              "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error>"
              "<Type>Sender</Type><Code>NoSuchEntity</Code>"
              "<Message>The user with name &lt;u&gt; cannot be found.</Message></Error>"
              "<RequestId>id-1</RequestId></ErrorResponse>");
    error = {.code = "QueueDoesNotExist", .http_status = 500, .message = "m"};
    error.query_code = "AWS.SimpleQueueService.NonExistentQueue";
    response = {};
    encode_query_error(sqs::kService, error, "id-1", response);
    EXPECT_NE(response.body.bytes.find("<Type>Receiver</Type>"
                                       "<Code>AWS.SimpleQueueService.NonExistentQueue</Code>"),
              std::string::npos);
}

TEST(QueryProtocol, DecodesEc2Requests) {
    const auto authorize = decode<ec2::AuthorizeSecurityGroupIngressInput>(
        ec2::kService, "AuthorizeSecurityGroupIngress",
        "Action=AuthorizeSecurityGroupIngress&Version=2016-11-15&GroupId=sg-1&DryRun=true"
        "&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=80&IpPermissions.1.ToPort=81"
        "&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0%2F0&IpPermissions.1.IpRanges.1.Description=d"
        "&IpPermissions.1.Groups.1.GroupId=sg-2&IpPermissions.2.IpProtocol=-1"
        "&TagSpecification.1.ResourceType=security-group-rule&TagSpecification.1.Tag.1.Key=k"
        "&TagSpecification.1.Tag.1.Value=v");
    ASSERT_TRUE(authorize.has_value());
    EXPECT_EQ(authorize->group_id, "sg-1");
    EXPECT_EQ(authorize->dry_run, true);
    ASSERT_EQ(authorize->ip_permissions->size(), 2U);
    const ec2::IpPermission& first = authorize->ip_permissions->at(0);
    EXPECT_EQ(first.from_port, 80);
    EXPECT_EQ(first.ip_ranges->at(0).cidr_ip, "0.0.0.0/0");
    EXPECT_EQ(first.user_id_group_pairs->at(0).group_id, "sg-2");
    EXPECT_FALSE(authorize->ip_permissions->at(1).ip_ranges.has_value());
    EXPECT_EQ(authorize->tag_specifications->at(0).tags->at(0).value, "v");

    const auto describe = decode<ec2::DescribeVpcsInput>(
        ec2::kService, "DescribeVpcs",
        "Filter.1.Name=vpc-id&Filter.1.Value.1=a&Filter.1.Value.2=b&VpcId.1=v1&VpcId.2=v2");
    EXPECT_EQ(describe->filters->at(0).values->size(), 2U);
    EXPECT_EQ(describe->vpc_ids->at(1), "v2");
    const auto tags = decode<ec2::DeleteTagsInput>(ec2::kService, "DeleteTags",
                                                   "ResourceId.1=a&Tag.1.Key=k&Tag.1.Value=");
    EXPECT_EQ(tags->resources->at(0), "a");
    EXPECT_EQ(tags->tags->at(0).value, "");

    const auto refused =
        decode<ec2::DescribeVpcsInput>(ec2::kService, "DescribeVpcs", "MaxResults=many");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, "InvalidParameterValue");
}

TEST(QueryProtocol, EncodesEc2Answers) {
    const std::string declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    const std::string head =
        " xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>id-1</requestId>";
    ec2::DescribeVpcsOutput output;
    auto& vpc = output.vpcs.emplace().emplace_back();
    vpc.vpc_id = "vpc-1";
    vpc.is_default = true;
    vpc.tags.emplace();
    EXPECT_EQ(answer(ec2::kService, "DescribeVpcs", &output),
              declaration + "<DescribeVpcsResponse" + head +
                  "<vpcSet><item><isDefault>true</isDefault><tagSet></tagSet>"
                  "<vpcId>vpc-1</vpcId></item></vpcSet></DescribeVpcsResponse>");
    const ec2::DeleteVpcOutput nothing;
    EXPECT_EQ(
        answer(ec2::kService, "DeleteVpc", &nothing),
        declaration + "<DeleteVpcResponse" + head + "<return>true</return></DeleteVpcResponse>");
    const Error error{.code = "InvalidVpcID.NotFound", .message = "m"};
    HttpResponse response;
    encode_query_error(ec2::kService, error, "id-1", response);
    EXPECT_EQ(response.body.bytes,
              declaration +
                  "<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code>"
                  "<Message>m</Message></Error></Errors><RequestID>id-1</RequestID>"
                  "</Response>");
}

TEST(QueryProtocol, StsHasItsOwnNamespace) {
    sts::GetCallerIdentityOutput output;
    output.account = "123456789012";
    EXPECT_EQ(answer(sts::kService, "GetCallerIdentity", &output),
              "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
              "<GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult>"
              "<ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata>"
              "</GetCallerIdentityResponse>");
}

}  // namespace
}  // namespace millrace::model
