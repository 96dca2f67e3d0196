// TableUser: as whom a node uses the tables: the cluster's role as IAM knows it now, or, for a
// cluster without a role, the account's root.
// Thread-safety: safe from any thread; get may block on the store after IAM changed. Ownership: the
// source of roles must outlive it.
#pragma once

#include <memory>
#include <string>

#include "contracts/credentials.h"
#include "core/mutex.h"
#include "core/time.h"

namespace millrace::dax {

class TableUser {
public:
    // What was learnt of a role holds so long, and not past a change in IAM.
    static constexpr Duration kKnownFor = std::chrono::minutes(5);

    TableUser(contracts::RoleAssumer* roles, const std::string& account, std::string role_arn);

    // AccessDeniedException: the role is not there, or does not trust DAX.
    Result<std::shared_ptr<const contracts::Caller>> get(TimePoint now);
    // Of a cluster that has a role.
    void set_role(const std::string& arn);

private:
    contracts::RoleAssumer* const roles_;
    const std::shared_ptr<const contracts::Caller> root_;
    Mutex mutex_;
    std::string role_arn_ MR_GUARDED_BY(mutex_);
    std::shared_ptr<const contracts::Caller> caller_ MR_GUARDED_BY(mutex_);
    uint64_t version_ MR_GUARDED_BY(mutex_) = 0;
    TimePoint known_until_ MR_GUARDED_BY(mutex_){};
};

}  // namespace millrace::dax
