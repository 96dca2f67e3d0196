#include "services/dynamodb/backup/import_records.h"

#include <algorithm>

#include "codec/base64.h"
#include "codec/utf8.h"
#include "item/json.h"
#include "services/dynamodb/errors.h"

namespace millrace::dynamodb {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

void skip_blanks(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
}
bool skip(std::string_view& text, std::string_view token) {
    skip_blanks(text);
    if (!text.starts_with(token)) return false;
    text.remove_prefix(token.size());
    return true;
}

}  // namespace

// A quote opens a field only at its beginning; behind one that closed it the two are an escape.
bool RecordSplitter::opens_quotes(size_t at) const {
    return at == begin_ || buffer_[at - 1] == *delimiter_ || buffer_[at - 1] == '"';
}

std::optional<RecordSplitter::Record> RecordSplitter::next(bool at_end) {
    for (; seen_ < buffer_.size(); ++seen_) {
        const char c = buffer_[seen_];
        if (delimiter_ && c == '"') in_quotes_ = !in_quotes_ && opens_quotes(seen_);
        if (c != '\n' || in_quotes_) continue;
        Record record{buffer_.substr(begin_, seen_ - begin_), too_long_};
        if (record.text.ends_with('\r')) record.text.pop_back();
        begin_ = ++seen_;
        too_long_ = false;
        return record;
    }
    if (buffer_.size() - begin_ > kRecordBytesMax) {
        too_long_ = true;
        begin_ = buffer_.size();
    }
    buffer_.erase(0, begin_);
    seen_ -= begin_;
    begin_ = 0;
    if (!at_end || (buffer_.empty() && !too_long_)) return std::nullopt;
    Record record{std::move(buffer_), too_long_};
    buffer_.clear();
    seen_ = 0;
    too_long_ = false;
    return record;
}

std::optional<item::Item> item_of_json(std::string_view line) {
    std::string_view text = line;
    if (!skip(text, "{") || !skip(text, "\"Item\"") || !skip(text, ":")) return std::nullopt;
    // The rest is the item's object and one closing brace; the parser refuses anything else.
    const size_t last = text.find_last_not_of(kBlanks);
    if (last == std::string_view::npos || text[last] != '}') return std::nullopt;
    auto item = item::parse_json_item(text.substr(0, last));
    if (!item || !item::check_valid(*item)) return std::nullopt;
    return *std::move(item);
}

std::optional<std::vector<std::string>> split_csv(std::string_view record, char delimiter) {
    std::vector<std::string> fields;
    for (size_t at = 0;;) {
        std::string& field = fields.emplace_back();
        if (at < record.size() && record[at] == '"') {
            for (++at;; ++at) {
                if (at >= record.size()) return std::nullopt;
                if (record[at] == '"') {
                    if (at + 1 >= record.size() || record[at + 1] != '"') break;
                    ++at;
                }
                field += record[at];
            }
            ++at;
            if (at < record.size() && record[at] != delimiter) return std::nullopt;
        } else {
            const size_t end = std::min(record.find(delimiter, at), record.size());
            field = record.substr(at, end - at);
            if (field.find('"') != std::string::npos) return std::nullopt;
            at = end;
        }
        if (at >= record.size()) return fields;
        ++at;
    }
}

std::optional<item::Item> item_of_csv(const Table& table, const std::vector<std::string>& headers,
                                      const std::vector<std::string>& fields) {
    if (fields.size() != headers.size()) return std::nullopt;
    item::ItemBuilder builder;
    for (size_t i = 0; i < headers.size(); ++i) {
        if (headers[i].empty() || !codec::is_valid_utf8(headers[i])) return std::nullopt;
        const auto definition =
            std::find_if(table.definitions.begin(), table.definitions.end(),
                         [&](const KeyAttribute& entry) { return entry.name == headers[i]; });
        const item::Type type =
            definition == table.definitions.end() ? item::Type::kString : definition->type;
        if (type == item::Type::kNumber) {
            item::Number number;
            if (item::parse_number(fields[i], number) != item::NumberError::kNone)
                return std::nullopt;
            builder.set_number(headers[i], number);
        } else if (type == item::Type::kBinary) {
            const auto bytes = codec::base64_decode(fields[i]);
            if (!bytes) return std::nullopt;
            builder.set_binary(headers[i], *bytes);
        } else {
            if (!codec::is_valid_utf8(fields[i])) return std::nullopt;
            builder.set_string(headers[i], fields[i]);
        }
    }
    return builder.build();
}

}  // namespace millrace::dynamodb
