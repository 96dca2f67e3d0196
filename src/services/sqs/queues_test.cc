// Queues: creating, finding, attributes, tags, policies, and the refusals with their texts.
#include <gtest/gtest.h>

#include "auth/policy.h"
#include "services/sqs/test_bed.h"

namespace millrace::sqs {
namespace {

CreateQueue::Input creation(const std::string& name,
                            std::map<std::string, std::string> attributes = {}) {
    CreateQueue::Input input;
    input.queue_name = name;
    if (!attributes.empty()) input.attributes = std::move(attributes);
    return input;
}

TEST(CreateQueue, GivesTheUrlAgainWhenTheGivenAttributesAreEqual) {
    TestBed bed;
    EXPECT_EQ(bed.make_queue("q", {{"DelaySeconds", "5"}, {"VisibilityTimeout", "40"}}),
              "http://localhost:4566/123456789012/q");
    EXPECT_EQ(bed.call<CreateQueue>(creation("q")).code(), "ok");
    EXPECT_EQ(bed.call<CreateQueue>(creation("q", {{"DelaySeconds", "5"}})).code(), "ok");
    const auto other = bed.call<CreateQueue>(creation("q", {{"DelaySeconds", "6"}}));
    EXPECT_EQ(other.code(), "QueueAlreadyExists");
    EXPECT_EQ(other.error->code, "QueueNameExists");
    EXPECT_EQ(other.text(),
              "A queue already exists with the same name and a different value for attribute "
              "DelaySeconds");
}

TEST(CreateQueue, RefusesBadNamesAndAttributes) {
    TestBed bed;
    const std::vector<std::string> names = {"a b", "a.b", ".fifo", std::string(81, 'a')};
    for (const std::string& name : names) {
        EXPECT_EQ(bed.call<CreateQueue>(creation(name)).code(), "InvalidParameterValue") << name;
    }
    EXPECT_EQ(bed.call<CreateQueue>(creation("")).code(), "MissingParameter");
    EXPECT_EQ(bed.call<CreateQueue>(creation("a.fifo")).code(), "InvalidParameterValue");
    EXPECT_EQ(bed.call<CreateQueue>(creation("a", {{"FifoQueue", "true"}})).code(),
              "InvalidParameterValue");
    EXPECT_EQ(bed.call<CreateQueue>(creation("a", {{"FifoQueue", "false"}})).text(),
              "Unknown Attribute FifoQueue.");
    EXPECT_EQ(bed.call<CreateQueue>(creation("a", {{"Nonsense", "1"}})).text(),
              "Unknown Attribute Nonsense.");
    EXPECT_EQ(bed.call<CreateQueue>(creation("a", {{"DeduplicationScope", "queue"}})).text(),
              "You can specify the DeduplicationScope only when FifoQueue is set to true.");
    for (const auto& [name, value] :
         std::map<std::string, std::string>{{"DelaySeconds", "901"},
                                            {"VisibilityTimeout", "43201"},
                                            {"MessageRetentionPeriod", "59"},
                                            {"ReceiveMessageWaitTimeSeconds", "21"},
                                            {"MaximumMessageSize", "1023"},
                                            {"SqsManagedSseEnabled", "maybe"},
                                            {"RedriveAllowPolicy", "{}"},
                                            {"RedrivePolicy", "{}"}}) {
        EXPECT_EQ(bed.call<CreateQueue>(creation("a", {{name, value}})).code(),
                  "InvalidAttributeValue")
            << name;
    }
    EXPECT_EQ(bed.call<CreateQueue>(creation("a", {{"KmsMasterKeyId", "k"}})).code(),
              "AWS.SimpleQueueService.UnsupportedOperation");
    EXPECT_EQ(
        bed.call<CreateQueue>(creation("a.fifo", {{"FifoQueue", "true"},
                                                  {"FifoThroughputLimit", "perMessageGroupId"}}))
            .code(),
        "InvalidAttributeValue");
}

TEST(CreateQueue, NameIsBlockedForAMinuteAfterDeletion) {
    TestBed bed;
    const std::string url = bed.make_queue("q");
    bed.send(url, "old");
    DeleteQueue::Input input;
    input.queue_url = url;
    EXPECT_EQ(bed.call<DeleteQueue>(input).code(), "ok");
    EXPECT_EQ(bed.call<DeleteQueue>(input).code(), "AWS.SimpleQueueService.NonExistentQueue");
    bed.advance(59);
    const auto early = bed.call<CreateQueue>(creation("q"));
    EXPECT_EQ(early.code(), "AWS.SimpleQueueService.QueueDeletedRecently");
    EXPECT_EQ(early.text(),
              "You must wait 60 seconds after deleting a queue before you can create another with "
              "the same name.");
    bed.advance(2);
    EXPECT_EQ(bed.call<CreateQueue>(creation("q")).code(), "ok");
    EXPECT_EQ(bed.bodies(url), "");
    bed.sweep();
    EXPECT_EQ(bed.rows(store::Space::kMessages), 0u);
}

TEST(RedrivePolicy, NeedsATargetThatExistsAndAllowsIt) {
    TestBed bed;
    const std::string text = redrive_to(arn_of("dead"), 3);
    EXPECT_EQ(bed.call<CreateQueue>(creation("q", {{"RedrivePolicy", text}})).text(),
              "Value " + text +
                  " for parameter RedrivePolicy is invalid. Reason: Dead letter target does not "
                  "exist.");
    const std::string dead = bed.make_queue("dead");
    EXPECT_EQ(
        bed.call<CreateQueue>(creation("q", {{"RedrivePolicy", redrive_to(arn_of("dead"), 1001)}}))
            .code(),
        "InvalidParameterValue");
    EXPECT_EQ(
        bed.call<CreateQueue>(creation("q.fifo", {{"FifoQueue", "true"}, {"RedrivePolicy", text}}))
            .code(),
        "InvalidParameterValue");
    const std::string url = bed.make_queue("q", {{"RedrivePolicy", text}});
    EXPECT_EQ(bed.attributes(url)["RedrivePolicy"], text);

    ListDeadLetterSourceQueues::Input sources;
    sources.queue_url = dead;
    EXPECT_EQ(*bed.call<ListDeadLetterSourceQueues>(sources)->queue_urls,
              (std::vector<std::string>{url}));

    EXPECT_EQ(bed.set(dead, "RedriveAllowPolicy", R"({"redrivePermission":"denyAll"})").code(),
              "ok");
    EXPECT_EQ(bed.call<CreateQueue>(creation("q2", {{"RedrivePolicy", text}})).code(),
              "InvalidParameterValue");
    EXPECT_EQ(
        bed.set(dead, "RedriveAllowPolicy",
                R"({"redrivePermission":"byQueue","sourceQueueArns":[")" + arn_of("q2") + R"("]})")
            .code(),
        "ok");
    EXPECT_EQ(bed.call<CreateQueue>(creation("q2", {{"RedrivePolicy", text}})).code(), "ok");
    EXPECT_EQ(bed.call<CreateQueue>(creation("q3", {{"RedrivePolicy", text}})).code(),
              "InvalidParameterValue");
    EXPECT_EQ(bed.set(url, "RedrivePolicy", "").code(), "ok");
    EXPECT_FALSE(bed.attributes(url).contains("RedrivePolicy"));
}

TEST(GetQueueAttributes, TellsAllOfAStandardQueue) {
    TestBed bed;
    const std::string url = bed.make_queue("q");
    const auto all = bed.attributes(url);
    const std::map<std::string, std::string> expected = {
        {"ApproximateNumberOfMessages", "0"},
        {"ApproximateNumberOfMessagesDelayed", "0"},
        {"ApproximateNumberOfMessagesNotVisible", "0"},
        {"CreatedTimestamp", "1767225600"},
        {"DelaySeconds", "0"},
        {"LastModifiedTimestamp", "1767225600"},
        {"MaximumMessageSize", "1048576"},
        {"MessageRetentionPeriod", "345600"},
        {"QueueArn", "arn:aws:sqs:us-east-1:123456789012:q"},
        {"ReceiveMessageWaitTimeSeconds", "0"},
        {"SqsManagedSseEnabled", "true"},
        {"VisibilityTimeout", "30"}};
    EXPECT_EQ(all, expected);
    GetQueueAttributes::Input input;
    input.queue_url = url;
    EXPECT_FALSE(bed.call<GetQueueAttributes>(input)->attributes.has_value());
    input.attribute_names = {"DelaySeconds", "Policy"};
    EXPECT_EQ(bed.call<GetQueueAttributes>(input)->attributes->size(), 1u);
    input.attribute_names = {"Nope"};
    EXPECT_EQ(bed.call<GetQueueAttributes>(input).text(), "Unknown Attribute Nope.");
}

TEST(GetQueueAttributes, TellsMoreOfAFifoQueue) {
    TestBed bed;
    auto all = bed.attributes(bed.make_queue("q.fifo"));
    EXPECT_EQ(all["FifoQueue"], "true");
    EXPECT_EQ(all["ContentBasedDeduplication"], "false");
    EXPECT_EQ(all["DeduplicationScope"], "queue");
    EXPECT_EQ(all["FifoThroughputLimit"], "perQueue");
}

TEST(SetQueueAttributes, ChangesAllOrNothing) {
    TestBed bed;
    const std::string url = bed.make_queue("q");
    bed.advance(10);
    SetQueueAttributes::Input input;
    input.queue_url = url;
    input.attributes =
        std::map<std::string, std::string>{{"DelaySeconds", "7"}, {"VisibilityTimeout", "x"}};
    EXPECT_EQ(bed.call<SetQueueAttributes>(input).code(), "InvalidAttributeValue");
    EXPECT_EQ(bed.attributes(url)["DelaySeconds"], "0");
    EXPECT_EQ(bed.set(url, "DelaySeconds", "7").code(), "ok");
    EXPECT_EQ(bed.attributes(url)["DelaySeconds"], "7");
    EXPECT_EQ(bed.attributes(url)["LastModifiedTimestamp"], "1767225610");
    EXPECT_EQ(bed.set(url, "FifoQueue", "true").text(),
              "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not "
              "supported.");
}

TEST(GetQueueUrl, FindsByNameAndOwner) {
    TestBed bed;
    bed.make_queue("q");
    GetQueueUrl::Input input;
    input.queue_name = "q";
    EXPECT_EQ(*bed.call<GetQueueUrl>(input)->queue_url, "http://localhost:4566/123456789012/q");
    input.queue_name = "r";
    const auto missing = bed.call<GetQueueUrl>(input);
    EXPECT_EQ(missing.code(), "AWS.SimpleQueueService.NonExistentQueue");
    EXPECT_EQ(missing.error->code, "QueueDoesNotExist");
    EXPECT_EQ(missing.error->http_status, 400);
}

TEST(QueueUrl, OnlyAccountAndNameCount) {
    TestBed bed;
    bed.make_queue("q");
    for (const std::string url : {"https://sqs.us-east-1.amazonaws.com/123456789012/q",
                                  "123456789012/q", "http://elsewhere:1/123456789012/q/"}) {
        EXPECT_EQ(bed.send(url, "x").code(), "ok") << url;
    }
    EXPECT_EQ(bed.send("http://localhost/999999999999/q", "x").code(), "AccessDenied");
    EXPECT_EQ(bed.send("http://localhost", "x").code(), "AWS.SimpleQueueService.NonExistentQueue");
    EXPECT_EQ(bed.send("", "x").text(), "The request must contain the parameter QueueUrl.");
}

TEST(ListQueues, ByPrefixAndInPages) {
    TestBed bed;
    ListQueues::Input input;
    EXPECT_FALSE(bed.call<ListQueues>(input)->queue_urls.has_value());
    for (const char* name : {"a1", "a2", "a3", "b1"}) bed.make_queue(name);
    EXPECT_EQ(bed.call<ListQueues>(input)->queue_urls->size(), 4u);
    input.queue_name_prefix = "a";
    input.max_results = 2;
    const auto first = bed.call<ListQueues>(input);
    EXPECT_EQ(first->queue_urls->size(), 2u);
    input.next_token = *first->next_token;
    const auto second = bed.call<ListQueues>(input);
    EXPECT_EQ(second->queue_urls->at(0), "http://localhost:4566/123456789012/a3");
    EXPECT_FALSE(second->next_token.has_value());
    input.max_results = 1001;
    EXPECT_EQ(bed.call<ListQueues>(input).code(), "InvalidParameterValue");
}

TEST(Tags, SetShownRemoved) {
    TestBed bed;
    const std::string url = bed.make_queue("q");
    TagQueue::Input tag;
    tag.queue_url = url;
    tag.tags = std::map<std::string, std::string>{{"a", "1"}, {"b", ""}};
    EXPECT_EQ(bed.call<TagQueue>(tag).code(), "ok");
    UntagQueue::Input untag;
    untag.queue_url = url;
    untag.tag_keys = {"a", "never"};
    EXPECT_EQ(bed.call<UntagQueue>(untag).code(), "ok");
    ListQueueTags::Input list;
    list.queue_url = url;
    EXPECT_EQ(*bed.call<ListQueueTags>(list)->tags,
              (std::map<std::string, std::string>{{"b", ""}}));
    for (int i = 0; i < 50; ++i) tag.tags->emplace("k" + std::to_string(i), "v");
    EXPECT_EQ(bed.call<TagQueue>(tag).text(), "Too many tags added for queue q.");
    tag.tags = std::map<std::string, std::string>{{"aws:x", "1"}};
    EXPECT_EQ(bed.call<TagQueue>(tag).code(), "InvalidParameterValue");
}

TEST(Permissions, LabelsAddAndRemoveStatements) {
    TestBed bed;
    const std::string url = bed.make_queue("q");
    AddPermission::Input add;
    add.queue_url = url;
    add.label = "partner";
    add.aws_account_ids = {"111122223333"};
    add.actions = {"SendMessage"};
    EXPECT_EQ(bed.call<AddPermission>(add).code(), "ok");
    EXPECT_EQ(bed.call<AddPermission>(add).text(),
              "Value partner for parameter Label is invalid. Reason: Already exists.");
    EXPECT_EQ(bed.attributes(url)["Policy"],
              R"({"Version":"2012-10-17","Id":"arn:aws:sqs:us-east-1:123456789012:q/)"
              R"(SQSDefaultPolicy","Statement":[{"Sid":"partner","Effect":"Allow",)"
              R"("Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"SQS:SendMessage",)"
              R"("Resource":"arn:aws:sqs:us-east-1:123456789012:q"}]})");
    bed.as(root_of("111122223333"));
    EXPECT_EQ(bed.send(url, "from outside").code(), "ok");
    ReceiveMessage::Input receive;
    receive.queue_url = url;
    const auto denied = bed.call<ReceiveMessage>(receive);
    EXPECT_EQ(denied.code(), "AccessDenied");
    EXPECT_EQ(denied.error->http_status, 403);
    bed.as(root_of("123456789012"));
    RemovePermission::Input remove;
    remove.queue_url = url;
    remove.label = "other";
    EXPECT_EQ(bed.call<RemovePermission>(remove).text(),
              "Value other for parameter Label is invalid. Reason: can't find label.");
    remove.label = "partner";
    EXPECT_EQ(bed.call<RemovePermission>(remove).code(), "ok");
    EXPECT_FALSE(bed.attributes(url).contains("Policy"));
    bed.as(root_of("111122223333"));
    EXPECT_EQ(bed.send(url, "from outside").code(), "AccessDenied");
}

TEST(Permissions, IdentityPoliciesAndTheQueuesOwnDeny) {
    TestBed bed;
    const std::string url = bed.make_queue("q");
    auto user = std::make_shared<contracts::Caller>();
    user->kind = contracts::PrincipalKind::kUser;
    user->account_id = "123456789012";
    user->arn = "arn:aws:iam::123456789012:user/u";
    user->user_id = "AIDAUSER";
    user->user_name = "u";
    bed.as(user);
    const auto denied = bed.send(url, "x");
    EXPECT_EQ(denied.code(), "AccessDenied");
    EXPECT_EQ(denied.text(),
              "User: arn:aws:iam::123456789012:user/u is not authorized to perform: "
              "sqs:SendMessage on resource: arn:aws:sqs:us-east-1:123456789012:q because no "
              "identity-based policy allows the sqs:SendMessage action");
    auto allowed = std::make_shared<contracts::Caller>(*user);
    allowed->identity_policies.push_back(*auth::parse_policy(
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:SendMessage",
            "Resource":"arn:aws:sqs:*:*:q"}]})",
        auth::PolicyKind::kIdentity));
    bed.as(allowed);
    EXPECT_EQ(bed.send(url, "x").code(), "ok");
    bed.as(root_of("123456789012"));
    EXPECT_EQ(bed.set(url, "Policy",
                      R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*",
                    "Action":"sqs:SendMessage","Resource":"*"}]})")
                  .code(),
              "ok");
    bed.as(allowed);
    EXPECT_EQ(bed.send(url, "x").code(), "AccessDenied");
}

TEST(Permissions, EveryOperationAsksForItsQueue) {
    TestBed bed;
    const std::string url = bed.make_queue("q");
    auto nobody = std::make_shared<contracts::Caller>();
    nobody->kind = contracts::PrincipalKind::kUser;
    nobody->account_id = "123456789012";
    nobody->arn = "arn:aws:iam::123456789012:user/nobody";
    bed.as(nobody);
    const auto denied = [&]<class Op>(Op) {
        typename Op::Input input;
        if constexpr (requires { input.queue_url; }) input.queue_url = url;
        if constexpr (requires { input.queue_name; }) input.queue_name = "q";
        if constexpr (requires { input.source_arn; }) input.source_arn = arn_of("q");
        EXPECT_EQ(bed.call<Op>(input).code(), "AccessDenied") << Op::kTraits.name;
    };
    denied(AddPermission{});
    denied(ChangeMessageVisibility{});
    denied(ChangeMessageVisibilityBatch{});
    denied(CreateQueue{});
    denied(DeleteMessage{});
    denied(DeleteMessageBatch{});
    denied(DeleteQueue{});
    denied(GetQueueAttributes{});
    denied(GetQueueUrl{});
    denied(ListDeadLetterSourceQueues{});
    denied(ListMessageMoveTasks{});
    denied(ListQueueTags{});
    denied(ListQueues{});
    denied(PurgeQueue{});
    denied(ReceiveMessage{});
    denied(RemovePermission{});
    denied(SendMessage{});
    denied(SendMessageBatch{});
    denied(SetQueueAttributes{});
    denied(StartMessageMoveTask{});
    denied(TagQueue{});
    denied(UntagQueue{});
}

}  // namespace
}  // namespace millrace::sqs
