#include "services/iam/service.h"

#include <algorithm>
#include <mutex>

#include "auth/evaluate.h"
#include "auth/policy.h"
#include "codec/json.h"
#include "services/iam/aws_policies.h"
#include "services/iam/errors.h"

namespace millrace::iam {
namespace {

std::shared_ptr<contracts::Caller> root_caller(std::string_view account,
                                               std::string_view access_key_id) {
    auto caller = std::make_shared<contracts::Caller>();
    caller->kind = contracts::PrincipalKind::kRoot;
    caller->account_id = account;
    caller->arn = "arn:aws:iam::" + std::string(account) + ":root";
    caller->user_id = account;
    caller->access_key_id = access_key_id;
    return caller;
}

bool is_account_id(std::string_view text) {
    return text.size() == 12 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

void make_session_caller(contracts::Caller& caller, const Entity& role,
                         std::string_view session_name) {
    caller.kind = contracts::PrincipalKind::kAssumedRole;
    caller.role_arn = role.arn();
    caller.arn = "arn:aws:sts::" + role.account + ":assumed-role/" + role.name + "/" +
                 std::string(session_name);
    caller.user_id = role.id + ":" + std::string(session_name);
}

class SessionSweeper final : public contracts::Worker {
public:
    explicit SessionSweeper(store::Store& store) : store_(store) {}
    std::string name() const override { return "iam-sessions"; }
    TimePoint step(TimePoint now) override {
        constexpr size_t kRows = 200;
        size_t ended = 0;
        store_.run([&](store::Txn& txn) {
            const store::Key first = session_end_key(0, "");
            const store::Key last = session_end_key(epoch_ms(now) + 1, "");
            std::vector<std::string> ends;
            txn.scan({first.space, first.partition, first.sort, last.sort, false},
                     [&](std::string_view end, std::string_view) {
                         ends.emplace_back(end);
                         return ends.size() < kRows;
                     });
            for (const std::string& end : ends) {
                txn.erase(store::KeyView{first.space, first.partition, end});
                txn.erase(session_key(std::string_view(end).substr(sizeof(int64_t))));
            }
            ended = ends.size();
            return store::TxnDecision::kCommit;
        });
        return ended == kRows ? now : now + std::chrono::minutes(10);
    }

private:
    store::Store& store_;
};

}  // namespace

IamService::IamService(store::Store& store, const Clock& clock, Rng& rng,
                       const contracts::Authorizer& authorizer, IamOptions options)
    : store_(store),
      clock_(clock),
      rng_(rng),
      authorizer_(authorizer),
      options_(std::move(options)),
      seal_(options_.seal_key) {}

std::unique_ptr<contracts::Worker> IamService::make_sweeper() {
    return std::make_unique<SessionSweeper>(store_);
}

Result<void> IamService::ensure_root(std::string_view account, std::string_view access_key_id,
                                     std::string_view secret) {
    const store::RunResult result = store_.run([&](store::Txn& txn) {
        const store::Key key = access_key_key(access_key_id);
        std::string earlier_id;
        if (const auto row = txn.get(root_key(account))) earlier_id = decode_root_id(*row);
        if (const auto row = txn.get(key); row && earlier_id == access_key_id) {
            const AccessKey there = decode_access_key(*row);
            if (there.user.empty() && there.active &&
                seal_.open(there.sealed_secret, there.id) == secret) {
                return store::TxnDecision::kRollback;
            }
        }
        // Who had the earlier key is root no more.
        if (!earlier_id.empty()) txn.erase(access_key_key(earlier_id));
        AccessKey root;
        root.id = access_key_id;
        root.account = account;
        root.sealed_secret = seal(secret, access_key_id);
        root.created_s = epoch_seconds(clock_.now());
        txn.put(key, encode(root));
        txn.put(root_key(account), encode_root_id(access_key_id));
        changed(txn);
        return store::TxnDecision::kCommit;
    });
    if (result.status != store::CommitStatus::kOk || !store_.wait_durable(result.ticket)) {
        return errors::make("ServiceFailure", 500, "the root key could not be stored");
    }
    return {};
}

void IamService::changed(store::Txn& txn) {
    txn.on_commit([this](store::Version) {
        epoch_.fetch_add(1);
        const std::unique_lock lock(mutex_);
        cache_.clear();
    });
}

void IamService::put_entity(store::Txn& txn, const Entity& entity) {
    txn.put(entity_key(entity.kind, entity.account, entity.name), encode(entity));
    changed(txn);
}

std::optional<Entity> IamService::find_entity(store::Txn& txn, EntityKind kind,
                                              std::string_view account, std::string_view name) {
    const auto row = txn.get(entity_key(kind, account, name));
    if (!row) return std::nullopt;
    return decode_entity(*row);
}

std::optional<ManagedPolicy> IamService::find_policy(store::Txn& txn, std::string_view arn) {
    constexpr std::string_view kPrefix = "arn:aws:iam::";
    if (!arn.starts_with(kPrefix)) return std::nullopt;
    arn.remove_prefix(kPrefix.size());
    const size_t colon = arn.find(":policy/");
    if (colon == std::string_view::npos) return std::nullopt;
    const std::string_view account = arn.substr(0, colon);
    const std::string_view path_and_name = arn.substr(colon + 7);
    if (account == "aws") return aws_managed_policy(path_and_name);
    const auto row = txn.get(policy_key(account, path_and_name));
    if (!row) return std::nullopt;
    return decode_policy(*row);
}

std::shared_ptr<contracts::Caller> IamService::caller_of(store::Txn& txn, const Entity& entity) {
    auto caller = std::make_shared<contracts::Caller>();
    caller->kind = contracts::PrincipalKind::kUser;
    caller->account_id = entity.account;
    caller->arn = entity.arn();
    caller->user_id = entity.id;
    caller->user_name = entity.kind == EntityKind::kUser ? entity.name : "";
    for (const auto& [key, value] : entity.tags) caller->principal_tags.emplace_back(key, value);
    const auto add = [&](std::string_view document) {
        caller->identity_policies.push_back(
            auth::parsed_or_deny(document, auth::PolicyKind::kIdentity, caller->arn));
    };
    for (const auto& [name, document] : entity.inline_policies) add(document);
    for (const std::string& arn : entity.attached) {
        if (const auto policy = find_policy(txn, arn)) add(policy->document);
    }
    return caller;
}

std::shared_ptr<const contracts::Credential> IamService::find(std::string_view access_key_id) {
    {
        const std::shared_lock lock(mutex_);
        const auto found = cache_.find(std::string(access_key_id));
        if (found != cache_.end()) return found->second;
    }
    // What is loaded is kept only if nothing changed meanwhile.
    const uint64_t epoch = epoch_.load();
    std::shared_ptr<const contracts::Credential> credential = load(access_key_id);
    if (credential != nullptr) {
        const std::unique_lock lock(mutex_);
        if (cache_.size() >= kCachedMax) cache_.clear();
        if (epoch_.load() == epoch) cache_[std::string(access_key_id)] = credential;
    }
    return credential;
}

std::shared_ptr<const contracts::Credential> IamService::load(std::string_view id) {
    auto credential = std::make_shared<contracts::Credential>();
    credential->access_key_id = id;
    if (options_.development_keys && (id == "test" || is_account_id(id))) {
        credential->secret_access_key = "test";
        credential->caller = root_caller(id == "test" ? "000000000000" : id, id);
        return credential;
    }
    bool found = false;
    store_.run([&](store::Txn& txn) {
        found = false;
        std::shared_ptr<contracts::Caller> caller;
        if (const auto row = txn.get(access_key_key(id))) {
            const AccessKey key = decode_access_key(*row);
            const auto secret = seal_.open(key.sealed_secret, key.id);
            if (!key.active || !secret) return store::TxnDecision::kRollback;
            credential->secret_access_key = *secret;
            if (key.user.empty()) {
                caller = root_caller(key.account, id);
            } else {
                const auto user = find_entity(txn, EntityKind::kUser, key.account, key.user);
                if (!user) return store::TxnDecision::kRollback;
                caller = caller_of(txn, *user);
            }
        } else if (const auto session_row = txn.get(session_key(id))) {
            const Session session = decode_session(*session_row);
            const auto secret = seal_.open(session.sealed_secret, session.id);
            const auto role = find_entity(txn, EntityKind::kRole, session.account, session.role);
            if (!secret || !role || role->id != session.role_id)
                return store::TxnDecision::kRollback;
            credential->secret_access_key = *secret;
            credential->session_token = session.token;
            credential->expires = from_epoch_ms(session.expires_ms);
            caller = caller_of(txn, *role);
            make_session_caller(*caller, *role, session.name);
            caller->expires = credential->expires;
            for (const std::string& document : session.policies) {
                caller->session_policies.push_back(
                    auth::parsed_or_deny(document, auth::PolicyKind::kIdentity, caller->arn));
            }
        } else {
            return store::TxnDecision::kRollback;
        }
        caller->access_key_id = id;
        credential->caller = std::move(caller);
        found = true;
        return store::TxnDecision::kRollback;
    });
    if (!found) return nullptr;
    return credential;
}

contracts::Credential IamService::start_session(store::Txn& txn, const contracts::RoleFacts& role,
                                                std::string_view session_name, TimePoint now,
                                                Duration lifetime,
                                                std::vector<std::string> session_policies) {
    Session session;
    session.id = "ASIA" + rng_.upper_alnum(16);
    session.account = role.account;
    session.role = role.name;
    session.role_id = role.id;
    session.name = session_name;
    session.token = "IQoJb3JpZ2luX2Vj" + rng_.base64_chars(200);
    session.expires_ms = epoch_ms(now + lifetime);
    session.policies = std::move(session_policies);
    contracts::Credential credential;
    credential.access_key_id = session.id;
    credential.secret_access_key = rng_.base64_chars(40);
    credential.session_token = session.token;
    credential.expires = from_epoch_ms(session.expires_ms);
    session.sealed_secret = seal(credential.secret_access_key, session.id);
    txn.put(session_key(session.id), encode(session));
    txn.put(session_end_key(session.expires_ms, session.id), {});
    return credential;
}

std::optional<EntityName> parse_role_arn(std::string_view arn) {
    constexpr std::string_view kPrefix = "arn:aws:iam::";
    if (!arn.starts_with(kPrefix)) return std::nullopt;
    arn.remove_prefix(kPrefix.size());
    const size_t role = arn.find(":role/");
    if (role != 12) return std::nullopt;
    const size_t slash = arn.rfind('/');
    if (slash + 1 == arn.size()) return std::nullopt;
    return EntityName{std::string(arn.substr(0, role)), std::string(arn.substr(slash + 1))};
}

std::optional<contracts::RoleFacts> IamService::find_role(store::Txn& txn,
                                                          std::string_view role_arn) {
    const auto name = parse_role_arn(role_arn);
    if (!name) return std::nullopt;
    const auto role = find_entity(txn, EntityKind::kRole, name->account, name->name);
    if (!role || role->arn() != role_arn) return std::nullopt;
    contracts::RoleFacts facts{role->account, role->name,          role->arn(),
                               role->id,      role->max_session_s, nullptr};
    if (auto trust = auth::parse_policy(role->trust_policy, auth::PolicyKind::kTrust))
        facts.trust_policy = *trust;
    return facts;
}

Result<contracts::RoleFacts> IamService::role_that_trusts(store::Txn& txn,
                                                          std::string_view role_arn,
                                                          std::string_view service_principal) {
    const Error refused =
        errors::make("InvalidParameterValueException", 400,
                     "The role defined for the function cannot be assumed by Lambda.");
    auto role = find_role(txn, role_arn);
    if (!role || role->trust_policy == nullptr) return refused;
    contracts::AuthzRequest request;
    request.action = "sts:AssumeRole";
    request.resource = role->arn;
    request.resource_account = role->account;
    request.resource_policy = role->trust_policy;
    request.identity_suffices = false;
    const contracts::Caller service = auth::service_caller(service_principal, role->account);
    contracts::RequestFacts facts;
    facts.now = clock_.now();
    if (!authorizer_.decide(service, request, facts).allowed()) return refused;
    return *std::move(role);
}

Result<void> IamService::check_trust(std::string_view role_arn,
                                     std::string_view service_principal) {
    Result<void> result;
    store_.run([&](store::Txn& txn) {
        const auto role = role_that_trusts(txn, role_arn, service_principal);
        result = role ? Result<void>() : Result<void>(role.error());
        return store::TxnDecision::kRollback;
    });
    return result;
}

Result<contracts::Credential> IamService::assume_for_service(std::string_view role_arn,
                                                             std::string_view service_principal,
                                                             std::string_view session_name,
                                                             Duration lifetime) {
    Result<contracts::Credential> result =
        errors::make("ServiceFailure", 500, "the session could not be stored");
    const store::RunResult run = store_.run([&](store::Txn& txn) {
        auto role = role_that_trusts(txn, role_arn, service_principal);
        if (!role) {
            result = role.error();
            return store::TxnDecision::kRollback;
        }
        result = start_session(txn, *role, session_name, clock_.now(), lifetime, {});
        return store::TxnDecision::kCommit;
    });
    if (result && (run.status != store::CommitStatus::kOk || !store_.wait_durable(run.ticket))) {
        return errors::make("ServiceFailure", 500, "the session could not be stored");
    }
    return result;
}

Result<std::shared_ptr<const contracts::Caller>> IamService::caller_of_role(
    std::string_view role_arn, std::string_view session_name) {
    std::shared_ptr<contracts::Caller> caller;
    const auto name = parse_role_arn(role_arn);
    if (name) {
        store_.run([&](store::Txn& txn) {
            const auto role = find_entity(txn, EntityKind::kRole, name->account, name->name);
            caller = role ? caller_of(txn, *role) : nullptr;
            if (caller != nullptr) make_session_caller(*caller, *role, session_name);
            return store::TxnDecision::kRollback;
        });
    }
    if (caller == nullptr)
        return errors::no_such_entity("role", name ? name->name : std::string(role_arn));
    return std::shared_ptr<const contracts::Caller>(std::move(caller));
}

}  // namespace millrace::iam
