#include "services/dynamodb/reading.h"

#include <algorithm>

namespace millrace::dynamodb {
namespace {

// "[a, b]": those that the index does not have; empty: none.
std::string not_projected(const ReadTarget& target, const std::vector<std::string_view>& names) {
    std::string list;
    for (const std::string_view name : names) {
        if (target.index->projects(target.table->keys, name)) continue;
        list.append(list.empty() ? "[" : ", ").append(name);
    }
    return list.empty() ? list : list + "]";
}

}  // namespace

Result<ReadTarget> find_target(TableRef table, const std::optional<std::string>& index_name,
                               bool consistent, const ReadRequest& request) {
    ReadTarget target{std::move(table)};
    if (!index_name) return target;
    target.index = target.table->find_index(*index_name);
    if (target.index == nullptr || target.index->state == IndexState::kDeleting)
        return errors::index_unknown(*index_name);
    const Index& index = *target.index;
    if (index.global && consistent) return errors::consistent_read_of_global_index();
    if (index.state == IndexState::kBackfilling) return errors::index_backfilling(index.name);
    if (request.filter) {
        const std::string lacking = not_projected(target, request.filter->attribute_names());
        if (!lacking.empty()) {
            return errors::invalid_parameter(
                fmt::format("Secondary index {} does not project one or more filter attributes: {}",
                            index.name, lacking));
        }
    }
    if (request.select == "ALL_ATTRIBUTES" && index.projection != ProjectionKind::kAll) {
        if (index.global) {
            return errors::invalid_parameter(
                fmt::format("Select type ALL_ATTRIBUTES is not supported for global secondary "
                            "index {} because its projection type is not ALL",
                            index.name));
        }
        target.fetch = true;
    }
    if (request.projection) {
        const std::string lacking = not_projected(target, request.projection->attribute_names());
        if (!lacking.empty() && index.global) {
            return errors::invalid_parameter(
                fmt::format("Global secondary index {} does not project {}", index.name, lacking));
        }
        target.fetch = !lacking.empty();
    }
    return target;
}

Result<store::Key> start_row(const ReadTarget& target, const item::Item& key) {
    const Table& table = *target.table;
    const Result<ItemKey> item_key =
        key_of_request(table, target.index ? extract_key(table.keys, key) : key);
    if (!item_key) return errors::starting_key_invalid(item_key.error().message);
    if (!target.index) return store::Key{target.space(), item_key->partition, item_key->sort};
    const std::optional<IndexKey> index_key = make_index_key(table, *target.index, key, *item_key);
    if (!index_key || extract_index_key(table, *target.index, key) != key)
        return errors::starting_key_invalid(errors::key_mismatch().message);
    return store::Key{index_key->space, index_key->partition, index_key->sort};
}

bool PageReader::take(std::string_view row) {
    const std::optional<item::ItemView> item = item::read_stored(row);
    MR_ASSERT(item.has_value());
    bytes_ += item::item_size(*item);
    scanned_ += 1;
    if (!request_.filter || expression::evaluate(*request_.filter, *item)) {
        count_ += 1;
        if (target_.fetch) {
            items_.push_back(item::Item(*item));
            scanned_at_.push_back(scanned_);
        } else if (!count_only_) {
            items_.push_back(shown(*item));
        }
    }
    full_ = bytes_ >= kPageBytesMax || (limit_ && scanned_ >= *limit_);
    if (full_) last_key_ = key_of(*item);
    return !full_;
}

double PageReader::fetch(store::Txn& txn, bool consistent) {
    const KeyAttributes& keys = target_.table->keys;
    double units = 0;
    size_t bytes = 0;
    for (size_t i = 0; i < items_.size(); ++i) {
        const item::Item entry = std::move(items_[i]);
        const StoredItem stored = read_item(
            txn, make_item_key(*target_.table, entry.find(keys.hash.name),
                               keys.sort ? entry.find(keys.sort->name) : item::ValueView()));
        // An entry without its item: the item was deleted meanwhile, and this runs again.
        if (!stored.exists()) continue;
        items_[i] = shown(stored.view());
        const size_t size = item::item_size(stored.view());
        units += read_units(size, consistent);
        bytes += size;
        if (bytes < kPageBytesMax || i + 1 == items_.size()) continue;
        full_ = true;
        last_key_ = key_of(entry);
        scanned_ = scanned_at_[i];
        items_.resize(i + 1);
        count_ = static_cast<int32_t>(items_.size());
    }
    return units;
}

}  // namespace millrace::dynamodb
