// Signatures against AWS's published examples, against botocore's signers (testdata), and against
// every kind of tampering. Method: sign, alter one thing, expect the error of the service family.
#include "auth/sigv4.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "codec/digest.h"
#include "codec/hex.h"
#include "codec/json.h"

namespace millrace::auth {
namespace {

using contracts::Credential;

class Keys final : public contracts::CredentialSource {
public:
    std::shared_ptr<const Credential> find(std::string_view id) override {
        const auto it = keys.find(id);
        return it == keys.end() ? nullptr : it->second;
    }
    void add(std::string id, std::string secret, std::string token = "",
             TimePoint expires = TimePoint::max()) {
        auto credential = std::make_shared<Credential>();
        credential->access_key_id = id;
        credential->secret_access_key = std::move(secret);
        credential->session_token = std::move(token);
        credential->expires = expires;
        keys[std::move(id)] = std::move(credential);
    }
    std::map<std::string, std::shared_ptr<const Credential>, std::less<>> keys;
};

// A request that owns its strings.
struct Message {
    std::string method = "POST";
    std::string path = "/";
    std::string query;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;

    HttpRequest view() const {
        HttpRequest request;
        request.method = method;
        request.path = path;
        request.query = query;
        for (const auto& [name, value] : headers) request.headers.push_back({name, value});
        return request;
    }
    std::string* header(std::string_view name) {
        for (auto& [key, value] : headers) {
            if (equals_ignore_case(key, name)) return &value;
        }
        return nullptr;
    }
};

// 2015-08-30T12:36:00Z, of the published test suite, and others.
TimePoint at(int64_t epoch) { return from_epoch_ms(epoch * 1000); }
constexpr int64_t kSuiteTime = 1440938160;

std::string header_of(const std::vector<std::pair<std::string, std::string>>& headers,
                      std::string_view name) {
    for (const auto& [key, value] : headers) {
        if (equals_ignore_case(key, name)) return value;
    }
    return {};
}

std::string signature_of(std::string_view authorization) {
    return std::string(authorization.substr(authorization.find("Signature=") + 10));
}

std::string suite_signature(const Message& message, const std::string& service = "service") {
    const auto added = sign(message.view(), codec::sha256_hex(message.body),
                            {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""},
                            {service, "us-east-1", at(kSuiteTime)});
    return signature_of(header_of(added, "Authorization"));
}

TEST(SigV4Sign, PublishedSuite) {
    Message message{.method = "GET", .headers = {{"Host", "example.amazonaws.com"}}};
    EXPECT_EQ(suite_signature(message),
              "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    message.query = "Param2=value2&Param1=value1";
    EXPECT_EQ(suite_signature(message),
              "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
    message.query = "";
    message.method = "POST";
    EXPECT_EQ(suite_signature(message),
              "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
}

TEST(SigV4Sign, PublishedIamExample) {
    const Message message{
        .method = "GET",
        .query = "Action=ListUsers&Version=2010-05-08",
        .headers = {{"Host", "iam.amazonaws.com"},
                    {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}}};
    EXPECT_EQ(suite_signature(message, "iam"),
              "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
    const SigningKey key = derive_signing_key("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                                              "20150830", "us-east-1", "iam");
    EXPECT_EQ(codec::hex_encode({reinterpret_cast<const char*>(key.data()), key.size()}),
              "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
}

constexpr int64_t kS3Time = 1369353600;  // 2013-05-24T00:00:00Z
constexpr std::string_view kS3Secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const SigningCredential kS3Credential{"AKIAIOSFODNN7EXAMPLE", kS3Secret, ""};

TEST(SigV4Sign, PublishedS3Examples) {
    const Message get{
        .method = "GET",
        .path = "/test.txt",
        .headers = {{"Host", "examplebucket.s3.amazonaws.com"}, {"Range", "bytes=0-9"}}};
    const auto added =
        sign(get.view(), codec::sha256_hex(""), kS3Credential, {"s3", "us-east-1", at(kS3Time)});
    EXPECT_EQ(signature_of(header_of(added, "Authorization")),
              "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");

    const Message plain{.method = "GET",
                        .path = "/test.txt",
                        .headers = {{"Host", "examplebucket.s3.amazonaws.com"}}};
    const std::string target = presign(plain.view(), "UNSIGNED-PAYLOAD", kS3Credential,
                                       {"s3", "us-east-1", at(kS3Time)}, 86400);
    EXPECT_TRUE(target.ends_with(
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"))
        << target;
}

// Every request that botocore signed is accepted, and refused once any part of it is altered.
class BotocoreVectors : public testing::Test {
protected:
    struct Vector {
        std::string name, service, region, token;
        bool presigned = false;
        Message message;
    };
    void SetUp() override {
        std::ifstream file(MR_AUTH_TESTDATA "/sigv4_vectors.json");
        std::stringstream text;
        text << file.rdbuf();
        const auto json = codec::parse_json(text.str());
        ASSERT_TRUE(json.has_value());
        access_key_ = json->find("access_key_id")->as_string();
        secret_ = json->find("secret")->as_string();
        for (const codec::JsonValue& v : json->find("vectors")->elements()) {
            Vector vector;
            vector.name = v.find("name")->as_string();
            vector.service = v.find("service")->as_string();
            vector.region = v.find("region")->as_string();
            vector.token = v.find("token")->as_string();
            vector.presigned = v.find("presigned")->as_bool();
            vector.message.method = v.find("method")->as_string();
            vector.message.path = v.find("path")->as_string();
            vector.message.query = v.find("query")->as_string();
            vector.message.body = v.find("body")->as_string();
            for (const codec::JsonValue& h : v.find("headers")->elements()) {
                vector.message.headers.emplace_back(h.elements()[0].as_string(),
                                                    h.elements()[1].as_string());
            }
            vectors_.push_back(std::move(vector));
        }
        ASSERT_GE(vectors_.size(), 10U);
    }
    static ErrorFamily family_of(const std::string& service) {
        if (service == "s3") return ErrorFamily::kS3;
        if (service == "lambda") return ErrorFamily::kRestJson;
        return service == "iam" || service == "sts" ? ErrorFamily::kQuery : ErrorFamily::kJson;
    }
    Result<Verified> check(const Vector& vector, const Message& message) {
        Keys keys;
        keys.add(access_key_, secret_, vector.token);
        return verify(message.view(), message.body,
                      {.service = vector.service,
                       .region = vector.region,
                       .family = family_of(vector.service),
                       .now = at(kVectorTime)},
                      keys);
    }
    static constexpr int64_t kVectorTime = 1769854830;  // 2026-01-31T10:20:30Z
    std::string access_key_, secret_;
    std::vector<Vector> vectors_;
};

TEST_F(BotocoreVectors, Accepted) {
    for (const Vector& vector : vectors_) {
        const auto result = check(vector, vector.message);
        EXPECT_TRUE(result.has_value())
            << vector.name << ": " << (result ? "" : result.error().message);
        const auto scope = claimed_scope(vector.message.view());
        ASSERT_TRUE(scope.has_value()) << vector.name;
        EXPECT_EQ(scope->service, vector.service);
        EXPECT_EQ(scope->region, vector.region);
        EXPECT_EQ(scope->access_key_id, access_key_);
        EXPECT_EQ(scope->presigned, vector.presigned);
    }
}

TEST_F(BotocoreVectors, OurSignerAgrees) {
    for (const Vector& vector : vectors_) {
        if (vector.presigned) continue;
        Message message = vector.message;
        std::erase_if(message.headers, [](const auto& h) {
            return h.first == "Authorization" || h.first == "X-Amz-Date" ||
                   h.first == "X-Amz-Security-Token" || h.first == "X-Amz-Content-SHA256";
        });
        const auto added = sign(message.view(), codec::sha256_hex(message.body),
                                {access_key_, secret_, vector.token},
                                {vector.service, vector.region, at(kVectorTime)});
        Message original = vector.message;
        EXPECT_EQ(header_of(added, "Authorization"), *original.header("Authorization"))
            << vector.name;
    }
}

TEST_F(BotocoreVectors, TamperingIsRefused) {
    for (const Vector& vector : vectors_) {
        const auto refused = [&](std::string_view what, auto&& alter) {
            Message message = vector.message;
            alter(message);
            EXPECT_FALSE(check(vector, message).has_value()) << vector.name << ": " << what;
        };
        refused("method", [](Message& m) { m.method = m.method == "GET" ? "HEAD" : "DELETE"; });
        refused("path", [](Message& m) { m.path += "x"; });
        refused("query added", [](Message& m) { m.query += m.query.empty() ? "acl" : "&acl"; });
        refused("host", [](Message& m) { *m.header("Host") += "1"; });
        if (!vector.presigned) {
            refused("body", [](Message& m) { m.body += " "; });
            refused("date", [](Message& m) { *m.header("X-Amz-Date") = "20260131T102031Z"; });
            refused("signature", [](Message& m) {
                std::string& value = *m.header("Authorization");
                value.back() = value.back() == '0' ? '1' : '0';
            });
            refused("signature cut", [](Message& m) { m.header("Authorization")->pop_back(); });
            refused("no Authorization", [](Message& m) {
                std::erase_if(m.headers, [](const auto& h) { return h.first == "Authorization"; });
            });
        } else {
            refused("signature",
                    [](Message& m) { m.query.back() = m.query.back() == '0' ? '1' : '0'; });
            refused("expiry", [](Message& m) {
                const size_t position = m.query.find("X-Amz-Expires=") + 14;
                m.query[position] = m.query[position] == '1' ? '2' : '1';
            });
        }
        if (!vector.token.empty()) {
            refused("token", [](Message& m) {
                if (std::string* token = m.header("X-Amz-Security-Token")) {
                    *token += "x";
                } else {
                    m.query.replace(m.query.find("FwoG"), 4, "GwoG");
                }
            });
        }
        for (const auto& [name, value] : vector.message.headers) {
            if (name == "Host" || name == "Authorization") continue;
            refused(name, [&, n = name](Message& m) { *m.header(n) += "z"; });
        }
    }
}

// ---- texts ----

class Texts : public testing::Test {
protected:
    Texts() {
        keys_.add("AKID", "secret");
        keys_.add("ASIA", "secret", "token", at(kNow + 3600));
        message_.headers = {{"Host", "localhost"},
                            {"X-Amz-Target", "DynamoDB_20120810.ListTables"}};
        message_.body = "{}";
    }
    void sign_it(std::string_view key = "AKID", int64_t when = kNow,
                 std::string_view region = "us-east-1", std::string_view service = "dynamodb",
                 std::string_view token = "") {
        const auto added = sign(message_.view(), codec::sha256_hex(message_.body),
                                {key, "secret", token}, {service, region, at(when)});
        for (const auto& header : added) message_.headers.push_back(header);
    }
    Error error(ErrorFamily family = ErrorFamily::kJson, std::string_view service = "dynamodb",
                int64_t now = kNow) {
        const auto result = verify(
            message_.view(), message_.body,
            {.service = service, .region = "us-east-1", .family = family, .now = at(now)}, keys_);
        return result ? Error{.code = "none"} : result.error();
    }
    static constexpr int64_t kNow = 1769854830;
    Keys keys_;
    Message message_;
};

TEST_F(Texts, MissingToken) {
    EXPECT_EQ(error().code, "MissingAuthenticationTokenException");
    EXPECT_EQ(error().message, "Missing Authentication Token");
    EXPECT_EQ(error().http_status, 400);
    EXPECT_EQ(error(ErrorFamily::kQuery, "sts").code, "MissingAuthenticationToken");
    EXPECT_EQ(error(ErrorFamily::kRestJson, "lambda").http_status, 403);
    EXPECT_EQ(error(ErrorFamily::kEc2, "ec2").code, "MissingAuthenticationToken");
    EXPECT_EQ(error(ErrorFamily::kS3, "s3").code, "AccessDenied");
}

TEST_F(Texts, Ec2SaysLittle) {
    sign_it("NOBODY", kNow, "us-east-1", "ec2");
    const Error unknown = error(ErrorFamily::kEc2, "ec2");
    EXPECT_EQ(unknown.code, "AuthFailure");
    EXPECT_EQ(unknown.http_status, 401);
    EXPECT_EQ(unknown.message, "AWS was not able to validate the provided access credentials");
    message_.headers.resize(2);
    sign_it("AKID", kNow, "us-east-1", "ec2");
    EXPECT_EQ(error(ErrorFamily::kEc2, "ec2").code, "none");
    EXPECT_EQ(error(ErrorFamily::kEc2, "ec2", kNow + 301).code, "RequestExpired");
    message_.body = "{ }";
    EXPECT_EQ(error(ErrorFamily::kEc2, "ec2"), unknown);
}

TEST_F(Texts, UnknownKey) {
    sign_it("NOBODY");
    EXPECT_EQ(error().code, "UnrecognizedClientException");
    EXPECT_EQ(error().message, "The security token included in the request is invalid.");
}

TEST_F(Texts, Incomplete) {
    message_.headers.emplace_back("Authorization", "AWS4-HMAC-SHA256 SignedHeaders=host");
    EXPECT_EQ(error().code, "IncompleteSignatureException");
    EXPECT_TRUE(error().message.starts_with(
        "Authorization header requires 'Credential' parameter. Authorization header requires "
        "'Signature' parameter. "
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "))
        << error().message;
}

TEST_F(Texts, OtherAlgorithms) {
    message_.headers.emplace_back("Authorization", "AWS4-ECDSA-P256-SHA256 Credential=a");
    EXPECT_EQ(error().code, "IncompleteSignatureException");
    EXPECT_EQ(error(ErrorFamily::kS3, "s3").message,
              "The authorization mechanism you have provided is not supported. Please use "
              "AWS4-HMAC-SHA256.");
}

TEST_F(Texts, ScopeAndTime) {
    sign_it("AKID", kNow, "eu-west-1");
    EXPECT_EQ(error().message, "Credential should be scoped to a valid region.");
    EXPECT_EQ(error(ErrorFamily::kJson, "sqs").message,
              "Credential should be scoped to correct service: 'sqs'.");
}

TEST_F(Texts, Skew) {
    sign_it();
    EXPECT_EQ(error().code, "none");
    EXPECT_EQ(error(ErrorFamily::kJson, "dynamodb", kNow + 300).code, "none");
    EXPECT_EQ(error(ErrorFamily::kJson, "dynamodb", kNow + 301).message,
              "Signature expired: 20260131T102030Z is now earlier than 20260131T102031Z "
              "(20260131T102531Z - 5 min.)");
    EXPECT_EQ(error(ErrorFamily::kJson, "dynamodb", kNow - 301).message,
              "Signature not yet current: 20260131T102030Z is still later than 20260131T102029Z "
              "(20260131T101529Z + 5 "
              "min.)");
}

TEST_F(Texts, Session) {
    sign_it("ASIA", kNow, "us-east-1", "dynamodb", "token");
    EXPECT_EQ(error().code, "none");
    keys_.add("ASIA", "secret", "token", at(kNow));
    EXPECT_EQ(error().code, "ExpiredTokenException");
    EXPECT_EQ(error(ErrorFamily::kRestJson).http_status, 403);
    message_.headers.resize(2);
    sign_it("ASIA");
    EXPECT_EQ(error().code, "UnrecognizedClientException");
    message_.headers.resize(2);
    sign_it("AKID", kNow, "us-east-1", "dynamodb", "token");
    EXPECT_EQ(error().code, "UnrecognizedClientException");
}

TEST_F(Texts, UnsignedTarget) {
    const std::string target = message_.headers.back().second;
    message_.headers.pop_back();
    sign_it();
    message_.headers.emplace_back("X-Amz-Target", target);
    EXPECT_EQ(error().code, "InvalidSignatureException");
}

TEST_F(Texts, S3) {
    message_ = {.method = "PUT", .path = "/b/k", .headers = {{"Host", "h"}}, .body = "x"};
    sign_it("AKID", kNow, "us-east-1", "s3");
    EXPECT_EQ(error(ErrorFamily::kS3, "s3").code, "none");
    EXPECT_EQ(error(ErrorFamily::kS3, "s3", kNow + 901).code, "RequestTimeTooSkewed");
    message_.body = "y";
    EXPECT_EQ(error(ErrorFamily::kS3, "s3").code, "XAmzContentSHA256Mismatch");
    message_.body = "x";
    message_.headers.emplace_back("x-amz-acl", "public-read");
    EXPECT_EQ(error(ErrorFamily::kS3, "s3").message,
              "There were headers present in the request which were not signed");
    message_.headers.pop_back();
    message_.path = "/b/other";
    EXPECT_EQ(error(ErrorFamily::kS3, "s3").code, "SignatureDoesNotMatch");
    message_.headers.resize(1);
    sign_it("AKID", kNow, "eu-west-1", "s3");
    EXPECT_EQ(error(ErrorFamily::kS3, "s3").message,
              "The authorization header is malformed; the region 'eu-west-1' is wrong; expecting "
              "'us-east-1'");
}

TEST_F(Texts, Presigned) {
    message_ = {.method = "GET", .path = "/b/k", .headers = {{"Host", "h"}}};
    const std::string target = presign(message_.view(), "UNSIGNED-PAYLOAD", {"AKID", "secret", ""},
                                       {"s3", "us-east-1", at(kNow)}, 60);
    message_.query = target.substr(target.find('?') + 1);
    EXPECT_EQ(error(ErrorFamily::kS3, "s3").code, "none");
    EXPECT_EQ(error(ErrorFamily::kS3, "s3", kNow + 60).code, "none");
    EXPECT_EQ(error(ErrorFamily::kS3, "s3", kNow + 61).message, "Request has expired");
    message_.query.replace(message_.query.find("X-Amz-Expires=60"), 16, "X-Amz-Expires=604801");
    EXPECT_EQ(error(ErrorFamily::kS3, "s3").code, "AuthorizationQueryParametersError");
    message_.query = message_.query.substr(message_.query.find('&') + 1);
    EXPECT_TRUE(error(ErrorFamily::kS3, "s3")
                    .message.starts_with("Query-string authentication version 4 requires"));
}

}  // namespace
}  // namespace millrace::auth
