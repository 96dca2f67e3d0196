// BlobSweeper: removes what objects left behind: blobs of replaced and deleted objects after a
// grace period, the memory of completed uploads, the uploads of deleted buckets, and blobs that a
// crash left without a row.
//
// A blob goes only when its garbage row is durable and its grace is over: whoever found it in an
// older row has opened it by then, and an open file stays readable. A blob without any row goes
// only a day after it was made, so never one that an upload in progress is about to commit; and
// only when every user of the blob store was given (`used_elsewhere`), else such blobs are left
// alone. Thread-safety: as Worker says.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "contracts/worker.h"
#include "services/s3/service.h"

namespace millrace::s3 {

class BlobSweeper final : public contracts::Worker {
public:
    // `used_elsewhere`: whether another service refers to the blob (function code). Empty: unknown.
    BlobSweeper(S3Service& service, std::function<bool(std::string_view)> used_elsewhere)
        : service_(service), used_elsewhere_(std::move(used_elsewhere)) {}
    std::string name() const override { return "s3/blobs"; }
    TimePoint step(TimePoint now) override;

private:
    // True: there may be more that is due.
    bool sweep_garbage(TimePoint now);
    void sweep_orphans(TimePoint now);

    S3Service& service_;
    std::function<bool(std::string_view)> used_elsewhere_;
    TimePoint next_orphans_{};
};

}  // namespace millrace::s3
