// IamService: users, roles, policies and access keys; the credentials that signatures are checked
// against, and sessions of roles. The one header of this room that others include.
// Thread-safety: safe from any thread. Ownership: store, clock and rng are the app's.
#pragma once

#include <atomic>
#include <memory>
#include <shared_mutex>
#include <string>
#include <unordered_map>

#include "codec/seal.h"
#include "contracts/credentials.h"
#include "contracts/operation.h"
#include "contracts/role_sessions.h"
#include "contracts/worker.h"
#include "services/iam/entity.h"

namespace millrace::iam {

struct IamOptions {
    std::string seal_key;  // 32 bytes; seals secrets at rest
    // `millrace dev`: key "test" is root of 000000000000, any 12 digits are root of that account,
    // both with the secret "test".
    bool development_keys = false;
};

class IamService final : public contracts::CredentialSource,
                         public contracts::RoleAssumer,
                         public contracts::RoleSessions {
public:
    IamService(store::Store& store, const Clock& clock, Rng& rng,
               const contracts::Authorizer& authorizer, IamOptions options);

    contracts::ServiceEntry entry();
    // Drops sessions that ended.
    std::unique_ptr<contracts::Worker> make_sweeper();

    // Makes the key the account's only root key, unless it is so already. Durable when it returns.
    Result<void> ensure_root(std::string_view account, std::string_view access_key_id,
                             std::string_view secret);

    std::shared_ptr<const contracts::Credential> find(std::string_view access_key_id) override;
    Result<contracts::Credential> assume_for_service(std::string_view role_arn,
                                                     std::string_view service_principal,
                                                     std::string_view session_name,
                                                     Duration lifetime) override;
    Result<void> check_trust(std::string_view role_arn,
                             std::string_view service_principal) override;
    Result<std::shared_ptr<const contracts::Caller>> caller_of_role(
        std::string_view role_arn, std::string_view session_name) override;
    uint64_t roles_version() const override { return epoch_.load(); }

    std::optional<contracts::RoleFacts> find_role(store::Txn& txn,
                                                  std::string_view role_arn) override;
    contracts::Credential start_session(store::Txn& txn, const contracts::RoleFacts& role,
                                        std::string_view session_name, TimePoint now,
                                        Duration lifetime,
                                        std::vector<std::string> session_policies) override;

    std::optional<Entity> find_entity(store::Txn& txn, EntityKind kind, std::string_view account,
                                      std::string_view name);
    std::optional<ManagedPolicy> find_policy(store::Txn& txn, std::string_view arn);
    // Writes; from the commit on, what was cached of credentials is looked up anew.
    void put_entity(store::Txn& txn, const Entity& entity);
    void changed(store::Txn& txn);

    std::string seal(std::string_view secret, std::string_view id) {
        return seal_.close(secret, id, rng_);
    }
    Rng& rng() { return rng_; }

private:
    std::shared_ptr<const contracts::Credential> load(std::string_view access_key_id);
    std::shared_ptr<contracts::Caller> caller_of(store::Txn& txn, const Entity& entity);
    Result<contracts::RoleFacts> role_that_trusts(store::Txn& txn, std::string_view role_arn,
                                                  std::string_view service_principal);

    store::Store& store_;
    const Clock& clock_;
    Rng& rng_;
    const contracts::Authorizer& authorizer_;
    const IamOptions options_;
    codec::Seal seal_;

    // Credentials by access key id, forgotten as a whole when anything of IAM changes (rare).
    static constexpr size_t kCachedMax = 10'000;
    std::atomic<uint64_t> epoch_{0};
    mutable std::shared_mutex mutex_;  // guards cache_
    std::unordered_map<std::string, std::shared_ptr<const contracts::Credential>> cache_;
};

// "arn:aws:iam::123456789012:role/path/name" -> account and name; nothing for other ARNs.
struct EntityName {
    std::string account;
    std::string name;
};
std::optional<EntityName> parse_role_arn(std::string_view arn);

}  // namespace millrace::iam
