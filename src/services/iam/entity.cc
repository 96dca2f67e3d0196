#include "services/iam/entity.h"

#include "core/bytes.h"
#include "core/check.h"

namespace millrace::iam {
namespace {

constexpr uint8_t kFormat = 1;

void append_list(std::string& out, const std::vector<std::string>& list) {
    append_varint(out, list.size());
    for (const std::string& text : list) append_bytes(out, text);
}

std::vector<std::string> read_list(ByteReader& reader) {
    std::vector<std::string> list;
    for (uint64_t n = reader.varint(); n > 0 && reader.ok(); --n) list.emplace_back(reader.bytes());
    return list;
}

ByteReader begin(std::string_view bytes) {
    ByteReader reader(bytes);
    MR_ASSERT(reader.u8() == kFormat);
    return reader;
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    return out;
}

}  // namespace

std::string Entity::arn() const {
    return "arn:aws:iam::" + account + (kind == EntityKind::kUser ? ":user" : ":role") + path +
           name;
}

std::string encode(const Entity& entity) {
    std::string out;
    append_u8(out, kFormat);
    append_u8(out, static_cast<uint8_t>(entity.kind));
    for (const std::string* text : {&entity.account, &entity.name, &entity.path, &entity.id,
                                    &entity.trust_policy, &entity.description}) {
        append_bytes(out, *text);
    }
    append_u64(out, static_cast<uint64_t>(entity.created_s));
    append_u32(out, static_cast<uint32_t>(entity.max_session_s));
    append_map(out, entity.inline_policies);
    append_list(out, entity.attached);
    append_map(out, entity.tags);
    append_list(out, entity.access_keys);
    return out;
}

Entity decode_entity(std::string_view bytes) {
    ByteReader reader = begin(bytes);
    Entity entity;
    entity.kind = static_cast<EntityKind>(reader.u8());
    for (std::string* text : {&entity.account, &entity.name, &entity.path, &entity.id,
                              &entity.trust_policy, &entity.description}) {
        *text = reader.bytes();
    }
    entity.created_s = static_cast<int64_t>(reader.u64());
    entity.max_session_s = static_cast<int>(reader.u32());
    entity.inline_policies = read_map(reader);
    entity.attached = read_list(reader);
    entity.tags = read_map(reader);
    entity.access_keys = read_list(reader);
    MR_ASSERT(reader.ok() && reader.at_end());
    return entity;
}

std::string encode(const ManagedPolicy& policy) {
    std::string out;
    append_u8(out, kFormat);
    for (const std::string* text : {&policy.account, &policy.name, &policy.path, &policy.id,
                                    &policy.document, &policy.description}) {
        append_bytes(out, *text);
    }
    append_u64(out, static_cast<uint64_t>(policy.created_s));
    return out;
}

ManagedPolicy decode_policy(std::string_view bytes) {
    ByteReader reader = begin(bytes);
    ManagedPolicy policy;
    for (std::string* text : {&policy.account, &policy.name, &policy.path, &policy.id,
                              &policy.document, &policy.description}) {
        *text = reader.bytes();
    }
    policy.created_s = static_cast<int64_t>(reader.u64());
    MR_ASSERT(reader.ok() && reader.at_end());
    return policy;
}

std::string encode(const AccessKey& key) {
    std::string out;
    append_u8(out, kFormat);
    for (const std::string* text : {&key.id, &key.account, &key.user, &key.sealed_secret})
        append_bytes(out, *text);
    append_u8(out, key.active ? 1 : 0);
    append_u64(out, static_cast<uint64_t>(key.created_s));
    return out;
}

AccessKey decode_access_key(std::string_view bytes) {
    ByteReader reader = begin(bytes);
    AccessKey key;
    for (std::string* text : {&key.id, &key.account, &key.user, &key.sealed_secret})
        *text = reader.bytes();
    key.active = reader.u8() != 0;
    key.created_s = static_cast<int64_t>(reader.u64());
    MR_ASSERT(reader.ok() && reader.at_end());
    return key;
}

std::string encode(const Session& session) {
    std::string out;
    append_u8(out, kFormat);
    for (const std::string* text : {&session.id, &session.account, &session.role, &session.role_id,
                                    &session.name, &session.sealed_secret, &session.token}) {
        append_bytes(out, *text);
    }
    append_u64(out, static_cast<uint64_t>(session.expires_ms));
    append_list(out, session.policies);
    return out;
}

Session decode_session(std::string_view bytes) {
    ByteReader reader = begin(bytes);
    Session session;
    for (std::string* text : {&session.id, &session.account, &session.role, &session.role_id,
                              &session.name, &session.sealed_secret, &session.token}) {
        *text = reader.bytes();
    }
    session.expires_ms = static_cast<int64_t>(reader.u64());
    session.policies = read_list(reader);
    MR_ASSERT(reader.ok() && reader.at_end());
    return session;
}

store::Key entity_key(EntityKind kind, std::string_view account, std::string_view name) {
    return {store::Space::kIam,
            std::string(kind == EntityKind::kUser ? "user/" : "role/") + std::string(account),
            lower(name)};
}
store::Key policy_key(std::string_view account, std::string_view path_and_name) {
    return {store::Space::kIam, "policy/" + std::string(account), std::string(path_and_name)};
}
store::Key access_key_key(std::string_view id) {
    return {store::Space::kIam, "key", std::string(id)};
}
store::Key session_key(std::string_view id) {
    return {store::Space::kIam, "session", std::string(id)};
}
store::Key session_end_key(int64_t expires_ms, std::string_view id) {
    std::string sort;
    append_u64(sort, static_cast<uint64_t>(expires_ms));
    return {store::Space::kIam, "session-end", sort + std::string(id)};
}
store::Key root_key(std::string_view account) {
    return {store::Space::kIam, "root", std::string(account)};
}

std::string encode_root_id(std::string_view access_key_id) {
    std::string out;
    append_u8(out, kFormat);
    append_bytes(out, access_key_id);
    return out;
}
std::string decode_root_id(std::string_view bytes) {
    ByteReader reader = begin(bytes);
    std::string id(reader.bytes());
    MR_ASSERT(reader.ok() && reader.at_end());
    return id;
}

}  // namespace millrace::iam
