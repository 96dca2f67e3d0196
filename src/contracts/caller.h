// Caller: who makes a request, as authentication found it. Thread-safety: immutable once made;
// shared between the credential cache and the requests in flight.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/time.h"

namespace millrace::contracts {

enum class PrincipalKind : uint8_t { kAnonymous, kRoot, kUser, kAssumedRole, kService };

// The parsed form belongs to auth; contracts only carry it.
struct PolicyDocument;

struct Caller {
    PrincipalKind kind = PrincipalKind::kAnonymous;
    std::string account_id;  // 12 digits; empty for anonymous
    std::string arn;         // arn:aws:iam::..:user/x, arn:aws:sts::..:assumed-role/r/s
    std::string role_arn;    // of an assumed role: arn:aws:iam::..:role/path/r
    std::string user_id;     // AIDA..., AROA...:session, or the account id of root
    std::string user_name;   // aws:username, only users
    std::string access_key_id;
    TimePoint expires = TimePoint::max();  // of a session
    std::vector<std::pair<std::string, std::string>> principal_tags;
    // Identity policies that apply (inline, managed, of groups), already parsed.
    std::vector<std::shared_ptr<const PolicyDocument>> identity_policies;
    // When non-empty, what these do not allow is denied: permissions boundary, session policies.
    std::shared_ptr<const PolicyDocument> permissions_boundary;
    std::vector<std::shared_ptr<const PolicyDocument>> session_policies;
};

}  // namespace millrace::contracts
