#include "store/rocks/rocks_store.h"

#include <fcntl.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/mutex.h"
#include "store/engine.h"
#include "store/sync_folder.h"
#include "store/transactional_store.h"

namespace millrace::store {
namespace {

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

class RocksBatch final : public EngineBatch {
public:
    void put(std::string_view key, std::string_view value) override {
        batch.Put(slice(key), slice(value));
    }
    void erase(std::string_view key) override { batch.Delete(slice(key)); }
    void erase_range(std::string_view from, std::string_view to) override {
        batch.DeleteRange(slice(from), slice(to));
    }
    rocksdb::WriteBatch batch;
};

class RocksEngine final : public Engine {
public:
    explicit RocksEngine(std::unique_ptr<rocksdb::DB> db) : db_(std::move(db)) {}
    ~RocksEngine() override { db_->Close(); }

    EngineStatus get(std::string_view key, std::string& value) override {
        return note(db_->Get(rocksdb::ReadOptions(), slice(key), &value));
    }

    EngineStatus scan(
        std::string_view from, std::string_view to, bool descending,
        const std::function<bool(std::string_view, std::string_view)>& visit) override {
        rocksdb::ReadOptions options;
        const rocksdb::Slice lower = slice(from);
        const rocksdb::Slice upper = slice(to);
        options.iterate_lower_bound = &lower;
        options.iterate_upper_bound = &upper;
        const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(options));
        if (descending) {
            for (it->SeekToLast(); it->Valid() && visit(view(it->key()), view(it->value()));
                 it->Prev()) {
            }
        } else {
            for (it->SeekToFirst(); it->Valid() && visit(view(it->key()), view(it->value()));
                 it->Next()) {
            }
        }
        return note(it->status());
    }

    std::unique_ptr<EngineBatch> make_batch() override { return std::make_unique<RocksBatch>(); }

    // Goes to the memtable and the log's buffer; FlushWAL in sync() writes and syncs the log. A
    // log can be synced while the next write is appended to it.
    EngineStatus apply(EngineBatch& batch) override {
        return note(db_->Write(rocksdb::WriteOptions(), &static_cast<RocksBatch&>(batch).batch));
    }

    EngineStatus sync() override { return note(db_->FlushWAL(true)); }

    std::string last_error() const override {
        const MutexLock lock(error_mutex_);
        return last_error_;
    }

private:
    EngineStatus note(const rocksdb::Status& status) {
        if (status.ok()) return EngineStatus::kOk;
        if (status.IsNotFound()) return EngineStatus::kNotFound;
        {
            const MutexLock lock(error_mutex_);
            last_error_ = status.ToString();
        }
        return status.IsNoSpace() ? EngineStatus::kNoSpace : EngineStatus::kIoError;
    }

    std::unique_ptr<rocksdb::DB> db_;
    mutable Mutex error_mutex_;
    std::string last_error_ MR_GUARDED_BY(error_mutex_);
};

rocksdb::Options database_options(const RocksOptions& sizes) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.manual_wal_flush = true;  // one write() per group, not per transaction
    options.write_buffer_size = sizes.write_buffer_bytes;
    options.max_write_buffer_number = 3;
    // Only one thread writes at a time (the commit lock): the concurrent memtable costs more.
    options.allow_concurrent_memtable_write = false;
    options.enable_write_thread_adaptive_yield = false;
    options.max_background_jobs = 2;
    options.bytes_per_sync = 1 << 20;
    options.compression = rocksdb::kLZ4Compression;
    options.keep_log_file_num = 2;
    options.info_log_level = rocksdb::WARN_LEVEL;
    options.max_open_files = 512;
    // After an I/O error nothing is resumed behind our back: an operator decides.
    options.max_bgerror_resume_count = 0;
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(sizes.block_cache_bytes);
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    // In parts of a block's size: a whole index of a file is a megabyte, of which a full cache
    // keeps too few, and each miss would read and unpack all of it.
    table.cache_index_and_filter_blocks = true;
    table.pin_l0_filter_and_index_blocks_in_cache = true;
    table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
    table.partition_filters = true;
    table.enable_index_compression = false;
    table.format_version = 5;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    return options;
}

}  // namespace

Result<std::unique_ptr<Store>> open_rocks_store(const std::string& dir, const Clock& clock,
                                                RocksOptions sizes) {
    std::error_code error;
    const std::filesystem::path path = std::filesystem::absolute(dir, error);
    std::filesystem::create_directories(path, error);
    if (error)
        return Error{.code = "StoreUnavailable",
                     .message = "cannot create " + dir + ": " + error.message()};
    rocksdb::DB* db = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(database_options(sizes), path.string(), &db);
    if (!status.ok()) {
        return Error{.code = "StoreUnavailable",
                     .message = "cannot open the database in " + dir + ": " + status.ToString()};
    }
    auto engine = std::make_unique<RocksEngine>(std::unique_ptr<rocksdb::DB>(db));
    if (!sync_folder(path) || !sync_folder(path.parent_path())) {
        return Error{.code = "StoreUnavailable",
                     .message = "cannot sync the folder " + dir + ": " + std::strerror(errno)};
    }
    return std::unique_ptr<Store>(std::make_unique<TransactionalStore>(std::move(engine), clock));
}

}  // namespace millrace::store
