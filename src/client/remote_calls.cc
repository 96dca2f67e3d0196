#include "client/remote_calls.h"

#include <algorithm>
#include <utility>

#include "auth/sigv4.h"
#include "client/errors.h"
#include "codec/digest.h"
#include "codec/json.h"
#include "core/log.h"
#include "model/generated/dynamodb.h"
#include "model/json_protocol.h"

namespace millrace::client {
namespace {

namespace api = model::dynamodb;

constexpr std::string_view kTargetPrefix = "DynamoDB_20120810.";
constexpr std::string_view kContentType = "application/x-amz-json-1.0";
constexpr std::chrono::milliseconds kBackoffBase{50};
// Errors that name what a retry may cure; 5xx is so without being named.
constexpr std::string_view kTransient[] = {
    "ProvisionedThroughputExceededException", "ThrottlingException", "Throttling",
    "RequestLimitExceeded", "TransactionInProgressException"};
constexpr std::string_view kRefusals[] = {
    "UnrecognizedClientException", "InvalidSignatureException", "ExpiredTokenException",
    "MissingAuthenticationTokenException", "IncompleteSignatureException"};

bool is_one_of(std::string_view code, std::span<const std::string_view> codes) {
    return std::find(codes.begin(), codes.end(), code) != codes.end();
}

// The typed halves of an operation that runs elsewhere.
template <class Input, class Output>
class RemoteCall final : public contracts::OperationCall {
public:
    void* input() override { return &input_; }
    const void* output() const override { return &output_; }
    void* mutable_output() override { return &output_; }
    Result<void> check() override { return {}; }  // the upstream does
    Result<void> authorize(contracts::OpContext&, contracts::AuthzRequests&) override { return {}; }
    contracts::Outcome<std::monostate> run(contracts::OpContext&) override {
        MR_ASSERT(false);
        return std::monostate{};
    }

private:
    Input input_;
    Output output_;
};

template <class Input, class Output>
std::unique_ptr<contracts::OperationCall> make() {
    return std::make_unique<RemoteCall<Input, Output>>();
}

struct Known {
    std::string_view name;
    std::unique_ptr<contracts::OperationCall> (*make)();
};
constexpr Known kKnown[] = {
    {"DescribeTable", make<api::DescribeTableInput, api::DescribeTableOutput>},
    {"GetItem", make<api::GetItemInput, api::GetItemOutput>},
    {"PutItem", make<api::PutItemInput, api::PutItemOutput>},
    {"UpdateItem", make<api::UpdateItemInput, api::UpdateItemOutput>},
    {"DeleteItem", make<api::DeleteItemInput, api::DeleteItemOutput>},
    {"Query", make<api::QueryInput, api::QueryOutput>},
    {"Scan", make<api::ScanInput, api::ScanOutput>},
    {"BatchGetItem", make<api::BatchGetItemInput, api::BatchGetItemOutput>},
    {"BatchWriteItem", make<api::BatchWriteItemInput, api::BatchWriteItemOutput>},
    {"TransactGetItems", make<api::TransactGetItemsInput, api::TransactGetItemsOutput>},
    {"TransactWriteItems", make<api::TransactWriteItemsInput, api::TransactWriteItemsOutput>},
};

Error decode_error(const HttpAnswer& answer) {
    Error error;
    error.http_status = answer.status;
    const auto json = codec::parse_json(answer.body);
    if (!json || !json->is_object()) {
        error.code = answer.status == 503 ? "ServiceUnavailable" : "InternalServerError";
        error.message = "The upstream answered with status " + std::to_string(answer.status);
        return error;
    }
    for (const auto& [name, value] : json->members()) {
        if (name == "__type") {
            const std::string& type = value.as_string();
            error.code = type.substr(type.rfind('#') + 1);
        } else if (name == "message" || name == "Message") {
            error.message = value.as_string();
        } else {
            error.json_fields.emplace_back(name, value.to_json());
        }
    }
    if (error.code.empty()) error.code = "InternalServerError";
    return error;
}

bool is_transient(const Error& error) {
    return error.http_status >= 500 || is_one_of(error.code, kTransient);
}

// What a table must have in common with the one that was described before, to be the same.
std::string identity_of(const api::TableDescription& table) {
    std::string identity = table.table_id.value_or("");
    if (table.key_schema) {
        for (const api::KeySchemaElement& element : *table.key_schema)
            identity += "/" + element.attribute_name.value_or("");
    }
    return identity;
}

// "host[:port]" of "http[s]://host[:port][/]"; empty: it is no such URL.
std::string host_of(std::string_view url) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!url.starts_with(scheme)) continue;
        std::string_view host = url.substr(scheme.size());
        if (host.ends_with('/')) host.remove_suffix(1);
        if (host.find_first_of("/?#@ ") != std::string_view::npos) return {};
        return std::string(host);
    }
    return {};
}

}  // namespace

Result<std::unique_ptr<RemoteCalls>> RemoteCalls::open(RemoteOptions options, const Clock& clock,
                                                       Rng& rng) {
    std::string host = host_of(options.http.url);
    if (host.empty()) return errors::bad_url(options.http.url);
    return std::unique_ptr<RemoteCalls>(
        new RemoteCalls(std::move(options), std::move(host), clock, rng));
}

RemoteCalls::RemoteCalls(RemoteOptions options, std::string host, const Clock& clock, Rng& rng)
    : options_(std::move(options)),
      host_(std::move(host)),
      clock_(clock),
      rng_(rng),
      http_(options_.http),
      rechecker_([this] { recheck_loop(); }) {}

RemoteCalls::~RemoteCalls() {
    {
        const MutexLock lock(mutex_);
        stopping_ = true;
        changed_.notify_all();
    }
    rechecker_.join();
}

std::unique_ptr<contracts::OperationCall> RemoteCalls::make_call(std::string_view operation) {
    for (const Known& known : kKnown) {
        if (known.name == operation) return known.make();
    }
    MR_ASSERT(false);
    return nullptr;
}

Result<HttpAnswer> RemoteCalls::send(std::string_view operation, const std::string& body) {
    const std::string target = std::string(kTargetPrefix) + std::string(operation);
    HttpRequest request;
    request.method = "POST";
    request.target = request.path = "/";
    request.headers = {{"Host", host_}, {"Content-Type", kContentType}, {"X-Amz-Target", target}};
    HttpHeaders headers;
    for (const HttpHeader& header : request.headers)
        headers.emplace_back(header.name, header.value);
    const RemoteCredential& credential = options_.credential;
    for (auto& header : auth::sign(
             request, codec::sha256_hex(body),
             {credential.access_key_id, credential.secret_access_key, credential.session_token},
             {"dynamodb", options_.region, clock_.now()})) {
        headers.push_back(std::move(header));
    }
    return http_.post(headers, body);
}

bool RemoteCalls::may_retry(int attempt) {
    if (attempt >= kAttemptsMax) return false;
    if (retry_quota_.fetch_sub(kRetryCost, std::memory_order_relaxed) < kRetryCost) {
        retry_quota_.fetch_add(kRetryCost, std::memory_order_relaxed);
        return false;
    }
    const auto most = static_cast<uint64_t>((kBackoffBase * (1 << (attempt - 1))).count());
    const std::chrono::milliseconds time(rng_.next_u64() % (most + 1));
    if (options_.pause) {
        options_.pause(time);
        return true;
    }
    const auto end = std::chrono::steady_clock::now() + time;
    MutexLock lock(mutex_);
    while (!stopping_ && std::chrono::steady_clock::now() < end)
        lock.wait_for(changed_, end - std::chrono::steady_clock::now());
    return !stopping_;
}

Result<void> RemoteCalls::run(std::string_view operation, const contracts::RequestInfo&,
                              std::unique_ptr<contracts::OperationCall>& call) {
    // With a token of its own a transaction that is sent again is carried out once.
    if (operation == "TransactWriteItems") {
        auto& input = *static_cast<api::TransactWriteItemsInput*>(call->input());
        if (!input.client_request_token) input.client_request_token = rng_.uuid();
    }
    const model::OperationDescriptor& descriptor = *model::find_operation(api::kService, operation);
    std::string body;
    model::append_json(body, *descriptor.input, call->input());
    for (int attempt = 1;; ++attempt) {
        const Result<HttpAnswer> answer = send(operation, body);
        if (!answer) {
            if (may_retry(attempt)) continue;
            return errors::unavailable(answer.error().message);
        }
        if (answer->status == 200) {
            if (retry_quota_.load(std::memory_order_relaxed) < kRetryQuota)
                retry_quota_.fetch_add(1, std::memory_order_relaxed);
            if (!model::decode_json(*descriptor.output, answer->body, call->mutable_output()))
                return errors::unavailable("its answer cannot be read");
            break;
        }
        Error error = decode_error(*answer);
        if (is_transient(error) && may_retry(attempt)) continue;
        look_at_error(error);
        if (!is_one_of(error.code, kRefusals)) return error;
        log::error("the upstream refuses our credentials: {}: {}", error.code, error.message);
        return errors::refused(error.code);
    }
    if (operation == "DescribeTable") {
        const auto& output = *static_cast<const api::DescribeTableOutput*>(call->output());
        if (!output.table || !output.table->table_name || !output.table->key_schema ||
            !output.table->attribute_definitions) {
            return errors::unavailable("its answer names no table");
        }
        const MutexLock lock(mutex_);
        if (tables_.size() >= kTablesMax) tables_.clear();
        tables_[*output.table->table_name] = identity_of(*output.table);
    }
    return {};
}

// A table may have been made anew since it was described. At most once a second, since clients can
// provoke such errors.
void RemoteCalls::look_at_error(const Error& error) {
    const bool schema = error.code == "ResourceNotFoundException" ||
                        (error.code == "ValidationException" &&
                         error.message.find("match the schema") != std::string::npos);
    const int64_t second = epoch_seconds(clock_.now());
    if (schema && moved_second_.exchange(second, std::memory_order_relaxed) != second)
        tables_version_.fetch_add(1, std::memory_order_relaxed);
}

// False: the upstream does not answer.
bool RemoteCalls::recheck(const std::string& table) {
    api::DescribeTableInput input;
    input.table_name = table;
    std::string body;
    model::append_json(body, *model::find_operation(api::kService, "DescribeTable")->input, &input);
    const Result<HttpAnswer> answer = send("DescribeTable", body);
    if (!answer || answer->status >= 500) return false;
    std::string identity;
    if (answer->status == 200) {
        const auto output = model::from_json<api::DescribeTableOutput>(answer->body);
        if (!output || !output->table) return false;
        identity = identity_of(*output->table);
    } else if (decode_error(*answer).code != "ResourceNotFoundException") {
        return false;
    }
    const MutexLock lock(mutex_);
    const auto known = tables_.find(table);
    if (known == tables_.end() || known->second == identity) return true;
    tables_.erase(known);
    tables_version_.fetch_add(1, std::memory_order_relaxed);
    return true;
}

// What is cached of a table whose upstream is down stays in use.
void RemoteCalls::recheck_loop() {
    for (;;) {
        std::vector<std::string> names;
        {
            MutexLock lock(mutex_);
            if (!stopping_) lock.wait_for(changed_, options_.recheck);
            if (stopping_) return;
            for (const auto& [name, identity] : tables_) names.push_back(name);
        }
        for (const std::string& name : names) {
            {
                const MutexLock lock(mutex_);
                if (stopping_) return;
            }
            if (!recheck(name)) break;
        }
    }
}

}  // namespace millrace::client
