#include "store/optimistic_txn.h"

#include <algorithm>

#include "core/bytes.h"
#include "store/key_codec.h"

namespace millrace::store {
namespace {

int64_t decode_counter(const std::optional<std::string>& value) {
    return value ? static_cast<int64_t>(ByteReader(*value).u64()) : 0;
}

}  // namespace

OptimisticTxn::OptimisticTxn(TransactionalStore& store, bool alone)
    : store_(store), alone_(alone), begin_(store.last_committed_.load(std::memory_order_acquire)) {}

bool OptimisticTxn::has_writes() const {
    return !writes_.empty() || !erased_ranges_.empty() || !adds_.empty() || !appends_.empty();
}

void OptimisticTxn::run_abort_hooks() {
    for (const auto& hook : abort_hooks_) hook();
}

void OptimisticTxn::note_read(CommitTable::Slot slot) {
    read_slots_.push_back(slot);
    read_ticket_ = std::max(read_ticket_, store_.commits_.ticket(slot));
}

const std::optional<std::string>* OptimisticTxn::own_write(const std::string& key) const {
    static const std::optional<std::string> kErased;
    if (!writes_.empty()) {
        const auto found = writes_.find(key);
        if (found != writes_.end()) return &found->second;
    }
    for (const ErasedRange& range : erased_ranges_) {
        if (key >= range.from && key < range.to) return &kErased;
    }
    return nullptr;
}

void OptimisticTxn::lock(std::span<const KeyView> keys) {
    // A second time it could wait for itself, or for who waits for it.
    if (alone_ || !latches_.empty()) return;
    // Ascending and each once: no two transactions wait for each other.
    std::vector<size_t> numbers;
    numbers.reserve(keys.size());
    for (const KeyView& key : keys)
        numbers.push_back(store_.commits_.slot_of_key(encode_key(key)) % store_.latches_.size());
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    latches_.reserve(numbers.size());
    for (const size_t number : numbers) latches_.emplace_back(store_.latches_[number]);
    // Whoever was waited for has committed behind this transaction's beginning. What was read so
    // far is of the present, too, if nobody changed it.
    const Ticket now = store_.last_committed_.load(std::memory_order_acquire);
    if (store_.unchanged_since_begin(*this)) begin_ = now;
}

std::optional<std::string> OptimisticTxn::get(KeyView key) {
    const std::string encoded = encode_key(key);
    std::optional<std::string> value;
    if (const auto* own = own_write(encoded)) {
        value = *own;
    } else {
        std::string bytes;
        const EngineStatus status = store_.engine_->get(encoded, bytes);
        note_read(store_.commits_.slot_of_key(encoded));
        if (status == EngineStatus::kOk) value = std::move(bytes);
        if (status == EngineStatus::kIoError) failed_ = true;
    }
    for (const auto& [added_key, delta] : adds_) {
        if (added_key != encoded) continue;
        std::string sum;
        append_u64(sum, static_cast<uint64_t>(decode_counter(value) + delta));
        value = std::move(sum);
    }
    return value;
}

void OptimisticTxn::watch(KeyView key) { note_read(store_.commits_.slot_of_key(encode_key(key))); }

int64_t OptimisticTxn::peek(KeyView key) {
    const std::string encoded = encode_key(key);
    std::string bytes;
    const EngineStatus status = store_.engine_->get(encoded, bytes);
    if (status == EngineStatus::kIoError) failed_ = true;
    int64_t sum = status == EngineStatus::kOk ? decode_counter(bytes) : 0;
    for (const auto& [added_key, delta] : adds_) {
        if (added_key == encoded) sum += delta;
    }
    return sum;
}

std::vector<std::optional<std::string>> OptimisticTxn::get_many(std::span<const KeyView> keys) {
    std::vector<std::optional<std::string>> values;
    values.reserve(keys.size());
    for (const KeyView& key : keys) values.push_back(get(key));
    return values;
}

void OptimisticTxn::scan(const ScanRange& range, const RowVisitor& visit) {
    const std::string prefix = encode_key({range.space, range.partition, {}});
    const std::string from = prefix + std::string(range.from);
    const std::string to = range.to.empty() ? partition_end(range.space, range.partition)
                                            : prefix + std::string(range.to);
    if (from >= to) return;

    // Own writes in the range, in the scan's direction, are merged into the engine's rows.
    std::vector<std::pair<std::string_view, const std::optional<std::string>*>> own;
    for (auto it = writes_.lower_bound(from); it != writes_.end() && it->first < to; ++it) {
        own.emplace_back(it->first, &it->second);
    }
    if (range.descending) std::reverse(own.begin(), own.end());
    auto next_own = own.begin();
    bool stopped = false;
    const auto show = [&](std::string_view key, std::string_view value) {
        if (!visit(key.substr(prefix.size()), value)) stopped = true;
        return !stopped;
    };
    const auto before = [&](std::string_view a, std::string_view b) {
        return range.descending ? a > b : a < b;
    };

    const EngineStatus status = store_.engine_->scan(
        from, to, range.descending, [&](std::string_view key, std::string_view value) {
            while (next_own != own.end() && before(next_own->first, key)) {
                const auto [own_key, own_value] = *next_own++;
                if (*own_value && !show(own_key, **own_value)) return false;
            }
            if (next_own != own.end() && next_own->first == key) {
                const auto* own_value = next_own++->second;
                return *own_value ? show(key, **own_value) : true;
            }
            const bool erased =
                std::any_of(erased_ranges_.begin(), erased_ranges_.end(),
                            [&](const ErasedRange& r) { return key >= r.from && key < r.to; });
            return erased || show(key, value);
        });
    while (!stopped && next_own != own.end()) {
        const auto [own_key, own_value] = *next_own++;
        if (*own_value) show(own_key, **own_value);
    }
    note_read(store_.commits_.slot_of_partition(range.space, range.partition));
    if (status == EngineStatus::kIoError) failed_ = true;
}

void OptimisticTxn::scan_space(Space space, std::string_view from_partition,
                               std::string_view from_sort, std::string_view to_partition,
                               const SpaceVisitor& visit) {
    const std::string from = encode_key({space, from_partition, from_sort});
    const std::string to = to_partition.empty()
                               ? std::string(1, static_cast<char>(static_cast<uint8_t>(space) + 1))
                               : encode_key({space, to_partition, {}});
    const EngineStatus status =
        store_.engine_->scan(from, to, false, [&](std::string_view key, std::string_view value) {
            const DecodedKey decoded = decode_key(key);
            return visit(decoded.partition, decoded.sort, value);
        });
    if (status == EngineStatus::kIoError) failed_ = true;
    // No slot says which rows were seen or missed: wait for all that was committed by now.
    read_ticket_ = std::max(read_ticket_, store_.last_committed_.load(std::memory_order_acquire));
}

bool OptimisticTxn::fits(KeyView key, size_t value_bytes) {
    const Limits limits = store_.limits();
    bytes_ += key.partition.size() + key.sort.size() + value_bytes;
    if (key.partition.size() > kPartitionBytesMax || key.sort.size() > kSortBytesMax ||
        value_bytes > limits.value_bytes_max || bytes_ > limits.txn_bytes_max) {
        too_large_ = true;
    }
    return !too_large_;
}

void OptimisticTxn::put(KeyView key, std::string_view value) {
    if (!fits(key, value.size())) return;
    std::string encoded = encode_key(key);
    write_slots_.push_back(store_.commits_.slot_of_key(encoded));
    write_slots_.push_back(store_.commits_.slot_of_partition(key.space, key.partition));
    std::erase_if(adds_, [&](const auto& add) { return add.first == encoded; });
    writes_.insert_or_assign(std::move(encoded), std::string(value));
}

void OptimisticTxn::erase(KeyView key) {
    if (!fits(key, 0)) return;
    std::string encoded = encode_key(key);
    write_slots_.push_back(store_.commits_.slot_of_key(encoded));
    write_slots_.push_back(store_.commits_.slot_of_partition(key.space, key.partition));
    std::erase_if(adds_, [&](const auto& add) { return add.first == encoded; });
    writes_.insert_or_assign(std::move(encoded), std::nullopt);
}

void OptimisticTxn::erase_range(Space space, std::string_view partition, std::string_view from,
                                std::string_view to) {
    const std::string prefix = encode_key({space, partition, {}});
    ErasedRange range{space, std::string(partition), prefix + std::string(from),
                      to.empty() ? partition_end(space, partition) : prefix + std::string(to)};
    if (range.from >= range.to) return;
    writes_.erase(writes_.lower_bound(range.from), writes_.lower_bound(range.to));
    write_slots_.push_back(store_.commits_.slot_of_partition(space, partition));
    if (space == Space::kLog) {  // read only by version ranges: no key of it has a slot
        erased_ranges_.push_back(std::move(range));
        return;
    }
    // Single-key reads of erased rows must see the erasure's ticket too.
    const EngineStatus status = store_.engine_->scan(
        range.from, range.to, false, [&](std::string_view key, std::string_view) {
            write_slots_.push_back(store_.commits_.slot_of_key(key));
            return true;
        });
    if (status == EngineStatus::kIoError) failed_ = true;
    note_read(store_.commits_.slot_of_partition(space, partition));
    erased_ranges_.push_back(std::move(range));
}

void OptimisticTxn::add(KeyView key, int64_t delta) {
    if (!fits(key, 8)) return;
    std::string encoded = encode_key(key);
    if (const auto own = writes_.find(encoded); own != writes_.end()) {
        std::string sum;
        append_u64(sum, static_cast<uint64_t>(decode_counter(own->second) + delta));
        own->second = std::move(sum);
        return;
    }
    write_slots_.push_back(store_.commits_.slot_of_key(encoded));
    write_slots_.push_back(store_.commits_.slot_of_partition(key.space, key.partition));
    adds_.emplace_back(std::move(encoded), delta);
}

void OptimisticTxn::append(const LogId& log, std::string_view bytes) {
    if (!fits({Space::kLog, log.id, {}}, bytes.size())) return;
    write_slots_.push_back(store_.commits_.slot_of_partition(Space::kLog, log.id));
    appends_.emplace_back(log, std::string(bytes));
}

}  // namespace millrace::store
