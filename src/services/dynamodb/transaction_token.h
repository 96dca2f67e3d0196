// The row that remembers a ClientRequestToken of TransactWriteItems for ten minutes.
// Space::kTransactionTokens: partition "<account>/<region>", sort the token.
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/check.h"

namespace millrace::dynamodb {

inline constexpr int64_t kTransactionTokenMs = 10 * 60 * 1000;
inline constexpr uint8_t kTransactionTokenFormat = 1;

struct TransactionToken {
    int64_t expires_ms = 0;
    std::string_view request_digest;  // SHA-256; points into the row
};

inline std::string encode_token(const TransactionToken& token) {
    std::string row;
    append_u8(row, kTransactionTokenFormat);
    append_u64(row, static_cast<uint64_t>(token.expires_ms));
    append_bytes(row, token.request_digest);
    return row;
}
inline TransactionToken decode_token(std::string_view row) {
    ByteReader reader(row);
    MR_ASSERT(reader.u8() == kTransactionTokenFormat);
    TransactionToken token;
    token.expires_ms = static_cast<int64_t>(reader.u64());
    token.request_digest = reader.bytes();
    MR_ASSERT(reader.ok());
    return token;
}
inline int64_t token_expires_ms(std::string_view row) { return decode_token(row).expires_ms; }

}  // namespace millrace::dynamodb
