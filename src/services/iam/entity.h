// Users, roles, managed policies, access keys and sessions, as stored. Thread-safety: plain values.
// Layout: docs/formats/iam.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "store/key.h"

namespace millrace::iam {

enum class EntityKind : uint8_t { kUser = 1, kRole = 2 };

// A user or a role.
struct Entity {
    EntityKind kind = EntityKind::kUser;
    std::string account;
    std::string name;
    std::string path = "/";
    std::string id;  // AIDA..., AROA...
    int64_t created_s = 0;
    std::map<std::string, std::string> inline_policies;  // documents by name
    std::vector<std::string> attached;                   // ARNs, in the order of attaching
    std::map<std::string, std::string> tags;
    std::vector<std::string> access_keys;  // users: ids
    // Roles:
    std::string trust_policy;
    std::string description;
    int max_session_s = 3600;

    std::string arn() const;
};

struct ManagedPolicy {
    std::string account;  // "aws" for those of AWS
    std::string name;
    std::string path = "/";
    std::string id;  // ANPA...
    std::string document;
    std::string description;
    int64_t created_s = 0;

    std::string arn() const { return "arn:aws:iam::" + account + ":policy" + path + name; }
};

// A long-term key of a user, or of root (no user).
struct AccessKey {
    std::string id;
    std::string account;
    std::string user;           // empty: root
    std::string sealed_secret;  // codec/seal.h, bound to the id
    bool active = true;
    int64_t created_s = 0;
};

// Temporary credentials of a role.
struct Session {
    std::string id;  // ASIA...
    std::string account;
    std::string role;
    std::string role_id;  // a role made anew under the same name is another role
    std::string name;
    std::string sealed_secret;
    std::string token;
    int64_t expires_ms = 0;
    std::vector<std::string> policies;  // session policies: documents
};

std::string encode(const Entity& entity);
std::string encode(const ManagedPolicy& policy);
std::string encode(const AccessKey& key);
std::string encode(const Session& session);
Entity decode_entity(std::string_view bytes);
ManagedPolicy decode_policy(std::string_view bytes);
AccessKey decode_access_key(std::string_view bytes);
Session decode_session(std::string_view bytes);

// Names are unique whatever their case.
store::Key entity_key(EntityKind kind, std::string_view account, std::string_view name);
store::Key policy_key(std::string_view account, std::string_view path_and_name);
store::Key access_key_key(std::string_view id);
store::Key session_key(std::string_view id);
// Sessions by the time of their end: what has ended is found without reading the others.
store::Key session_end_key(int64_t expires_ms, std::string_view id);
// The id of the account's present root key is kept there.
store::Key root_key(std::string_view account);
std::string encode_root_id(std::string_view access_key_id);
std::string decode_root_id(std::string_view bytes);

}  // namespace millrace::iam
