#include "services/s3/objects.h"

#include <algorithm>

#include "codec/hex.h"
#include "core/bytes.h"
#include "core/log.h"
#include "services/s3/errors.h"
#include "services/s3/keys.h"

namespace millrace::s3 {
namespace {

constexpr uint8_t kReferenceFormat = 1;
constexpr uint8_t kGarbageFormat = 1;
constexpr uint8_t kNullPointerFormat = 1;
constexpr uint8_t kBodyFormat = 1;

uint64_t read_references(store::Txn& txn, std::string_view blob_id) {
    const auto row = txn.get(blob_reference_key(blob_id));
    if (!row) return 0;
    ByteReader in(*row);
    const uint8_t format = in.u8();
    const uint64_t count = in.varint();
    // An unreadable count keeps the blob for ever rather than losing it.
    return in.ok() && format == kReferenceFormat ? count : UINT32_MAX;
}

void write_references(store::Txn& txn, std::string_view blob_id, uint64_t count) {
    std::string row;
    append_u8(row, kReferenceFormat);
    append_varint(row, count);
    txn.put(blob_reference_key(blob_id), row);
}

}  // namespace

std::string shown_version(const ObjectRow& row) {
    return row.is_null_version() ? "null" : row.version_id;
}

void put_garbage(store::Txn& txn, TimePoint due, GarbageKind kind, std::string_view content) {
    std::string row;
    append_u8(row, kGarbageFormat);
    append_u8(row, static_cast<uint8_t>(kind));
    row.append(content);
    txn.put(garbage_key(due, content), row);
}

void reference_blob(store::Txn& txn, std::string_view blob_id) {
    write_references(txn, blob_id, read_references(txn, blob_id) + 1);
}

void release_blob(store::Txn& txn, std::string_view blob_id, TimePoint now) {
    const uint64_t count = read_references(txn, blob_id);
    if (count > 1) {
        write_references(txn, blob_id, count - 1);
        return;
    }
    txn.erase(blob_reference_key(blob_id));
    put_garbage(txn, now + kBlobGrace, GarbageKind::kBlob, blob_id);
}

std::optional<ObjectRow> Objects::current(std::string_view key) {
    const auto bytes = txn_.get(current_key(bucket_.id, key));
    if (!bytes) return std::nullopt;
    auto row = decode_object(*bytes);
    if (!row) log::error("bucket {}: an object's row cannot be read", bucket_.name);
    return row;
}

std::optional<Objects::Older> Objects::newest_older(std::string_view key) {
    std::optional<Older> found;
    const std::string from = key_sort(key);
    const std::string to = prefix_successor(from);
    const std::string partition = version_partition(bucket_.id);
    txn_.scan({store::Space::kObjects, partition, from, to},
              [&](std::string_view sort, std::string_view value) {
                  if (auto row = decode_object(value)) {
                      found = Older{std::string(sort), std::move(*row)};
                  }
                  return !found;
              });
    return found;
}

Result<Objects::Found> Objects::find(std::string_view key,
                                     const std::optional<std::string>& version_id) {
    Found found;
    if (!version_id) {
        found.row = current(key);
        found.is_latest = true;
        if (!found.row && bucket_.versioning != Versioning::kNever) {
            if (auto older = newest_older(key)) found.latest_marker = shown_version(older->row);
        }
        return found;
    }
    uint64_t sequence = 0;
    const bool null_version = *version_id == "null";
    if (!null_version && !parse_version_id(*version_id, sequence)) {
        return errors::invalid_version_id(*version_id);
    }
    auto newest = current(key);
    if (newest && (null_version ? newest->is_null_version() : newest->version_id == *version_id)) {
        found.row = std::move(newest);
        found.is_latest = true;
        return found;
    }
    if (null_version) {
        const auto pointer = txn_.get(null_key(bucket_.id, key));
        if (!pointer) return found;
        ByteReader in(*pointer);
        in.u8();
        sequence = in.u64();
    }
    const auto bytes = txn_.get(version_key(bucket_.id, key, sequence));
    if (!bytes) return found;
    auto row = decode_object(*bytes);
    if (!row || (!null_version && row->version_id != *version_id)) return found;
    if (!newest) {
        const auto first = newest_older(key);
        found.is_latest = first && first->row.sequence == row->sequence;
    }
    found.row = std::move(row);
    return found;
}

void Objects::put_older(std::string_view key, const ObjectRow& row) {
    txn_.put(version_key(bucket_.id, key, row.sequence), encode_object(row));
    if (row.is_null_version()) {
        std::string pointer;
        append_u8(pointer, kNullPointerFormat);
        append_u64(pointer, row.sequence);
        txn_.put(null_key(bucket_.id, key), pointer);
    }
}

void Objects::move_to_older(std::string_view key, const ObjectRow& row) {
    put_older(key, row);
    txn_.erase(current_key(bucket_.id, key));
}

void Objects::remove_older_null(std::string_view key) {
    const auto pointer = txn_.get(null_key(bucket_.id, key));
    if (!pointer) return;
    ByteReader in(*pointer);
    in.u8();
    const store::Key row_key = version_key(bucket_.id, key, in.u64());
    if (const auto bytes = txn_.get(row_key)) {
        if (const auto row = decode_object(*bytes)) release_body(*row);
        txn_.erase(row_key);
    }
    txn_.erase(null_key(bucket_.id, key));
}

void Objects::release_body(const ObjectRow& row) {
    if (row.delete_marker) return;
    if (row.body_kind == BodyKind::kSibling) txn_.erase(body_key(bucket_.id, row.body));
    if (row.body_kind == BodyKind::kBlob) release_blob(txn_, row.body, context_.now());
}

void Objects::promote_newest(std::string_view key) {
    const auto older = newest_older(key);
    if (!older || older->row.delete_marker) return;
    txn_.erase({store::Space::kObjects, version_partition(bucket_.id), older->sort});
    if (older->row.is_null_version()) txn_.erase(null_key(bucket_.id, key));
    txn_.put(current_key(bucket_.id, key), encode_object(older->row));
}

void Objects::put(std::string_view key, ObjectRow& row) {
    const auto replaced = current(key);
    uint64_t previous = replaced ? replaced->sequence : 0;
    if (!replaced && bucket_.versioning != Versioning::kNever) {
        if (const auto older = newest_older(key)) previous = older->row.sequence;
    }
    row.sequence = std::max<uint64_t>(
        static_cast<uint64_t>(context_.now().time_since_epoch().count()), previous + 1);
    row.modified = context_.now();
    row.version_id.clear();
    if (bucket_.versioning == Versioning::kEnabled) {
        row.version_id = make_version_id(row.sequence, context_.rng());
        if (replaced) put_older(key, *replaced);
    } else if (bucket_.versioning == Versioning::kSuspended) {
        if (replaced && replaced->is_null_version()) {
            release_body(*replaced);
        } else {
            if (replaced) put_older(key, *replaced);
            remove_older_null(key);
        }
    } else if (replaced) {
        release_body(*replaced);
    }
    txn_.put(current_key(bucket_.id, key), encode_object(row));
}

void Objects::rewrite(std::string_view key, const Found& found) {
    const ObjectRow& row = *found.row;
    if (found.is_latest && !row.delete_marker) {
        txn_.put(current_key(bucket_.id, key), encode_object(row));
    } else {
        txn_.put(version_key(bucket_.id, key, row.sequence), encode_object(row));
    }
}

Result<Objects::Deleted> Objects::remove(std::string_view key,
                                         const std::optional<std::string>& version_id) {
    Deleted deleted;
    if (version_id) {
        MR_TRY(const Found found, find(key, version_id));
        deleted.version_id = *version_id;
        if (!found.row) return deleted;
        const ObjectRow& row = *found.row;
        deleted.is_marker = row.delete_marker;
        release_body(row);
        if (found.is_latest && !row.delete_marker) {
            txn_.erase(current_key(bucket_.id, key));
        } else {
            txn_.erase(version_key(bucket_.id, key, row.sequence));
            if (row.is_null_version()) txn_.erase(null_key(bucket_.id, key));
        }
        if (found.is_latest) promote_newest(key);
        return deleted;
    }
    const auto row = current(key);
    if (bucket_.versioning == Versioning::kNever) {
        if (row) {
            release_body(*row);
            txn_.erase(current_key(bucket_.id, key));
        }
        return deleted;
    }
    uint64_t previous = row ? row->sequence : 0;
    if (!row) {
        if (const auto older = newest_older(key)) previous = older->row.sequence;
    }
    ObjectRow marker;
    marker.delete_marker = true;
    marker.modified = context_.now();
    marker.sequence = std::max<uint64_t>(
        static_cast<uint64_t>(context_.now().time_since_epoch().count()), previous + 1);
    if (bucket_.versioning == Versioning::kEnabled) {
        marker.version_id = make_version_id(marker.sequence, context_.rng());
        if (row) move_to_older(key, *row);
    } else if (row && row->is_null_version()) {
        release_body(*row);
        txn_.erase(current_key(bucket_.id, key));
    } else {
        if (row) move_to_older(key, *row);
        remove_older_null(key);
    }
    put_older(key, marker);
    deleted.version_id = shown_version(marker);
    deleted.is_marker = true;
    deleted.made_marker = true;
    return deleted;
}

Result<void> Objects::store_body(S3Service& service, ObjectRow& row, const Body& body) {
    row.size = body.size();
    if (!body.in_memory()) {
        row.body_kind = BodyKind::kBlob;
        row.body = body.blob_id;
        reference_blob(txn_, row.body);
        return {};
    }
    if (body.bytes.size() <= kInlineBytesMax) {
        row.body_kind = BodyKind::kInline;
        row.body = body.bytes;
        return {};
    }
    if (body.bytes.size() <= kSiblingBytesMax) {
        row.body_kind = BodyKind::kSibling;
        row.body.resize(16);
        context_.rng().fill({reinterpret_cast<uint8_t*>(row.body.data()), row.body.size()});
        std::string content;
        content.reserve(body.bytes.size() + 1);
        append_u8(content, kBodyFormat);
        content.append(body.bytes);
        txn_.put(body_key(bucket_.id, row.body), content);
        return {};
    }
    MR_TRY(const auto writer, service.blobs().create());
    MR_CHECK_OK(writer->write(body.bytes));
    MR_TRY(row.body, writer->finish());
    row.body_kind = BodyKind::kBlob;
    reference_blob(txn_, row.body);
    return {};
}

Body Objects::load_body(const ObjectRow& row, uint64_t offset, uint64_t length) {
    Body body;
    switch (row.body_kind) {
        case BodyKind::kInline:
            body.bytes = offset == 0 && length == row.body.size() ? row.body
                                                                  : row.body.substr(offset, length);
            break;
        case BodyKind::kSibling:
            if (auto content = txn_.get(body_key(bucket_.id, row.body))) {
                body.bytes = content->substr(1 + offset, length);
            }
            break;
        case BodyKind::kBlob:
            if (length == 0) break;
            body.blob_id = row.body;
            body.offset = offset;
            body.length = length;
            break;
    }
    return body;
}

void Objects::share_body(const ObjectRow& source, std::string_view source_bucket_id,
                         ObjectRow& target) {
    target.size = source.size;
    target.body_kind = source.body_kind;
    target.body = source.body;
    if (source.body_kind == BodyKind::kBlob) reference_blob(txn_, source.body);
    if (source.body_kind == BodyKind::kSibling) {
        const auto content = txn_.get(body_key(source_bucket_id, source.body));
        target.body.resize(16);
        context_.rng().fill({reinterpret_cast<uint8_t*>(target.body.data()), target.body.size()});
        txn_.put(body_key(bucket_.id, target.body), content.value_or(std::string(1, kBodyFormat)));
    }
}

bool Objects::empty(bool& only_versions) {
    bool objects = false;
    bool versions = false;
    const std::string current = current_partition(bucket_.id);
    const std::string older = version_partition(bucket_.id);
    txn_.scan({store::Space::kObjects, current, {}, {}}, [&](std::string_view, std::string_view) {
        objects = true;
        return false;
    });
    txn_.scan({store::Space::kObjects, older, {}, {}}, [&](std::string_view, std::string_view) {
        versions = true;
        return false;
    });
    only_versions = versions;
    return !objects && !versions;
}

}  // namespace millrace::s3
