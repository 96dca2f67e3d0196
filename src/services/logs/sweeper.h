// Sweeper: deletes events past their group's retention, and the rows of deleted groups, in small
// transactions. A part of the flusher. Thread-safety: one thread at a time.
#pragma once

#include <map>
#include <string>

#include "core/time.h"

namespace millrace::logs {

class LogsService;

class Sweeper {
public:
    explicit Sweeper(LogsService& service) : service_(service) {}
    // A bounded piece; true when there is more to do at once.
    bool step(TimePoint now);

private:
    bool sweep_doomed();
    bool sweep_expired(TimePoint now);

    LogsService& service_;
    TimePoint due_{};
    // Up to where the events of a group (by id) or of a deleted one are gone, so that no step scans
    // over what an earlier one deleted.
    std::map<std::string, std::string> swept_;
};

}  // namespace millrace::logs
