// Goal: S3's and Lambda's requests and answers on real operations. Method: golden texts, refusals,
// and random XML text that must come back.
#include "model/rest_protocol.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "model/generated/lambda.h"
#include "model/generated/s3.h"

namespace millrace::model {
namespace {

template <class Input>
Result<Input> decode(const ServiceDescriptor& service, std::string_view method,
                     std::string_view path, std::string_view query, std::vector<HttpHeader> headers,
                     Body body) {
    HttpRequest request;
    request.headers = std::move(headers);
    const RestMatch match = match_rest(service, method, path, query, request);
    MR_ASSERT(match.operation != nullptr);
    Input input;
    Result<void> decoded = decode_rest_request(match, request, body, &input);
    if (!decoded) return std::move(decoded.error());
    return input;
}

Body bytes(std::string text) { return Body{.bytes = std::move(text), .blob_id = {}}; }

std::string header_of(const HttpResponse& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
        if (equals_ignore_case(key, name)) return value;
    }
    return "(none)";
}

const OperationDescriptor& s3_operation(std::string_view name) {
    return *find_operation(s3::kService, name);
}

TEST(RestXml, DecodesPutObject) {
    Body body{.bytes = {}, .blob_id = "blob-1", .offset = 0, .length = 5};
    const auto input = decode<s3::PutObjectInput>(s3::kService, "PUT", "/b/a%20b", "",
                                                  {{"Content-Type", "text/plain"},
                                                   {"x-amz-meta-Name", " v "},
                                                   {"X-Amz-Meta-name", "w"},
                                                   {"x-amz-metadata-directive", "COPY"},
                                                   {"content-length", "5"},
                                                   {"Expires", "whatever"}},
                                                  body);
    ASSERT_TRUE(input.has_value());
    EXPECT_EQ(input->bucket, "b");
    EXPECT_EQ(input->key, "a b");
    EXPECT_EQ(input->body, body);
    EXPECT_EQ(input->content_type, "text/plain");
    EXPECT_EQ(input->content_length, 5);
    EXPECT_EQ(input->expires, "whatever");
    const std::map<std::string, std::string> metadata{{"name", "v,w"}};
    EXPECT_EQ(input->metadata, metadata);
}

TEST(RestXml, DecodesQueryAndDates) {
    const auto list = decode<s3::ListObjectsV2Input>(
        s3::kService, "GET", "/b", "list-type=2&prefix=a%2Bb+c&max-keys=10&fetch-owner=true", {},
        {});
    EXPECT_EQ(list->prefix, "a+b c");
    EXPECT_EQ(list->max_keys, 10);
    EXPECT_EQ(list->fetch_owner, true);
    const auto bad =
        decode<s3::ListObjectsV2Input>(s3::kService, "GET", "/b", "list-type=2&max-keys=x", {}, {});
    ASSERT_FALSE(bad.has_value());
    EXPECT_EQ(bad.error().code, "InvalidArgument");
    EXPECT_EQ(bad.error().message, "Provided max-keys not an integer or within integer range");
    EXPECT_EQ(bad.error().fields[1].second, "x");
    const auto get =
        decode<s3::GetObjectInput>(s3::kService, "GET", "/b/k", "",
                                   {{"If-Modified-Since", "Sat, 31 Jan 2026 10:20:30 GMT"},
                                    {"If-Unmodified-Since", "nonsense"}},
                                   {});
    EXPECT_EQ(get->if_modified_since, from_epoch_ms(1769854830000));
    EXPECT_FALSE(get->if_unmodified_since.has_value());
    const auto attributes =
        decode<s3::GetObjectAttributesInput>(s3::kService, "GET", "/b/k", "attributes",
                                             {{"x-amz-object-attributes", "ETag, ObjectSize"}}, {});
    const std::vector<std::string> expected{"ETag", "ObjectSize"};
    EXPECT_EQ(attributes->object_attributes, expected);
}

TEST(RestXml, DecodesDocuments) {
    const auto remove = decode<s3::DeleteObjectsInput>(
        s3::kService, "POST", "/b", "delete", {},
        bytes("<?xml version=\"1.0\"?><s3:Delete "
              "xmlns:s3=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
              "<s3:Object><s3:Key>a&amp;b&#x20;c</s3:Key></s3:Object><s3:Object><s3:Key> </s3:Key>"
              "<s3:Unknown/></s3:Object><s3:Quiet> true </s3:Quiet></s3:Delete>"));
    ASSERT_TRUE(remove.has_value());
    ASSERT_EQ(remove->delete_->objects->size(), 2U);
    EXPECT_EQ(remove->delete_->objects->at(0).key, "a&b c");
    EXPECT_EQ(remove->delete_->objects->at(1).key, " ");
    EXPECT_EQ(remove->delete_->quiet, true);

    const auto website = decode<s3::PutBucketWebsiteInput>(
        s3::kService, "PUT", "/b", "website", {},
        bytes("<WebsiteConfiguration><IndexDocument><Suffix>i.html</Suffix></IndexDocument>"
              "<RoutingRules><RoutingRule><Redirect><HostName>h</HostName></Redirect></RoutingRule>"
              "</RoutingRules></WebsiteConfiguration>"));
    ASSERT_TRUE(website.has_value());
    EXPECT_EQ(website->website_configuration->index_document->suffix, "i.html");
    EXPECT_EQ(website->website_configuration->routing_rules->at(0).redirect->host_name, "h");

    const auto acl = decode<s3::PutBucketAclInput>(
        s3::kService, "PUT", "/b", "acl", {},
        bytes("<AccessControlPolicy><Owner><ID>o</ID></Owner><AccessControlList><Grant><Grantee "
              "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\">"
              "<ID>g</ID></Grantee><Permission>READ</Permission></Grant></AccessControlList>"
              "</AccessControlPolicy>"));
    ASSERT_TRUE(acl.has_value());
    EXPECT_EQ(acl->access_control_policy->grants->at(0).grantee->type, "CanonicalUser");

    const auto policy = decode<s3::PutBucketPolicyInput>(s3::kService, "PUT", "/b", "policy", {},
                                                         bytes("{\"Version\":\"2012-10-17\"}"));
    EXPECT_EQ(policy->policy, "{\"Version\":\"2012-10-17\"}");
}

TEST(RestXml, RefusesBrokenDocuments) {
    for (const std::string& xml :
         {std::string("<Delete>"), std::string("x"), std::string("<Delete></Other>"),
          std::string("<Delete/>"),                   // Object is required
          std::string("<Delete><Object/></Delete>"),  // so is its Key
          std::string("<Delete><Object><Key>k</Key></Object><Quiet>maybe</Quiet></Delete>"),
          std::string("<!DOCTYPE d [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>")}) {
        const auto input =
            decode<s3::DeleteObjectsInput>(s3::kService, "POST", "/b", "delete", {}, bytes(xml));
        ASSERT_FALSE(input.has_value()) << xml;
        EXPECT_EQ(input.error().code, "MalformedXML");
        EXPECT_EQ(input.error().http_status, 400);
    }
    // An absent document is not a broken one.
    const auto none = decode<s3::DeleteObjectsInput>(s3::kService, "POST", "/b", "delete", {}, {});
    ASSERT_TRUE(none.has_value());
    EXPECT_FALSE(none->delete_.has_value());
    // Nothing external is read, and deep nesting is no danger.
    const auto entity = decode<s3::DeleteObjectsInput>(
        s3::kService, "POST", "/b", "delete", {},
        bytes(
            "<!DOCTYPE d [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><Delete><Object><Key>&e;</Key>"
            "</Object></Delete>"));
    if (entity.has_value()) EXPECT_EQ(entity->delete_->objects->at(0).key, "&e;");
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += "<a>";
    EXPECT_FALSE(
        decode<s3::DeleteObjectsInput>(s3::kService, "POST", "/b", "delete", {}, bytes(deep))
            .has_value());
}

TEST(RestXml, EncodesDocuments) {
    const std::string head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    const std::string ns = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
    s3::ListObjectsV2Output list;
    list.name = "b";
    list.is_truncated = false;
    list.contents.emplace().push_back({});
    list.contents->at(0).key = "a&b";
    list.contents->at(0).last_modified = from_epoch_ms(1769854830000);
    list.contents->at(0).size = 3;
    list.common_prefixes.emplace().push_back({.prefix = "p/"});
    HttpResponse response;
    encode_rest_response(s3_operation("ListObjectsV2"), &list, response);
    EXPECT_EQ(response.body.bytes,
              head + "<ListBucketResult" + ns +
                  "<IsTruncated>false</IsTruncated><Contents><Key>a&amp;b</Key>"
                  "<LastModified>2026-01-31T10:20:30.000Z</LastModified><Size>3</Size></Contents>"
                  "<Name>b</Name><CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes>"
                  "</ListBucketResult>");
    EXPECT_EQ(header_of(response, "Content-Type"), "application/xml");

    s3::GetBucketLocationOutput location;
    response = {};
    encode_rest_response(s3_operation("GetBucketLocation"), &location, response);
    EXPECT_EQ(response.body.bytes, head + "<LocationConstraint" + ns + "</LocationConstraint>");
    location.location_constraint = "eu-west-1";
    response = {};
    encode_rest_response(s3_operation("GetBucketLocation"), &location, response);
    EXPECT_EQ(response.body.bytes,
              head + "<LocationConstraint" + ns + "eu-west-1</LocationConstraint>");

    s3::GetBucketAclOutput acl;
    acl.grants.emplace().push_back({});
    acl.grants->at(0).grantee.emplace().type = "CanonicalUser";
    acl.grants->at(0).grantee->id = "g";
    response = {};
    encode_rest_response(s3_operation("GetBucketAcl"), &acl, response);
    EXPECT_EQ(
        response.body.bytes,
        head + "<AccessControlPolicy" + ns +
            "<AccessControlList><Grant><Grantee "
            "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\">"
            "<ID>g</ID></Grantee></Grant></AccessControlList></AccessControlPolicy>");

    s3::CopyObjectOutput copy;
    copy.copy_object_result.emplace().e_tag = "\"x\"";
    copy.version_id = "v";
    response = {};
    encode_rest_response(s3_operation("CopyObject"), &copy, response);
    EXPECT_EQ(response.body.bytes,
              head + "<CopyObjectResult" + ns + "<ETag>&quot;x&quot;</ETag></CopyObjectResult>");
    EXPECT_EQ(header_of(response, "x-amz-version-id"), "v");
}

TEST(RestXml, EncodesHeadersAndStreams) {
    s3::GetObjectOutput output;
    output.body = Body{.bytes = {}, .blob_id = "blob", .offset = 2, .length = 3};
    output.content_type = "text/plain";
    output.last_modified = from_epoch_ms(1769854830123);
    output.content_length = 3;
    output.metadata.emplace()["k"] = "v";
    output.delete_marker = false;
    HttpResponse response;
    encode_rest_response(s3_operation("GetObject"), &output, response);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body.blob_id, "blob");
    EXPECT_EQ(response.body.length, 3U);
    EXPECT_EQ(header_of(response, "Content-Type"), "text/plain");
    EXPECT_EQ(header_of(response, "Last-Modified"), "Sat, 31 Jan 2026 10:20:30 GMT");
    EXPECT_EQ(header_of(response, "x-amz-meta-k"), "v");
    EXPECT_EQ(header_of(response, "x-amz-delete-marker"), "false");
    s3::DeleteObjectOutput removed;
    response = {};
    encode_rest_response(s3_operation("DeleteObject"), &removed, response);
    EXPECT_EQ(response.status, 204);
    EXPECT_TRUE(response.body.bytes.empty());
    s3::GetBucketPolicyOutput policy;
    policy.policy = "{}";
    response = {};
    encode_rest_response(s3_operation("GetBucketPolicy"), &policy, response);
    EXPECT_EQ(response.body.bytes, "{}");
    EXPECT_EQ(header_of(response, "Content-Type"), "application/json");
}

TEST(RestXml, EncodesErrors) {
    Error error;
    error.code = "NoSuchBucket";
    error.http_status = 404;
    error.message = "The specified bucket does not exist";
    error.fields = {{"BucketName", "a<b"}};
    HttpResponse response;
    encode_rest_xml_error(s3::kService, error, "R", "H", response);
    EXPECT_EQ(response.status, 404);
    EXPECT_EQ(
        response.body.bytes,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchBucket</Code>"
        "<Message>The specified bucket does not exist</Message><BucketName>a&lt;b</BucketName>"
        "<RequestId>R</RequestId><HostId>H</HostId></Error>");
    error.http_status = 304;
    response = {};
    encode_rest_xml_error(s3::kService, error, "R", "H", response);
    EXPECT_EQ(response.status, 304);
    EXPECT_TRUE(response.body.bytes.empty());
}

RC_GTEST_PROP(RestXml, DocumentsComeBack, (const std::vector<std::string>& raw_keys)) {
    s3::Delete document;
    document.objects.emplace();
    for (const std::string& raw : raw_keys) {
        std::string key;
        for (const char c : raw) {
            if ((c & 0x7f) != 0)
                key.push_back(static_cast<char>(c & 0x7f));  // NUL cannot be in XML
        }
        document.objects->push_back({.key = key});
    }
    RC_PRE(!document.objects->empty());
    std::string xml;
    append_xml_document(xml, descriptor_of(&document), "Delete", "", &document);
    s3::Delete back;
    RC_ASSERT(decode_xml_document(descriptor_of(&document), xml, &back).has_value());
    RC_ASSERT(back == document);
}

TEST(RestJson, DecodesLambda) {
    const auto create = decode<lambda::CreateFunctionInput>(
        lambda::kService, "POST", "/2015-03-31/functions", "", {},
        bytes(R"({"FunctionName":"f","Code":{"ZipFile":"UEs="},"Timeout":5,
                  "Environment":{"Variables":{"A":"b"}},"Tags":{"t":"v"}})"));
    ASSERT_TRUE(create.has_value());
    EXPECT_EQ(create->function_name, "f");
    EXPECT_EQ(create->code->zip_file, "PK");
    EXPECT_EQ(create->environment->variables->at("A"), "b");
    const auto invoke = decode<lambda::InvokeInput>(
        lambda::kService, "POST", "/2015-03-31/functions/f/invocations", "Qualifier=1",
        {{"X-Amz-Invocation-Type", "Event"}}, bytes("{\"a\":1}"));
    ASSERT_TRUE(invoke.has_value());
    EXPECT_EQ(invoke->function_name, "f");
    EXPECT_EQ(invoke->qualifier, "1");
    EXPECT_EQ(invoke->invocation_type, "Event");
    EXPECT_EQ(invoke->payload, "{\"a\":1}");
    const auto broken = decode<lambda::CreateFunctionInput>(
        lambda::kService, "POST", "/2015-03-31/functions", "", {}, bytes("{"));
    ASSERT_FALSE(broken.has_value());
    EXPECT_EQ(broken.error().code, "InvalidRequestContentException");
    const auto wrong = decode<lambda::CreateFunctionInput>(
        lambda::kService, "POST", "/2015-03-31/functions", "", {}, bytes(R"({"Timeout":"x"})"));
    EXPECT_EQ(wrong.error().code, "SerializationException");
}

TEST(RestJson, EncodesLambda) {
    lambda::InvokeOutput output;
    output.status_code = 202;
    output.function_error = "Unhandled";
    output.payload = "{\"x\":1}";
    HttpResponse response;
    encode_rest_response(*find_operation(lambda::kService, "Invoke"), &output, response);
    EXPECT_EQ(response.status, 202);
    EXPECT_EQ(response.body.bytes, "{\"x\":1}");
    EXPECT_EQ(header_of(response, "X-Amz-Function-Error"), "Unhandled");
    lambda::CreateFunctionOutput created;
    created.function_name = "f";
    created.memory_size = 128;
    response = {};
    encode_rest_response(*find_operation(lambda::kService, "CreateFunction"), &created, response);
    EXPECT_EQ(response.status, 201);
    EXPECT_EQ(response.body.bytes, R"({"FunctionName":"f","MemorySize":128})");
    EXPECT_EQ(header_of(response, "Content-Type"), "application/json");
    Error error;
    error.code = "ResourceNotFoundException";
    error.http_status = 404;
    error.message = "Function not found: f";
    error.capital_message = true;
    response = {};
    encode_rest_json_error(lambda::kService, error, response);
    EXPECT_EQ(response.body.bytes, R"({"Type":"User","Message":"Function not found: f"})");
    EXPECT_EQ(header_of(response, "x-amzn-ErrorType"), "ResourceNotFoundException");
}

}  // namespace
}  // namespace millrace::model
