// Sequence numbers and shard iterators. Thread-safety: pure functions.
// A sequence number is the record's version as a decimal number of 21 digits and more: the commit,
// then six digits of the place in it, behind a leading 1 that keeps the length; so numbers order as
// records do. An iterator is authenticated, opaque, and good for 15 minutes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/time.h"
#include "store/store.h"

namespace millrace::streams {

std::string sequence_number(store::Version version);
// Nothing: no number that this server has given.
std::optional<store::Version> parse_sequence_number(std::string_view text);

struct Iterator {
    std::string stream_arn;
    std::string shard_id;
    store::Version after;
    int64_t made_ms = 0;
};
std::string make_iterator(const Iterator& iterator, std::string_view key);
std::optional<Iterator> parse_iterator(std::string_view text, std::string_view key);

}  // namespace millrace::streams
