#include "services/lambda/service.h"

#include "core/bytes.h"
#include "core/check.h"
#include "services/lambda/async_queue.h"
#include "services/lambda/mapping_lanes.h"

namespace millrace::lambda {
namespace {

// Rows that refer to the blob: a version byte and their number.
constexpr uint8_t kReferencesFormat = 1;

void count_reference(store::Txn& txn, std::string_view blob_id, int64_t change) {
    const store::Key key = code_key(blob_id);
    const auto row = txn.get(key);
    int64_t references = 0;
    if (row) {
        ByteReader reader(*row);
        MR_ASSERT(reader.u8() == kReferencesFormat);
        references = static_cast<int64_t>(reader.u64());
    }
    references += change;
    if (references == 0) return txn.erase(key);
    std::string value;
    append_u8(value, kReferencesFormat);
    append_u64(value, static_cast<uint64_t>(references));
    txn.put(key, value);
}

store::Key row_key(const Function& function) {
    return function.version == kLatest
               ? function_key(function.account, function.region, function.name)
               : version_key(function, function.version);
}

}  // namespace

LambdaService::LambdaService(LambdaParts parts)
    : parts_(std::move(parts)),
      hub_pauses_(parts_.hub, parts_.clock),
      invoker_(parts_.hub, parts_.clock) {
    if (parts_.pauses == nullptr) parts_.pauses = &hub_pauses_;
    async_queue_ = std::make_unique<AsyncQueue>(*this);
    mapping_lanes_ = std::make_unique<MappingLanes>(*this);
}

LambdaService::~LambdaService() = default;

void LambdaService::start(contracts::FunctionRunner& runner) {
    invoker_.start(runner);
    async_queue_->start();
    parts_.hub.signal(MappingLanes::kWakeKey);
}

std::unique_ptr<contracts::Worker> LambdaService::make_mapping_worker() {
    return std::make_unique<MappingWorker>(*mapping_lanes_);
}

bool LambdaService::uses_blob(std::string_view blob_id) {
    std::optional<std::string> row;
    store::Ticket ticket = 0;
    // A blob that cannot be asked about is kept.
    return parts_.store.read(code_key(blob_id), row, ticket) != store::CommitStatus::kOk ||
           row.has_value();
}

std::optional<Function> LambdaService::find(store::Txn& txn, std::string_view account,
                                            std::string_view region, std::string_view name) {
    const auto row = txn.get(function_key(account, region, name));
    if (!row) return std::nullopt;
    return decode_function(*row);
}

std::optional<Function> LambdaService::find_version(store::Txn& txn, const Function& latest,
                                                    std::string_view version) {
    if (version == kLatest) return latest;
    const auto row = txn.get(version_key(latest, version));
    if (!row) return std::nullopt;
    return decode_function(*row);
}

std::optional<Target> LambdaService::resolve(store::Txn& txn, const FunctionName& name, Rng& rng) {
    const auto latest = find(txn, name.account, name.region, name.name);
    if (!latest) return std::nullopt;
    std::string version = name.qualifier.empty() ? std::string(kLatest) : name.qualifier;
    if (version != kLatest && !is_version_number(version)) {
        const auto row = txn.get(alias_key(*latest, version));
        if (!row) return std::nullopt;
        const Alias alias = decode_alias(*row);
        version = alias.version;
        for (const auto& [other, weight] : alias.weights) {
            constexpr double kParts = 1'000'000;
            if (static_cast<double>(rng.next_u64() % 1'000'000) < weight * kParts) version = other;
        }
    }
    auto function = find_version(txn, *latest, version);
    if (!function) return std::nullopt;
    return Target{*std::move(function), latest->reserved_concurrency, name.arn()};
}

void LambdaService::put(store::Txn& txn, const Function& function) {
    const store::Key key = row_key(function);
    const auto old = txn.get(key);
    const std::string old_blob = old ? decode_function(*old).code_blob : std::string();
    if (old_blob != function.code_blob) {
        count_reference(txn, function.code_blob, 1);
        if (old) count_reference(txn, old_blob, -1);
    }
    txn.put(key, encode(function));
}

void LambdaService::erase(store::Txn& txn, const Function& function) {
    count_reference(txn, function.code_blob, -1);
    txn.erase(row_key(function));
}

void LambdaService::put(store::Txn& txn, const Mapping& mapping) {
    txn.put(mapping_key(mapping.account, mapping.region, mapping.uuid), encode(mapping));
}

bool LambdaService::role_may(const Function& function, const std::string& resource,
                             std::initializer_list<const char*> actions,
                             std::shared_ptr<const contracts::PolicyDocument> resource_policy) {
    const auto caller = parts_.roles.caller_of_role(function.role, function.name);
    if (!caller) return false;
    contracts::RequestFacts facts;
    facts.now = parts_.clock.now();
    facts.region = function.region;
    contracts::AuthzRequest request;
    request.resource = resource;
    request.resource_account = account_of_arn(resource);
    request.resource_policy = std::move(resource_policy);
    for (const char* action : actions) {
        request.action = action;
        if (!parts_.authorizer.decide(**caller, request, facts).allowed()) return false;
    }
    return true;
}

std::string account_of_arn(std::string_view arn) {
    for (int part = 0; part < 4; ++part) {
        const size_t colon = arn.find(':');
        if (colon == std::string_view::npos) return {};
        arn.remove_prefix(colon + 1);
    }
    return std::string(arn.substr(0, arn.find(':')));
}

}  // namespace millrace::lambda
