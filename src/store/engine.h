// Engine: an ordered map from bytes to bytes with atomic batches, what TransactionalStore needs of
// an embedded engine. A batch is visible once applied and durable after the next sync().
// Thread-safety: get and scan from any thread, beside one thread that applies and one that syncs.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace millrace::store {

enum class EngineStatus : uint8_t { kOk, kNotFound, kNoSpace, kIoError };

class EngineBatch {
public:
    virtual ~EngineBatch() = default;
    virtual void put(std::string_view key, std::string_view value) = 0;
    virtual void erase(std::string_view key) = 0;
    // Keys in [from, to).
    virtual void erase_range(std::string_view from, std::string_view to) = 0;
};

class Engine {
public:
    virtual ~Engine() = default;
    virtual EngineStatus get(std::string_view key, std::string& value) = 0;
    // Keys in [from, to) of one moment, ascending or descending, until `visit` returns false.
    virtual EngineStatus scan(
        std::string_view from, std::string_view to, bool descending,
        const std::function<bool(std::string_view key, std::string_view value)>& visit) = 0;
    virtual std::unique_ptr<EngineBatch> make_batch() = 0;
    virtual EngineStatus apply(EngineBatch& batch) = 0;
    virtual EngineStatus sync() = 0;
    // True where sync() does nothing, so that commits need no trip to the sync thread.
    virtual bool sync_is_free() const { return false; }
    // What the last error was, for operators.
    virtual std::string last_error() const = 0;
};

}  // namespace millrace::store
