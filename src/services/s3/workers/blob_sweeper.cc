#include "services/s3/workers/blob_sweeper.h"

#include "core/bytes.h"
#include "core/log.h"
#include "services/s3/keys.h"
#include "services/s3/objects.h"
#include "services/s3/uploads.h"

namespace millrace::s3 {
namespace {

constexpr Duration kPause = std::chrono::seconds(60);
constexpr Duration kOrphanPause = std::chrono::hours(6);
// Longer than any upload of one request may take.
constexpr Duration kOrphanAge = std::chrono::hours(24);
constexpr size_t kGarbagePerStepMax = 256;
constexpr size_t kUploadsPerStepMax = 16;

struct Garbage {
    std::string sort;
    GarbageKind kind = GarbageKind::kBlob;
    std::string content;
};

}  // namespace

TimePoint BlobSweeper::step(TimePoint now) {
    if (sweep_garbage(now)) return now;
    if (used_elsewhere_ && now >= next_orphans_) {
        sweep_orphans(now);
        next_orphans_ = now + kOrphanPause;
    }
    return now + kPause;
}

bool BlobSweeper::sweep_garbage(TimePoint now) {
    store::Store& store = service_.store();
    std::string due;
    append_u64(due, static_cast<uint64_t>(now.time_since_epoch().count()) + 1);
    std::vector<Garbage> garbage;
    const store::RunResult read = store.run([&](store::Txn& txn) {
        garbage.clear();
        txn.scan_space(store::Space::kObjects, kGarbagePartition, {},
                       std::string(kGarbagePartition) + '\0',
                       [&](std::string_view, std::string_view sort, std::string_view value) {
                           if (sort >= due || garbage.size() == kGarbagePerStepMax) return false;
                           ByteReader in(value);
                           if (in.u8() != 1) return true;  // of a newer format: left to it
                           const auto kind = static_cast<GarbageKind>(in.u8());
                           garbage.push_back({std::string(sort), kind, std::string(in.rest())});
                           return true;
                       });
        return store::TxnDecision::kRollback;
    });
    // Until it is durable, a power cut could bring the deleted object back.
    if (read.status != store::CommitStatus::kOk || !store.wait_durable(read.ticket)) return false;
    if (garbage.empty()) return false;

    for (const Garbage& item : garbage) {
        if (item.kind == GarbageKind::kBlob) {
            // A copy may have counted it again after its row was found and before it was deleted:
            // impossible while both were in conflict sets, but a look is cheap.
            std::optional<std::string> reference;
            store::Ticket ticket = 0;
            if (store.read(blob_reference_key(item.content), reference, ticket) !=
                store::CommitStatus::kOk) {
                return false;
            }
            if (!reference) service_.blobs().remove(item.content);
        }
    }
    const store::RunResult erased = store.run([&](store::Txn& txn) {
        for (const Garbage& item : garbage) {
            bool done = true;
            if (item.kind == GarbageKind::kCompletedUpload &&
                item.content.size() > kBucketIdBytes) {
                const std::string_view content = item.content;
                txn.erase(completed_key(content.substr(0, kBucketIdBytes),
                                        content.substr(kBucketIdBytes)));
            }
            if (item.kind == GarbageKind::kBucket) {
                size_t uploads = 0;
                const std::string partition = upload_partition(item.content);
                std::vector<UploadRow> found;
                txn.scan({store::Space::kUploads, partition, {}, {}},
                         [&](std::string_view, std::string_view value) {
                             if (++uploads > kUploadsPerStepMax) return false;
                             if (auto upload = decode_upload(value)) {
                                 found.push_back(std::move(*upload));
                             }
                             return true;
                         });
                for (const UploadRow& upload : found) {
                    remove_upload(txn, item.content, upload.key, upload.upload_id, now);
                }
                done = uploads <= kUploadsPerStepMax;
            }
            if (done)
                txn.erase({store::Space::kObjects, std::string(kGarbagePartition), item.sort});
        }
        return store::TxnDecision::kCommit;
    });
    return erased.status == store::CommitStatus::kOk;
}

void BlobSweeper::sweep_orphans(TimePoint now) {
    std::vector<std::string> old;
    service_.blobs().list([&](std::string_view id, TimePoint made) {
        if (made + kOrphanAge <= now) old.emplace_back(id);
    });
    size_t removed = 0;
    for (const std::string& id : old) {
        if (used_elsewhere_(id)) continue;
        // Garbage has its own row and time; what is referred to has a count.
        bool referenced = true;
        const store::RunResult read = service_.store().run([&](store::Txn& txn) {
            referenced = txn.get(blob_reference_key(id)).has_value();
            return store::TxnDecision::kRollback;
        });
        if (read.status != store::CommitStatus::kOk ||
            !service_.store().wait_durable(read.ticket)) {
            return;
        }
        if (referenced) continue;
        service_.blobs().remove(id);
        ++removed;
    }
    if (removed > 0) log::info("s3: removed {} blobs that no object refers to", removed);
}

}  // namespace millrace::s3
