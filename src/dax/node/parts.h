// What a node is made of and what it is called. Thread-safety: constants; the parts are safe from
// any thread. Ownership: the app's; they outlive the node.
#pragma once

#include <chrono>
#include <string>

#include "contracts/authorization.h"
#include "contracts/credentials.h"
#include "contracts/dynamodb_calls.h"
#include "core/random.h"
#include "core/time.h"
#include "dax/node/attribute_lists.h"
#include "dax/node/membership.h"
#include "net/thread_pool.h"

namespace millrace::dax {

struct NodeParts {
    contracts::DynamoDbCalls& upstream;
    contracts::CredentialSource& credentials;
    const contracts::Authorizer& authorizer;
    AttributeLists& lists;
    const Clock& clock;
    Rng& rng;
    net::ThreadPool& pool;                    // everything that asks the upstream or the store
    contracts::RoleAssumer* roles = nullptr;  // where the options name a role
    Membership* cluster = nullptr;            // null: the node is alone
};

struct NodeOptions {
    std::string cluster = "default";
    std::string account;
    std::string region;
    std::string role_arn;  // as whom the tables are used; empty: as the account's root
    int64_t node_id = 1;
    std::string node_name = "default-a";
    std::string availability_zone = "local-a";
    uint64_t item_cache_bytes_max = uint64_t{256} << 20;
    uint64_t query_cache_bytes_max = uint64_t{256} << 20;
    // Within which a new connection must have authorised itself.
    std::chrono::milliseconds authorization_timeout{30'000};
    // Also asks whether the caller might do the same to the tables without DAX, hits included.
    bool check_callers_table_rights = false;
    Duration record_ttl = std::chrono::minutes(5);
    Duration query_ttl = std::chrono::minutes(5);
    size_t cache_shards = 64;  // each costs 16 KiB, and bounds an entry to its part of a cache

    std::string cluster_arn() const {
        return "arn:aws:dax:" + region + ":" + account + ":cache/" + cluster;
    }
};

}  // namespace millrace::dax
