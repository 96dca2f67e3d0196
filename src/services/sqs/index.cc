#include "services/sqs/index.h"

#include <algorithm>

#include "core/check.h"

namespace millrace::sqs {

Sequence QueueIndex::next_sequence(Sequence at_least) {
    const MutexLock lock(mutex_);
    last_sequence_ = std::max(last_sequence_ + 1, at_least);
    return last_sequence_;
}

uint32_t QueueIndex::group_of(std::string_view name) {
    const auto [it, created] = group_ids_.try_emplace(std::string(name), next_group_);
    if (created) groups_[next_group_++].name = name;
    return it->second;
}

// The head of a group is offered to receivers while nothing of the group is in flight.
void QueueIndex::update_head(uint32_t group_id) {
    if (const auto old = head_of_.find(group_id); old != head_of_.end()) {
        heads_.erase({old->second, group_id});
        head_of_.erase(old);
    }
    const auto group = groups_.find(group_id);
    if (group == groups_.end() || group->second.blocking > 0 || group->second.visible.empty())
        return;
    const Sequence head = *group->second.visible.begin();
    if (!group->second.delayed.empty() && *group->second.delayed.begin() < head) return;
    heads_.emplace(head, group_id);
    head_of_[group_id] = head;
}

bool QueueIndex::blocks(const Entry& entry) const {
    return entry.state == State::kReserved ||
           (entry.state == State::kHidden && entry.receive_count > 0);
}

void QueueIndex::make_visible(Sequence sequence, Entry& entry) {
    entry.state = State::kVisible;
    visible_count_ += 1;
    if (!fifo_) {
        visible_.insert(sequence);
        return;
    }
    groups_[entry.group].visible.insert(sequence);
    update_head(entry.group);
}

// Reserved, or hidden until its visible_at_ms.
void QueueIndex::make_unavailable(Sequence sequence, Entry& entry, State state) {
    entry.state = state;
    if (state == State::kHidden) hidden_.emplace(entry.visible_at_ms, sequence);
    if (!blocks(entry)) {
        if (fifo_) {
            groups_[entry.group].delayed.insert(sequence);
            update_head(entry.group);
        }
        return;
    }
    in_flight_ += 1;
    if (fifo_) {
        groups_[entry.group].blocking += 1;
        update_head(entry.group);
    }
}

// Out of whatever set its state put it into.
void QueueIndex::take_out(Sequence sequence, Entry& entry) {
    if (entry.state == State::kVisible) {
        visible_count_ -= 1;
        if (!fifo_) {
            visible_.erase(sequence);
        } else {
            groups_[entry.group].visible.erase(sequence);
            update_head(entry.group);
        }
        return;
    }
    if (entry.state == State::kHidden) hidden_.erase({entry.visible_at_ms, sequence});
    if (!blocks(entry)) {
        if (fifo_) {
            groups_[entry.group].delayed.erase(sequence);
            update_head(entry.group);
        }
        return;
    }
    in_flight_ -= 1;
    if (fifo_) {
        groups_[entry.group].blocking -= 1;
        update_head(entry.group);
    }
}

void QueueIndex::promote(int64_t now_ms) {
    while (!hidden_.empty() && hidden_.begin()->first <= now_ms) {
        const Sequence sequence = hidden_.begin()->second;
        Entry& entry = entries_.at(sequence);
        take_out(sequence, entry);
        make_visible(sequence, entry);
    }
}

void QueueIndex::insert(Sequence sequence, std::string_view group, int64_t visible_at_ms,
                        int64_t now_ms, uint32_t receive_count, uint32_t nonce) {
    const MutexLock lock(mutex_);
    last_sequence_ = std::max(last_sequence_, sequence);
    const auto [it, created] = entries_.try_emplace(sequence);
    MR_ASSERT(created);
    Entry& entry = it->second;
    entry.visible_at_ms = visible_at_ms;
    entry.receive_count = receive_count;
    entry.nonce = nonce;
    if (fifo_) {
        entry.group = group_of(group);
        groups_[entry.group].messages += 1;
    }
    if (visible_at_ms > now_ms) {
        make_unavailable(sequence, entry, State::kHidden);
    } else {
        make_visible(sequence, entry);
    }
}

std::vector<QueueIndex::Picked> QueueIndex::reserve(int count, int64_t now_ms) {
    const MutexLock lock(mutex_);
    promote(now_ms);
    std::vector<Sequence> chosen;
    const auto wanted = static_cast<size_t>(count);
    if (!fifo_) {
        for (auto it = visible_.begin(); it != visible_.end() && chosen.size() < wanted; ++it)
            chosen.push_back(*it);
    } else {
        for (auto head = heads_.begin(); head != heads_.end() && chosen.size() < wanted; ++head) {
            const Group& group = groups_.at(head->second);
            for (const Sequence sequence : group.visible) {
                if (chosen.size() == wanted) break;
                if (!group.delayed.empty() && sequence > *group.delayed.begin()) break;
                chosen.push_back(sequence);
            }
        }
    }
    std::vector<Picked> picked;
    picked.reserve(chosen.size());
    for (const Sequence sequence : chosen) {
        Entry& entry = entries_.at(sequence);
        take_out(sequence, entry);
        make_unavailable(sequence, entry, State::kReserved);
        picked.push_back({sequence, entry.receive_count});
    }
    return picked;
}

void QueueIndex::give_back(Sequence sequence, int64_t now_ms) {
    const MutexLock lock(mutex_);
    const auto found = entries_.find(sequence);
    if (found == entries_.end() || found->second.state != State::kReserved) return;
    take_out(sequence, found->second);
    if (found->second.visible_at_ms > now_ms) {
        make_unavailable(sequence, found->second, State::kHidden);
    } else {
        make_visible(sequence, found->second);
    }
}

void QueueIndex::settle(Sequence sequence, int64_t visible_at_ms, int64_t now_ms,
                        uint32_t receive_count, uint32_t nonce) {
    const MutexLock lock(mutex_);
    const auto found = entries_.find(sequence);
    if (found == entries_.end()) return;
    Entry& entry = found->second;
    take_out(sequence, entry);
    entry.visible_at_ms = visible_at_ms;
    entry.receive_count = receive_count;
    entry.nonce = nonce;
    if (visible_at_ms > now_ms) {
        make_unavailable(sequence, entry, State::kHidden);
    } else {
        make_visible(sequence, entry);
    }
}

void QueueIndex::erase(Sequence sequence) {
    const MutexLock lock(mutex_);
    const auto found = entries_.find(sequence);
    if (found == entries_.end()) return;
    const uint32_t group_id = found->second.group;
    take_out(sequence, found->second);
    entries_.erase(found);
    if (!fifo_) return;
    forget_if_empty(group_id);
}

void QueueIndex::forget_if_empty(uint32_t group_id) {
    const auto group = groups_.find(group_id);
    if (--group->second.messages > 0) return;
    group_ids_.erase(group->second.name);
    groups_.erase(group);
}

void QueueIndex::erase_through(Sequence last) {
    const MutexLock lock(mutex_);
    for (auto it = entries_.begin(); it != entries_.end() && it->first <= last;) {
        const uint32_t group_id = it->second.group;
        take_out(it->first, it->second);
        it = entries_.erase(it);
        if (fifo_) forget_if_empty(group_id);
    }
}

void QueueIndex::redelay(Sequence since, int64_t delay_ms, int64_t now_ms) {
    const MutexLock lock(mutex_);
    for (auto it = entries_.lower_bound(since); it != entries_.end(); ++it) {
        Entry& entry = it->second;
        if (entry.receive_count > 0 || entry.state == State::kReserved) continue;
        take_out(it->first, entry);
        entry.visible_at_ms = delay_ms > 0 ? static_cast<int64_t>(it->first / 1000) + delay_ms : 0;
        if (entry.visible_at_ms > now_ms) {
            make_unavailable(it->first, entry, State::kHidden);
        } else {
            make_visible(it->first, entry);
        }
    }
}

std::optional<QueueIndex::Facts> QueueIndex::find(Sequence sequence, int64_t now_ms) {
    const MutexLock lock(mutex_);
    promote(now_ms);
    const auto found = entries_.find(sequence);
    if (found == entries_.end()) return std::nullopt;
    const Entry& entry = found->second;
    return Facts{entry.receive_count, entry.nonce,
                 entry.state == State::kHidden && entry.receive_count > 0};
}

std::optional<int64_t> QueueIndex::next_visible_ms(int64_t now_ms) {
    const MutexLock lock(mutex_);
    promote(now_ms);
    if (hidden_.empty()) return std::nullopt;
    return hidden_.begin()->first;
}

QueueIndex::Counts QueueIndex::counts(int64_t now_ms) {
    const MutexLock lock(mutex_);
    promote(now_ms);
    const auto all = static_cast<int64_t>(entries_.size());
    return {visible_count_, in_flight_, all - visible_count_ - in_flight_};
}

std::vector<Sequence> QueueIndex::first_through(Sequence last, size_t count) const {
    const MutexLock lock(mutex_);
    std::vector<Sequence> sequences;
    for (auto it = entries_.begin();
         it != entries_.end() && it->first <= last && sequences.size() < count; ++it) {
        sequences.push_back(it->first);
    }
    return sequences;
}

Sequence QueueIndex::last_sequence() const {
    const MutexLock lock(mutex_);
    return last_sequence_;
}

std::optional<Sequence> QueueIndex::oldest() const {
    const MutexLock lock(mutex_);
    if (entries_.empty()) return std::nullopt;
    return entries_.begin()->first;
}

}  // namespace millrace::sqs
