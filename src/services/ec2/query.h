// What the Describe operations have in common: filters with wildcards, pages.
// Thread-safety: confined to one call. Source: EC2 API Reference, "Filters" and "Pagination".
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "model/generated/ec2.h"
#include "services/ec2/errors.h"
#include "services/ec2/network.h"

namespace millrace::ec2 {

// '*' stands for any text, '?' for one character, '\' takes the meaning of the next one away.
// O(pattern * text).
bool matches_wildcards(std::string_view pattern, std::string_view text);

inline constexpr size_t kIdsMax = 1000;  // of one request

class Query {
public:
    using Filters = std::optional<std::vector<model::ec2::Filter>>;
    // The values that a resource has for a filter.
    using ValuesOf = std::function<std::vector<std::string>(std::string_view filter)>;

    // `known`: the filters that the operation has, besides tag:<key> and tag-key.
    // InvalidParameterValue, InvalidNextToken, FilterLimitExceeded.
    static Result<Query> make(const Filters& filters, std::span<const std::string_view> known,
                              const std::optional<int32_t>& results_max = {},
                              const std::optional<std::string>& token = {});

    bool matches(const Tags& tags, const ValuesOf& values_of) const;
    // In ascending order of ids: whether the page shows it. When the page is full, sets the token
    // of the next one.
    bool take(std::string_view id, std::optional<std::string>& next_token);

private:
    std::vector<model::ec2::Filter> filters_;
    size_t results_max_ = SIZE_MAX;
    size_t taken_ = 0;
    std::string after_;  // the last id of the page before
    std::string last_;
};

using Ids = std::optional<std::vector<std::string>>;
// That each of the ids is among `known`; `missing` makes the error.
template <class Known>
Result<void> check_ids(const Ids& ids, const Known& known, Error (*missing)(std::string_view)) {
    if (!ids) return {};
    if (ids->size() > kIdsMax) return errors::too_many_ids(kIdsMax);
    for (const std::string& id : *ids) {
        if (!known.contains(id)) return missing(id);
    }
    return {};
}
// Whether `id` is asked for; all are when there is no list.
bool is_named(const Ids& ids, std::string_view id);
// "true" or "false".
std::string truth(bool yes);

}  // namespace millrace::ec2
