#include "services/ec2/query.h"

#include <algorithm>

#include "codec/base64.h"

namespace millrace::ec2 {
namespace {

constexpr int32_t kResultsMin = 5;
constexpr int32_t kResultsMax = 1000;
constexpr size_t kFilterValuesMax = 200;
constexpr std::string_view kTagPrefix = "tag:";

bool matches_any(const model::ec2::Filter& filter, const std::vector<std::string>& values) {
    if (!filter.values) return false;
    return std::any_of(filter.values->begin(), filter.values->end(), [&](const auto& pattern) {
        return std::any_of(values.begin(), values.end(), [&](const std::string& value) {
            return matches_wildcards(pattern, value);
        });
    });
}

}  // namespace

bool matches_wildcards(std::string_view pattern, std::string_view text) {
    // Where to go on when what follows the last '*' does not fit.
    size_t star = std::string_view::npos;
    size_t star_text = 0;
    size_t p = 0;
    size_t t = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            star_text = t;
            continue;
        }
        const bool escaped = p + 1 < pattern.size() && pattern[p] == '\\';
        const size_t literal = escaped ? p + 1 : p;
        if (literal < pattern.size() &&
            (pattern[literal] == text[t] || (!escaped && pattern[literal] == '?'))) {
            p = literal + 1;
            t += 1;
            continue;
        }
        if (star == std::string_view::npos) return false;
        p = star + 1;
        t = ++star_text;
    }
    while (p < pattern.size() && pattern[p] == '*') p += 1;
    return p == pattern.size();
}

Result<Query> Query::make(const Filters& filters, std::span<const std::string_view> known,
                          const std::optional<int32_t>& results_max,
                          const std::optional<std::string>& token) {
    Query query;
    if (filters) query.filters_ = *filters;
    size_t values = 0;
    for (const model::ec2::Filter& filter : query.filters_) {
        if (!filter.name) return errors::bad_filter("null");
        const bool tag = filter.name->starts_with(kTagPrefix) || *filter.name == "tag-key";
        if (!tag && std::find(known.begin(), known.end(), *filter.name) == known.end())
            return errors::bad_filter(*filter.name);
        if (filter.values) values += filter.values->size();
    }
    if (values > kFilterValuesMax) return errors::too_many_filter_values(kFilterValuesMax);
    if (results_max) {
        if (*results_max < kResultsMin) {
            return errors::invalid(fmt::format(
                "Value ( {} ) for parameter maxResults is invalid. Expecting a value greater than "
                "{}.",
                *results_max, kResultsMin));
        }
        query.results_max_ = static_cast<size_t>(std::min(*results_max, kResultsMax));
    }
    if (token) {
        auto after = codec::base64_decode(*token);
        if (!after || after->empty()) return errors::bad_token();
        query.after_ = *std::move(after);
    }
    return query;
}

bool Query::matches(const Tags& tags, const ValuesOf& values_of) const {
    return std::all_of(filters_.begin(), filters_.end(), [&](const model::ec2::Filter& filter) {
        const std::string& name = *filter.name;
        std::vector<std::string> values;
        if (name.starts_with(kTagPrefix)) {
            const auto tag = tags.find(name.substr(kTagPrefix.size()));
            if (tag != tags.end()) values.push_back(tag->second);
        } else if (name == "tag-key") {
            for (const auto& [key, value] : tags) values.push_back(key);
        } else {
            values = values_of(name);
        }
        return matches_any(filter, values);
    });
}

bool Query::take(std::string_view id, std::optional<std::string>& next_token) {
    if (id <= after_) return false;
    if (taken_ == results_max_) {
        next_token = codec::base64_encode(last_);
        return false;
    }
    taken_ += 1;
    last_ = id;
    return true;
}

bool is_named(const Ids& ids, std::string_view id) {
    return !ids || ids->empty() || std::find(ids->begin(), ids->end(), id) != ids->end();
}

std::string truth(bool yes) { return yes ? "true" : "false"; }

}  // namespace millrace::ec2
