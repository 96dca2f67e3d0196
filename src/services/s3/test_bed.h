// TestBed: an S3Service over the store in memory, with a clock moved by hand, seeded randomness and
// blobs in memory. Calls go the gateway's way: authorize, check, run, in one transaction.
// Thread-safety: one test's thread.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "auth/evaluate.h"
#include "codec/digest.h"
#include "services/s3/operations.h"
#include "services/s3/service.h"
#include "store/mem/mem_store.h"

namespace millrace::s3 {

class MemoryBlobs final : public store::BlobStore {
public:
    explicit MemoryBlobs(const Clock& clock) : clock_(clock) {}
    Result<std::unique_ptr<store::BlobWriter>> create() override {
        return std::unique_ptr<store::BlobWriter>(std::make_unique<Writer>(*this));
    }
    Result<std::unique_ptr<store::BlobReader>> open(std::string_view id) override {
        const auto found = blobs.find(std::string(id));
        if (found == blobs.end()) {
            Error error;
            error.code = "NoSuchBlob";
            return error;
        }
        return std::unique_ptr<store::BlobReader>(std::make_unique<Reader>(found->second.first));
    }
    void remove(std::string_view id) override { blobs.erase(std::string(id)); }
    void list(const std::function<void(std::string_view, TimePoint)>& visit) override {
        for (const auto& [id, blob] : blobs) visit(id, blob.second);
    }
    // A finished blob, as the gateway makes one of a large body.
    Body spool(std::string content) {
        Body body;
        body.length = content.size();
        body.blob_id = add(std::move(content));
        return body;
    }

    std::map<std::string, std::pair<std::string, TimePoint>> blobs;

private:
    std::string add(std::string content) {
        char id[33];
        snprintf(id, sizeof(id), "%032zx", ++made_);
        blobs[id] = {std::move(content), clock_.now()};
        return id;
    }
    class Writer final : public store::BlobWriter {
    public:
        explicit Writer(MemoryBlobs& blobs) : blobs_(blobs) {}
        Result<void> write(std::string_view bytes) override {
            content_.append(bytes);
            return {};
        }
        Result<std::string> finish() override { return blobs_.add(std::move(content_)); }

    private:
        MemoryBlobs& blobs_;
        std::string content_;
    };
    class Reader final : public store::BlobReader {
    public:
        explicit Reader(std::string content) : content_(std::move(content)) {}
        uint64_t size() const override { return content_.size(); }
        Result<size_t> read_at(uint64_t offset, std::span<char> out) const override {
            if (offset >= content_.size()) return size_t{0};
            return content_.copy(out.data(), out.size(), offset);
        }
        std::string path() const override { return {}; }

    private:
        std::string content_;
    };
    const Clock& clock_;
    size_t made_ = 0;
};

inline std::shared_ptr<contracts::Caller> root_of(std::string account) {
    auto caller = std::make_shared<contracts::Caller>();
    caller->kind = contracts::PrincipalKind::kRoot;
    caller->arn = "arn:aws:iam::" + account + ":root";
    caller->user_id = account;
    caller->account_id = std::move(account);
    return caller;
}
inline std::shared_ptr<contracts::Caller> anonymous() {
    return std::make_shared<contracts::Caller>();
}

template <class Output>
struct Answer {
    Output output;
    std::optional<Error> error;
    std::vector<std::pair<std::string, std::string>> headers;
    int http_status = 0;

    std::string code() const { return error ? error->code : "ok"; }
    std::string header(std::string_view name) const {
        for (const auto& [key, value] : headers) {
            if (key == name) return value;
        }
        return {};
    }
    const Output* operator->() const {
        EXPECT_EQ(code(), "ok") << (error ? error->message : "");
        return &output;
    }
};

class TestBed {
public:
    TestBed()
        : rng(7),
          blobs(clock),
          store(store::make_mem_store(clock)),
          service(*store, blobs, authorizer) {
        as(root_of("123456789012"));
        info.region = "us-east-1";
        info.endpoint_url = "http://localhost:4566";
        info.request_id = "REQUEST";
    }
    ~TestBed() { store->close(); }

    void as(std::shared_ptr<const contracts::Caller> caller) {
        info.account_id = caller->account_id;
        info.caller = std::move(caller);
    }

    template <class Op>
    Answer<typename Op::Output> call(const typename Op::Input& input) {
        Answer<typename Op::Output> answer;
        // What the gateway learns of a large body while it spools it.
        contracts::BodyFacts facts_of_body;
        if constexpr (requires { input.body; }) {
            if (input.body && !input.body->in_memory()) {
                const std::string bytes = content(*input.body);
                facts_of_body.length = bytes.size();
                facts_of_body.md5 = codec::md5(bytes);
                facts_of_body.crc64nvme = codec::checksum_bytes(codec::crc64nvme(bytes));
                info.body = &facts_of_body;
            }
        }
        store->run([&](store::Txn& txn) {
            contracts::OpContext context(txn, clock, rng, info);
            const auto run = [&]() -> Result<typename Op::Output> {
                contracts::AuthzRequests requests;
                MR_CHECK_OK(Op::authorize(service, context, input, requests));
                contracts::RequestFacts facts;
                facts.now = clock.now();
                facts.source_ip = "127.0.0.1";
                for (const auto& request : requests) {
                    if (!authorizer.decide(*info.caller, request, facts).allowed()) {
                        Error denied;
                        denied.code = "AccessDenied";
                        denied.http_status = 403;
                        return denied;
                    }
                }
                MR_CHECK_OK(Op::check(input));
                auto outcome = Op::run(service, context, input);
                if (outcome.is_error()) return outcome.error();
                return std::move(outcome.value());
            };
            auto result = run();
            answer.error.reset();
            answer.headers = context.response_headers;
            answer.http_status = context.http_status;
            if (!result) {
                answer.error = result.error();
                return store::TxnDecision::kRollback;
            }
            answer.output = *std::move(result);
            return store::TxnDecision::kCommit;
        });
        info.body = nullptr;
        return answer;
    }

    void make_bucket(const std::string& name) {
        CreateBucket::Input input;
        input.bucket = name;
        EXPECT_EQ(call<CreateBucket>(input).code(), "ok");
    }
    // The version id, if any.
    std::string put(const std::string& bucket, const std::string& key, const std::string& content) {
        PutObject::Input input;
        input.bucket = bucket;
        input.key = key;
        input.body.emplace().bytes = content;
        auto answer = call<PutObject>(input);
        EXPECT_EQ(answer.code(), "ok");
        return answer.output.version_id.value_or("");
    }
    // The content, or the error's code.
    std::string get(const std::string& bucket, const std::string& key,
                    std::optional<std::string> version_id = {}) {
        GetObject::Input input;
        input.bucket = bucket;
        input.key = key;
        input.version_id = std::move(version_id);
        auto answer = call<GetObject>(input);
        return answer.error ? answer.code() : content(*answer.output.body);
    }
    std::string content(const Body& body) {
        if (body.in_memory()) return body.bytes;
        return blobs.blobs.at(body.blob_id).first.substr(body.offset, body.length);
    }
    std::string remove(const std::string& bucket, const std::string& key,
                       std::optional<std::string> version_id = {}) {
        DeleteObject::Input input;
        input.bucket = bucket;
        input.key = key;
        input.version_id = std::move(version_id);
        auto answer = call<DeleteObject>(input);
        EXPECT_EQ(answer.code(), "ok");
        return answer.output.version_id.value_or("");
    }
    void set_versioning(const std::string& bucket, const std::string& status) {
        PutBucketVersioning::Input input;
        input.bucket = bucket;
        input.versioning_configuration.emplace().status = status;
        EXPECT_EQ(call<PutBucketVersioning>(input).code(), "ok");
    }
    // Lets everybody read the bucket's objects.
    void make_public(const std::string& bucket, bool listable = false) {
        DeletePublicAccessBlock::Input open;
        open.bucket = bucket;
        EXPECT_EQ(call<DeletePublicAccessBlock>(open).code(), "ok");
        PutBucketPolicy::Input input;
        input.bucket = bucket;
        input.policy = policy(bucket, "s3:GetObject", "/*");
        if (listable) {
            input.policy = R"({"Version":"2012-10-17","Statement":[)" +
                           statement(bucket, "s3:GetObject", "/*") + "," +
                           statement(bucket, "s3:ListBucket", "") + "]}";
        }
        EXPECT_EQ(call<PutBucketPolicy>(input).code(), "ok");
    }
    static std::string statement(const std::string& bucket, const std::string& action,
                                 const std::string& suffix) {
        return R"({"Effect":"Allow","Principal":"*","Action":")" + action +
               R"(","Resource":"arn:aws:s3:::)" + bucket + suffix + R"("})";
    }
    static std::string policy(const std::string& bucket, const std::string& action,
                              const std::string& suffix) {
        return R"({"Version":"2012-10-17","Statement":[)" + statement(bucket, action, suffix) +
               "]}";
    }

    FakeClock clock;
    SeededRng rng;
    MemoryBlobs blobs;
    std::unique_ptr<store::Store> store;
    auth::PolicyAuthorizer authorizer;
    S3Service service;
    contracts::RequestInfo info;
};

}  // namespace millrace::s3
