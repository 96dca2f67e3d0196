// Records of imported files: cutting text into records, and making items of them.
// Thread-safety: plain values; a RecordSplitter is confined to one thread.
// Source: Amazon DynamoDB Developer Guide, "DynamoDB import formats"; CSV: RFC 4180.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/dynamodb/backup/records.h"
#include "services/dynamodb/table.h"

namespace millrace::dynamodb {

// A longer record is an error, and is not kept in memory.
inline constexpr size_t kRecordBytesMax = 4 << 20;

// Cuts text that comes in pieces at line ends; in CSV not at those within quotes.
class RecordSplitter {
public:
    // `delimiter`: of CSV.
    explicit RecordSplitter(std::optional<char> delimiter) : delimiter_(delimiter) {}
    void add(std::string_view text) { buffer_.append(text); }
    struct Record {
        std::string text;  // without the line end
        bool too_long = false;
    };
    // Nothing: more text is needed. `at_end`: there is no more, what is left is a record.
    std::optional<Record> next(bool at_end);

private:
    bool opens_quotes(size_t at) const;

    std::optional<char> delimiter_;
    bool in_quotes_ = false;
    bool too_long_ = false;
    std::string buffer_;
    size_t begin_ = 0;  // of the record that is being cut
    size_t seen_ = 0;   // bytes of the buffer that were looked at
};

// {"Item":{...}}; nothing: it is no such line or the item is invalid.
std::optional<item::Item> item_of_json(std::string_view line);

// The fields of a CSV record; nothing: its quotes are wrong.
std::optional<std::vector<std::string>> split_csv(std::string_view record, char delimiter);
// Key attributes have the type of their definition, all others are strings.
std::optional<item::Item> item_of_csv(const Table& table, const std::vector<std::string>& headers,
                                      const std::vector<std::string>& fields);

}  // namespace millrace::dynamodb
