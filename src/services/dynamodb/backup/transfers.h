// What the operations on exports and imports share. Thread-safety: as the operation's transaction.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "codec/hex.h"
#include "services/dynamodb/backup/backups.h"

namespace millrace::dynamodb {

// Source: the pattern of ImportNextToken in the service's model.
inline constexpr size_t kTokenBytesMin = 56;
inline constexpr size_t kTokenBytesStep = 8;

// The last ARN of a page, as the hexadecimal digits that the model asks for.
inline std::string page_token(std::string arn) {
    while (arn.size() < kTokenBytesMin || arn.size() % kTokenBytesStep != 0) arn += '\0';
    return codec::hex_encode(arn);
}
Result<std::string> read_page_token(const std::string& token);

// The transfer of the same token in the last 8 hours; a function of its row's decoder. `conflict`
// when that was another request.
template <class Entry>
Result<std::optional<Entry>> find_repeated(OpContext& context, RecordKind kind,
                                           const std::optional<std::string>& token,
                                           const std::string& digest,
                                           std::optional<Entry> (*decode)(std::string_view),
                                           const Error& conflict) {
    std::optional<Entry> found;
    if (!token) return found;
    const std::string from = fmt::format("{:014}", epoch_ms(context.now() - kClientTokenKept));
    const std::string partition = record_partition(context.account(), context.region(), kind);
    context.txn().scan({store::Space::kBackups, partition, from, ""},
                       [&](std::string_view, std::string_view row) {
                           auto entry = decode(row);
                           if (!entry || entry->token != *token) return true;
                           found = std::move(entry);
                           return false;
                       });
    if (found && found->request_digest != digest) return conflict;
    return found;
}

// A page of the account's transfers, of one table or all, in descending order of their ARNs.
// O(transfers of the account): they are kept for 90 days.
template <class Entry>
struct TransferPage {
    std::vector<std::pair<std::string, Entry>> entries;  // by ARN
    std::optional<std::string> next_token;
};
template <class Entry>
Result<TransferPage<Entry>> list_transfers(OpContext& context, RecordKind kind,
                                           const std::optional<std::string>& table_arn,
                                           const std::optional<std::string>& token, size_t limit,
                                           std::optional<Entry> (*decode)(std::string_view)) {
    std::string before;
    if (token) {
        MR_TRY(before, read_page_token(*token));
    }
    std::optional<TableAddress> table;
    if (table_arn) {
        table = parse_table_address(*table_arn, context.account(), context.region());
        if (!table) return errors::validation("Invalid TableArn: " + *table_arn);
    }
    TransferPage<Entry> page;
    const std::string partition = record_partition(context.account(), context.region(), kind);
    context.txn().scan({store::Space::kBackups, partition, "", ""},
                       [&](std::string_view, std::string_view row) {
                           auto entry = decode(row);
                           if (!entry || (table && entry->table.name != table->name)) return true;
                           std::string arn = record_arn(entry->table, kind, entry->id);
                           if (before.empty() || arn < before)
                               page.entries.emplace_back(std::move(arn), std::move(*entry));
                           return true;
                       });
    std::sort(page.entries.begin(), page.entries.end(),
              [](const auto& a, const auto& b) { return a.first > b.first; });
    if (page.entries.size() > limit) {
        page.entries.resize(limit);
        page.next_token = page_token(page.entries.back().first);
    }
    return page;
}

}  // namespace millrace::dynamodb
