// What a request says about a condition key, and whether a statement's conditions hold. Inside
// auth. Thread-safety: a RequestContext is confined to one decision; it refers to the caller's
// arguments. Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "AWS
// global condition context keys".
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "auth/policy.h"
#include "contracts/authorization.h"

namespace millrace::auth {

// A key's values in the request; absent and empty are the same.
struct KeyValues {
    const std::vector<std::string>* list = nullptr;
    std::string_view one;
    bool has_one = false;

    size_t size() const { return list != nullptr ? list->size() : has_one ? 1 : 0; }
    std::string_view at(size_t i) const {
        return list != nullptr ? std::string_view((*list)[i]) : one;
    }
};

class RequestContext {
public:
    RequestContext(const contracts::Caller& caller, const contracts::AuthzRequest& request,
                   const contracts::RequestFacts& facts)
        : caller_(caller), request_(request), facts_(facts) {}

    const contracts::Caller& caller() const { return caller_; }
    const contracts::AuthzRequest& request() const { return request_; }
    // `key` in lower case.
    KeyValues find(std::string_view key);

private:
    KeyValues global(std::string_view key);

    const contracts::Caller& caller_;
    const contracts::AuthzRequest& request_;
    const contracts::RequestFacts& facts_;
    std::array<char, 24> time_text_{};
    std::array<char, 24> epoch_text_{};
};

enum class Match : uint8_t { kNo, kYes, kUnresolved };  // kUnresolved: a variable has no value

// The pattern with its variables' values, in compiled form. False: a variable has no value.
// `buffer` is only used when there are variables; `out` points into it or into the pattern.
bool resolve(const Pattern& pattern, RequestContext& context, std::string& buffer,
             std::string_view& out);

bool condition_holds(const Condition& condition, RequestContext& context);

// Adds the keys that the statement asks for and the request lacks.
void collect_missing_keys(const Statement& statement, RequestContext& context,
                          std::vector<std::string>& missing);

}  // namespace millrace::auth
