// What Query and Scan share: what is read, where it goes on, and one page of at most 1 MB of items,
// filtered and projected. Thread-safety: as the operation's transaction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/dynamodb/capacity.h"
#include "services/dynamodb/item_write.h"
#include "services/dynamodb/read_request.h"
#include "services/dynamodb/throttle.h"

namespace millrace::dynamodb {

inline constexpr size_t kPageBytesMax = 1 << 20;

// What a request reads: a table, or an index of it.
struct ReadTarget {
    TableRef table;
    const Index* index = nullptr;  // null: the table itself
    // Of a local index: the request wants more than its entries have, so that items are fetched.
    bool fetch = false;

    const KeyAttributes& keys() const { return index ? index->keys : table->keys; }
    store::Space space() const { return index ? space_of(*index) : store::Space::kItems; }
    // What the partitions of all its rows begin with.
    uint64_t id() const { return index ? index->id : table->id; }
};
// ValidationException when there is no such index, it is not ready, or it cannot answer this.
Result<ReadTarget> find_target(TableRef table, const std::optional<std::string>& index_name,
                               bool consistent, const ReadRequest& request);

// The row of an ExclusiveStartKey.
Result<store::Key> start_row(const ReadTarget& target, const item::Item& key);

class PageReader {
public:
    PageReader(const ReadTarget& target, const ReadRequest& request, std::optional<int32_t> limit)
        : target_(target),
          request_(request),
          limit_(limit),
          count_only_(request.select == "COUNT") {}
    // False: the page is full.
    bool take(std::string_view row);
    // After the last row: fills the answer, and charges what was read.
    template <class Output>
    Result<void> fill(OpContext& context, const std::optional<std::string>& return_consumed,
                      bool consistent, Output& output) {
        Units units;
        const double read = read_units(bytes_, consistent);
        if (target_.index == nullptr) {
            units.table = read;
        } else {
            (target_.index->global ? units.global_indexes
                                   : units.local_indexes)[target_.index->name] = read;
        }
        MR_CHECK_OK(take_read(context, *target_.table, target_.index, read));
        if (target_.fetch) {
            units.table = fetch(context.txn(), consistent);
            MR_CHECK_OK(take_read(context, *target_.table, nullptr, units.table));
        }
        output.count = count_;
        output.scanned_count = scanned_;
        if (!count_only_) output.items = std::move(items_);
        if (full_) output.last_evaluated_key = std::move(last_key_);
        output.consumed_capacity = consumed(return_consumed, target_.table->name, units);
        return {};
    }

private:
    item::Item shown(item::ItemView item) const {
        return request_.projection ? expression::project(*request_.projection, item)
                                   : item::Item(item);
    }
    item::Item key_of(item::ItemView row) const {
        return target_.index ? extract_index_key(*target_.table, *target_.index, row)
                             : extract_key(target_.table->keys, row);
    }
    // Puts the items into the place of their entries, as many as a page may have. Gives the units.
    double fetch(store::Txn& txn, bool consistent);

    const ReadTarget& target_;
    const ReadRequest& request_;
    const std::optional<int32_t> limit_;
    const bool count_only_;
    std::vector<item::Item> items_;
    std::vector<int32_t> scanned_at_;  // with fetch: scanned_ when each of items_ was taken
    int32_t count_ = 0;
    int32_t scanned_ = 0;
    size_t bytes_ = 0;
    bool full_ = false;
    item::Item last_key_;
};

}  // namespace millrace::dynamodb
