// What Query and Scan share: one page of at most 1 MB of items read, filtered and projected.
// Thread-safety: as the operation's transaction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/dynamodb/expression/expression.h"
#include "services/dynamodb/item_write.h"

namespace millrace::dynamodb {

inline constexpr size_t kPageBytesMax = 1 << 20;

struct ReadExpressions {
    std::optional<expression::Condition> filter;
    std::optional<expression::Projection> projection;
    std::optional<expression::KeyCondition> key_condition;
};

class PageReader {
public:
    PageReader(const Table& table, const ReadExpressions& expressions, std::optional<int32_t> limit,
               bool count_only)
        : table_(table), expressions_(expressions), limit_(limit), count_only_(count_only) {}
    // False: the page is full.
    bool take(std::string_view row) {
        const std::optional<item::ItemView> item = item::read_stored(row);
        MR_ASSERT(item.has_value());
        bytes_ += item::item_size(*item);
        scanned_ += 1;
        if (!expressions_.filter || expression::evaluate(*expressions_.filter, *item)) {
            count_ += 1;
            if (!count_only_) {
                items_.push_back(expressions_.projection
                                     ? expression::project(*expressions_.projection, *item)
                                     : item::Item(*item));
            }
        }
        full_ = bytes_ >= kPageBytesMax || (limit_ && scanned_ >= *limit_);
        if (full_) last_key_ = extract_key(table_.keys, *item);
        return !full_;
    }
    size_t bytes() const { return bytes_; }
    template <class Output>
    void fill(Output& output) {
        output.count = count_;
        output.scanned_count = scanned_;
        if (!count_only_) output.items = std::move(items_);
        if (full_) output.last_evaluated_key = std::move(last_key_);
    }

private:
    const Table& table_;
    const ReadExpressions& expressions_;
    std::optional<int32_t> limit_;
    bool count_only_;
    std::vector<item::Item> items_;
    int32_t count_ = 0;
    int32_t scanned_ = 0;
    size_t bytes_ = 0;
    bool full_ = false;
    item::Item last_key_;
};

// The rules of Select without an index; true: COUNT.
// `projection`: the parameter that names attributes; empty: none.
inline Result<bool> read_select(const std::optional<std::string>& select,
                                std::string_view projection) {
    if (!select) return false;
    if (*select == "ALL_PROJECTED_ATTRIBUTES") {
        return errors::invalid_parameter(
            "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
    }
    if (*select == "SPECIFIC_ATTRIBUTES" && projection.empty()) {
        return errors::invalid_parameter(
            "Must specify the AttributesToGet or ProjectionExpression when choosing to get "
            "SPECIFIC_ATTRIBUTES");
    }
    if (*select != "SPECIFIC_ATTRIBUTES" && !projection.empty()) {
        return errors::validation(
            fmt::format("Cannot specify the {} when choosing to get {}", projection,
                        *select == "COUNT" ? "only the Count" : "ALL_ATTRIBUTES"));
    }
    return *select == "COUNT";
}

}  // namespace millrace::dynamodb
