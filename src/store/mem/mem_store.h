// The store in memory, for `millrace dev` and for tests: the same transactions, nothing on disk.
// Thread-safety and ownership: as Store says.
#pragma once

#include <memory>

#include "core/time.h"
#include "store/store.h"

namespace millrace::store {

// Everything is "durable" at once.
std::unique_ptr<Store> make_mem_store(const Clock& clock);

// A store that loses power: for crash tests. Commits become durable only when sync_now() is called.
class CrashableMemory {
public:
    CrashableMemory();
    ~CrashableMemory();
    // A store on what this memory holds. One at a time.
    std::unique_ptr<Store> open(const Clock& clock);
    // From now on every sync waits until allowed; true allows all that wait and all to come.
    void allow_sync(bool allowed);
    // From now on every write fails as if the disk were full.
    void fill_disk();
    // What was not synced is gone. Close the store first.
    void lose_power();

    struct State;

private:
    std::shared_ptr<State> state_;  // shared with the open store's engine
};

}  // namespace millrace::store
