#include "store/mem/mem_store.h"

#include <condition_variable>
#include <map>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/mutex.h"
#include "store/engine.h"
#include "store/transactional_store.h"

namespace millrace::store {
namespace {

using Map = std::map<std::string, std::string, std::less<>>;

struct MemOperation {
    enum class Kind : uint8_t { kPut, kErase, kEraseRange } kind;
    std::string key;
    std::string value;  // or the range's end
};

class MemBatch final : public EngineBatch {
public:
    void put(std::string_view key, std::string_view value) override {
        operations.push_back({MemOperation::Kind::kPut, std::string(key), std::string(value)});
    }
    void erase(std::string_view key) override {
        operations.push_back({MemOperation::Kind::kErase, std::string(key), {}});
    }
    void erase_range(std::string_view from, std::string_view to) override {
        operations.push_back({MemOperation::Kind::kEraseRange, std::string(from), std::string(to)});
    }
    std::vector<MemOperation> operations;
};

void apply_to(Map& map, const std::vector<MemOperation>& operations) {
    for (const MemOperation& operation : operations) {
        switch (operation.kind) {
            case MemOperation::Kind::kPut:
                map.insert_or_assign(operation.key, operation.value);
                break;
            case MemOperation::Kind::kErase:
                map.erase(operation.key);
                break;
            case MemOperation::Kind::kEraseRange:
                map.erase(map.lower_bound(operation.key), map.lower_bound(operation.value));
                break;
        }
    }
}

// Rows a scan copies out of the lock at a time, so that a visitor may take its time.
constexpr size_t kScanRows = 64;

}  // namespace

struct CrashableMemory::State {
    std::shared_mutex mutex;  // guards rows
    Map rows;

    // Of crash tests only.
    bool crashable = false;
    Mutex sync_mutex;
    std::condition_variable sync_allowed_changed;
    bool sync_allowed MR_GUARDED_BY(sync_mutex) = true;
    bool disk_full MR_GUARDED_BY(sync_mutex) = false;
    std::vector<MemOperation> unsynced MR_GUARDED_BY(sync_mutex);
    Map durable MR_GUARDED_BY(sync_mutex);
};

namespace {

class MemEngine final : public Engine {
public:
    explicit MemEngine(std::shared_ptr<CrashableMemory::State> state) : state_(std::move(state)) {}

    EngineStatus get(std::string_view key, std::string& value) override {
        const std::shared_lock lock(state_->mutex);
        const auto found = state_->rows.find(key);
        if (found == state_->rows.end()) return EngineStatus::kNotFound;
        value = found->second;
        return EngineStatus::kOk;
    }

    // Not of one moment, in chunks: transactions notice a change of what they scanned, and other
    // scans promise no more than this.
    EngineStatus scan(
        std::string_view from, std::string_view to, bool descending,
        const std::function<bool(std::string_view, std::string_view)>& visit) override {
        std::string low(from);
        std::string high(to);
        std::vector<std::pair<std::string, std::string>> chunk;
        for (;;) {
            chunk.clear();
            {
                const std::shared_lock lock(state_->mutex);
                const auto begin = state_->rows.lower_bound(low);
                auto end = state_->rows.lower_bound(high);
                if (descending) {
                    while (end != begin && chunk.size() < kScanRows) {
                        --end;
                        chunk.emplace_back(*end);
                    }
                } else {
                    for (auto it = begin; it != end && chunk.size() < kScanRows; ++it)
                        chunk.emplace_back(*it);
                }
            }
            for (const auto& [key, value] : chunk) {
                if (!visit(key, value)) return EngineStatus::kOk;
            }
            if (chunk.size() < kScanRows) return EngineStatus::kOk;
            if (descending) {
                high = chunk.back().first;
            } else {
                low = chunk.back().first + '\0';
            }
        }
    }

    std::unique_ptr<EngineBatch> make_batch() override { return std::make_unique<MemBatch>(); }

    EngineStatus apply(EngineBatch& batch) override {
        auto& operations = static_cast<MemBatch&>(batch).operations;
        if (state_->crashable) {
            const MutexLock lock(state_->sync_mutex);
            if (state_->disk_full) return EngineStatus::kNoSpace;
            state_->unsynced.insert(state_->unsynced.end(), operations.begin(), operations.end());
        }
        const std::unique_lock lock(state_->mutex);
        apply_to(state_->rows, operations);
        return EngineStatus::kOk;
    }

    EngineStatus sync() override {
        if (!state_->crashable) return EngineStatus::kOk;
        MutexLock lock(state_->sync_mutex);
        while (!state_->sync_allowed) lock.wait(state_->sync_allowed_changed);
        if (state_->disk_full) return EngineStatus::kNoSpace;
        apply_to(state_->durable, state_->unsynced);
        state_->unsynced.clear();
        return EngineStatus::kOk;
    }

    bool sync_is_free() const override { return !state_->crashable; }
    std::string last_error() const override { return "out of space (simulated)"; }

private:
    std::shared_ptr<CrashableMemory::State> state_;  // shared with the CrashableMemory of a test
};

}  // namespace

std::unique_ptr<Store> make_mem_store(const Clock& clock) {
    return std::make_unique<TransactionalStore>(
        std::make_unique<MemEngine>(std::make_shared<CrashableMemory::State>()), clock);
}

CrashableMemory::CrashableMemory() : state_(std::make_shared<State>()) { state_->crashable = true; }
CrashableMemory::~CrashableMemory() = default;

std::unique_ptr<Store> CrashableMemory::open(const Clock& clock) {
    return std::make_unique<TransactionalStore>(std::make_unique<MemEngine>(state_), clock);
}

void CrashableMemory::allow_sync(bool allowed) {
    const MutexLock lock(state_->sync_mutex);
    state_->sync_allowed = allowed;
    state_->sync_allowed_changed.notify_all();
}

void CrashableMemory::fill_disk() {
    const MutexLock lock(state_->sync_mutex);
    state_->disk_full = true;
}

void CrashableMemory::lose_power() {
    const MutexLock lock(state_->sync_mutex);
    const std::unique_lock rows_lock(state_->mutex);
    state_->unsynced.clear();
    state_->rows = state_->durable;
}

}  // namespace millrace::store
