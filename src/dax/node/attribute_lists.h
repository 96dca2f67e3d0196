// AttributeLists: the numbers of lists of attribute names. Clients keep them for ever, so they are
// durable before anybody learns them, never renumbered and never given away; all nodes of all
// clusters share them. Rows: docs/formats/dax.md.
// Thread-safety: safe from any thread; calls may block on the store. Ownership: the store must
// outlive it.
#pragma once

#include <map>
#include <unordered_map>

#include "core/mutex.h"
#include "dax/wire/values.h"
#include "store/store.h"

namespace millrace::dax {

class AttributeLists {
public:
    // Of one account, for ever: who is counted is who named a list first.
    static constexpr uint64_t kListsMax = 1'000'000;
    static constexpr uint64_t kNamesBytesMax = 256 << 20;
    // Of names kept in memory; beyond it the memory is emptied and filled anew.
    static constexpr uint64_t kCachedBytesMax = 64 << 20;

    explicit AttributeLists(store::Store& store) : store_(store) {}

    // ValidationException: there is no such list. In memory O(1).
    Result<AttributeNamesRef> names(int64_t id);
    // Would names() answer without the store?
    bool in_memory(int64_t id);
    // Makes the list when it is new. LimitExceededException. In memory O(names).
    Result<int64_t> id_of(const AttributeNames& names, std::string_view account);

private:
    void remember(int64_t id, AttributeNamesRef names, const std::string& encoded);

    store::Store& store_;
    Mutex mutex_;
    std::unordered_map<int64_t, AttributeNamesRef> by_id_ MR_GUARDED_BY(mutex_);
    std::unordered_map<std::string, int64_t> by_names_ MR_GUARDED_BY(mutex_);
    uint64_t bytes_ MR_GUARDED_BY(mutex_) = 0;
};

}  // namespace millrace::dax
