// The durable store on one machine: RocksDB in a folder. Thread-safety and ownership: as Store
// says.
#pragma once

#include <memory>
#include <string>

#include "core/result.h"
#include "core/time.h"
#include "store/store.h"

namespace millrace::store {

struct RocksOptions {
    size_t block_cache_bytes = size_t{256} << 20;
    size_t write_buffer_bytes = size_t{64} << 20;
};

// Opens or creates the database. The error's message is one line for the operator.
Result<std::unique_ptr<Store>> open_rocks_store(const std::string& dir, const Clock& clock,
                                                RocksOptions options = {});

}  // namespace millrace::store
