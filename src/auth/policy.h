// Policies: JSON documents parsed once into a compiled form that auth/evaluate.cc matches without
// allocation. Refused documents give the text that IAM (identity and trust policies) or S3
// (resource policies) answers with.
// Thread-safety: a parsed document is immutable and shared by callers, resources and requests.
// Source: IAM User Guide, "IAM JSON policy element reference" and "Grammar of the policy language".
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "contracts/caller.h"
#include "core/result.h"

namespace millrace::auth {

enum class PolicyKind : uint8_t {
    kIdentity,  // of a user, group or role; boundaries; session policies: no Principal, Resource
                // needed
    kResource,  // of a bucket, queue, function, table: Principal and Resource needed
    kTrust,     // of a role: Principal needed, no Resource, only sts: actions
};

// A string of a policy. Wildcards are kept as two control characters, so that a '*' that comes out
// of a variable's value or of ${*} is never a wildcard.
struct Pattern {
    static constexpr char kAnyRun = '\x01';
    static constexpr char kAnyChar = '\x02';

    struct Variable {
        size_t position = 0;  // in `compiled`, where the value goes
        std::string key;      // lower case: "aws:username"
        bool has_default = false;
        std::string default_value;
    };

    std::string text;                 // as written
    std::string compiled;             // without variables' values
    std::vector<Variable> variables;  // by position; empty in documents of version 2008-10-17
    bool has_wildcard = false;
    bool matches_all = false;  // "*"
};

enum class PrincipalType : uint8_t {
    kAny,
    kAccount,
    kArn,
    kUniqueId,
    kService,
    kFederated,
    kCanonicalUser
};

struct Principal {
    PrincipalType type = PrincipalType::kAny;
    std::string value;  // account id, ARN, AIDA.../AROA..., "s3.amazonaws.com"; empty for kAny
};

enum class ConditionOperator : uint8_t {
    kStringEquals,
    kStringNotEquals,
    kStringEqualsIgnoreCase,
    kStringNotEqualsIgnoreCase,
    kStringLike,
    kStringNotLike,
    kNumericEquals,
    kNumericNotEquals,
    kNumericLessThan,
    kNumericLessThanEquals,
    kNumericGreaterThan,
    kNumericGreaterThanEquals,
    kDateEquals,
    kDateNotEquals,
    kDateLessThan,
    kDateLessThanEquals,
    kDateGreaterThan,
    kDateGreaterThanEquals,
    kBool,
    kBinaryEquals,
    kIpAddress,
    kNotIpAddress,
    kArnEquals,
    kArnLike,
    kArnNotEquals,
    kArnNotLike,
    kNull,
};
enum class SetQualifier : uint8_t { kNone, kForAllValues, kForAnyValue };

struct Condition {
    ConditionOperator op = ConditionOperator::kStringEquals;
    SetQualifier qualifier = SetQualifier::kNone;
    bool if_exists = false;
    std::string key;  // lower case
    std::vector<Pattern> values;
};

struct Statement {
    std::string sid;
    bool allow = false;
    bool not_action = false;
    bool not_resource = false;
    bool not_principal = false;
    bool has_resource = false;     // trust policies have none: every resource matches
    std::vector<Pattern> actions;  // compiled in lower case
    std::vector<Pattern> resources;
    std::vector<Principal> principals;  // empty in identity policies
    std::vector<Condition> conditions;  // all must hold
};

// The compiled document as JSON parses it; `kind` decides which elements must be there. The error
// has code MalformedPolicyDocument and the text that the service shows: IAM's for kIdentity and
// kTrust, S3's for kResource. O(length).
Result<std::shared_ptr<const contracts::PolicyDocument>> parse_policy(
    std::string_view json, PolicyKind kind = PolicyKind::kIdentity);

// A kept document that cannot be read any more must not lose its denials: then it denies
// everything, and the log tells of it. `of`: whose it is, for the log.
std::shared_ptr<const contracts::PolicyDocument> parsed_or_deny(std::string_view json,
                                                                PolicyKind kind,
                                                                std::string_view of);

// Whether the policy lets anyone in: some Allow statement for everybody, without a condition that
// pins it to fixed callers or networks. Source: S3 User Guide, "The meaning of 'public'".
bool is_public(const contracts::PolicyDocument& policy);

// Whether `text` matches a pattern written as in policies ('*' and '?'), without variables.
bool wildcard_match(std::string_view pattern, std::string_view text);
// The same over a Pattern's compiled form.
bool compiled_match(std::string_view compiled, std::string_view text);

}  // namespace millrace::auth

namespace millrace::contracts {

struct PolicyDocument {
    bool variables = false;  // Version 2012-10-17
    std::string id;
    std::vector<auth::Statement> statements;
    std::string text;  // the document as given
};

}  // namespace millrace::contracts
