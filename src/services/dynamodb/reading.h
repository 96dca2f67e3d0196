// What Query and Scan share: one page of at most 1 MB of items read, filtered and projected.
// Thread-safety: as the operation's transaction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/dynamodb/item_write.h"
#include "services/dynamodb/read_request.h"

namespace millrace::dynamodb {

inline constexpr size_t kPageBytesMax = 1 << 20;

class PageReader {
public:
    PageReader(const Table& table, const ReadRequest& request, std::optional<int32_t> limit)
        : table_(table), request_(request), limit_(limit), count_only_(request.select == "COUNT") {}
    // False: the page is full.
    bool take(std::string_view row) {
        const std::optional<item::ItemView> item = item::read_stored(row);
        MR_ASSERT(item.has_value());
        bytes_ += item::item_size(*item);
        scanned_ += 1;
        if (!request_.filter || expression::evaluate(*request_.filter, *item)) {
            count_ += 1;
            if (!count_only_) {
                items_.push_back(request_.projection
                                     ? expression::project(*request_.projection, *item)
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
    const ReadRequest& request_;
    std::optional<int32_t> limit_;
    bool count_only_;
    std::vector<item::Item> items_;
    int32_t count_ = 0;
    int32_t scanned_ = 0;
    size_t bytes_ = 0;
    bool full_ = false;
    item::Item last_key_;
};

}  // namespace millrace::dynamodb
