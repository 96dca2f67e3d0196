// Blobs as files: <dir>/<2 hex>/<32 hex>, written under <dir>/tmp and renamed when complete.
// Thread-safety and ownership: as BlobStore says.
#pragma once

#include <memory>
#include <string>

#include "core/result.h"
#include "store/blob_store.h"

namespace millrace::store {

// durable = false leaves out every fsync: only for data that may go with the process (`millrace
// dev`). Unfinished blobs of an earlier process are deleted.
Result<std::unique_ptr<BlobStore>> open_file_blob_store(const std::string& dir,
                                                        bool durable = true);

}  // namespace millrace::store
