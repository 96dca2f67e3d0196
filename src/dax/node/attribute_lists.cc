#include "dax/node/attribute_lists.h"

#include "codec/digest.h"
#include "core/bytes.h"
#include "dax/wire/errors.h"

namespace millrace::dax {
namespace {

constexpr uint8_t kVersion = 1;
constexpr int64_t kFirstId = 2;
constexpr std::string_view kById = "list";
constexpr std::string_view kByNames = "names";
constexpr std::string_view kLast = "last";
constexpr std::string_view kUsage = "usage";

store::Key id_key(int64_t id) {
    store::Key key{store::Space::kDax, std::string(kById), {}};
    append_u64(key.sort, static_cast<uint64_t>(id));
    return key;
}
// By digest: the names themselves may be longer than a key.
store::Key names_key(std::string_view encoded) {
    return {store::Space::kDax, std::string(kByNames), codec::sha256(encoded)};
}
store::Key usage_key(std::string_view account) {
    return {store::Space::kDax, std::string(kUsage), std::string(account)};
}
store::Key last_key() { return {store::Space::kDax, std::string(kLast), {}}; }

std::string encode_names(const AttributeNames& names) {
    std::string out;
    append_u8(out, kVersion);
    append_varint(out, names.size());
    for (const std::string& name : names) append_bytes(out, name);
    return out;
}

AttributeNamesRef decode_names(std::string_view row) {
    ByteReader reader(row);
    if (reader.u8() != kVersion) return nullptr;
    auto names = std::make_shared<AttributeNames>();
    for (uint64_t n = reader.varint(); n > 0 && reader.ok(); --n)
        names->emplace_back(reader.bytes());
    if (!reader.ok() || !reader.at_end()) return nullptr;
    return names;
}

std::string encode_id(int64_t id) {
    std::string out;
    append_u8(out, kVersion);
    append_u64(out, static_cast<uint64_t>(id));
    return out;
}

int64_t decode_id(const std::optional<std::string>& row) {
    if (!row) return 0;
    ByteReader reader(*row);
    if (reader.u8() != kVersion) return 0;
    return static_cast<int64_t>(reader.u64());
}

// What an account's lists take.
struct Usage {
    uint64_t lists = 0;
    uint64_t bytes = 0;
};

std::string encode_usage(const Usage& usage) {
    std::string out;
    append_u8(out, kVersion);
    append_u64(out, usage.lists);
    append_u64(out, usage.bytes);
    return out;
}

Usage decode_usage(const std::optional<std::string>& row) {
    if (!row) return {};
    ByteReader reader(*row);
    if (reader.u8() != kVersion) return {};
    Usage usage;
    usage.lists = reader.u64();
    usage.bytes = reader.u64();
    return usage;
}

}  // namespace

void AttributeLists::remember(int64_t id, AttributeNamesRef names, const std::string& encoded) {
    const MutexLock lock(mutex_);
    if (!by_id_.emplace(id, std::move(names)).second) return;
    by_names_.emplace(encoded, id);
    bytes_ += 2 * encoded.size() + 256;
    if (bytes_ <= kCachedBytesMax) return;
    by_id_.clear();
    by_names_.clear();
    bytes_ = 0;
}

bool AttributeLists::in_memory(int64_t id) {
    if (id == kEmptyListId) return true;
    const MutexLock lock(mutex_);
    return by_id_.contains(id);
}

Result<AttributeNamesRef> AttributeLists::names(int64_t id) {
    if (id == kEmptyListId) return std::make_shared<const AttributeNames>();
    {
        const MutexLock lock(mutex_);
        const auto found = by_id_.find(id);
        if (found != by_id_.end()) return found->second;
    }
    std::optional<std::string> row;
    store::Ticket ticket = 0;
    const store::Key key = id_key(id);
    if (store_.read(key, row, ticket) != store::CommitStatus::kOk) return errors::internal();
    if (!row) return errors::unknown_list();
    AttributeNamesRef names = decode_names(*row);
    if (names == nullptr) return errors::internal();
    if (!store_.wait_durable(ticket)) return errors::internal();
    remember(id, names, *row);
    return names;
}

Result<int64_t> AttributeLists::id_of(const AttributeNames& names, std::string_view account) {
    if (names.empty()) return kEmptyListId;
    const std::string encoded = encode_names(names);
    {
        const MutexLock lock(mutex_);
        const auto found = by_names_.find(encoded);
        if (found != by_names_.end()) return found->second;
    }
    int64_t id = 0;
    bool full = false;
    const store::RunResult result = store_.run([&](store::Txn& txn) {
        full = false;
        id = decode_id(txn.get(names_key(encoded)));
        if (id != 0) return store::TxnDecision::kRollback;
        id = std::max(decode_id(txn.get(last_key())) + 1, kFirstId);
        Usage usage = decode_usage(txn.get(usage_key(account)));
        ++usage.lists;
        usage.bytes += encoded.size();
        full = usage.lists > kListsMax || usage.bytes > kNamesBytesMax;
        if (full) return store::TxnDecision::kRollback;
        txn.put(usage_key(account), encode_usage(usage));
        txn.put(last_key(), encode_id(id));
        txn.put(id_key(id), encoded);
        txn.put(names_key(encoded), encode_id(id));
        return store::TxnDecision::kCommit;
    });
    // Before it is on disk nobody may learn the number.
    if (result.status != store::CommitStatus::kOk || !store_.wait_durable(result.ticket))
        return errors::internal();
    if (full) return errors::too_many_lists();
    remember(id, std::make_shared<const AttributeNames>(names), encoded);
    return id;
}

}  // namespace millrace::dax
