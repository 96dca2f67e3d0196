// The methods of the protocol's only service, and how a connection begins.
// Thread-safety: constants.
#pragma once

#include <cstdint>
#include <string_view>

namespace millrace::dax {

inline constexpr int64_t kServiceId = 1;
inline constexpr std::string_view kMagic = "J7yne5G";
// Magic, layering, session, headers, client mode.
inline constexpr size_t kHandshakeItems = 5;

// Does the client want every answer in frames?
enum class Layering : uint8_t { kRaw = 0, kFramed = 1 };
// Frame: its length with this header (4 bytes, big-endian), flags (1: the message's last), 3 zeros.
inline constexpr size_t kFrameHeaderBytes = 8;
inline constexpr uint8_t kLastFrame = 1;

enum class Method : int64_t {
    kAuthorizeConnection = 1489122155,
    kEndpoints = 455855874,
    kDefineKeySchema = -742646399,
    kDefineAttributeListId = -1230579644,
    kDefineAttributeList = 670678385,
    kGetItem = 263244906,
    kPutItem = -2106490455,
    kUpdateItem = 1425579023,
    kDeleteItem = 1013539361,
    kQuery = -931250863,
    kScan = -1875390620,
    kBatchGetItem = -697851100,
    kBatchWriteItem = 116217951,
    kTransactGetItems = 1866287579,
    kTransactWriteItems = -1160037738,
};

struct MethodInfo {
    Method method;
    std::string_view name;  // as in "dax:GetItem", for those that need a right
    size_t arguments;
};
inline constexpr MethodInfo kMethods[] = {
    {Method::kAuthorizeConnection, "", 5},
    {Method::kEndpoints, "", 0},
    {Method::kDefineKeySchema, "", 1},
    {Method::kDefineAttributeListId, "", 1},
    {Method::kDefineAttributeList, "", 1},
    {Method::kGetItem, "GetItem", 3},
    {Method::kPutItem, "PutItem", 4},
    {Method::kUpdateItem, "UpdateItem", 3},
    {Method::kDeleteItem, "DeleteItem", 3},
    {Method::kQuery, "Query", 3},
    {Method::kScan, "Scan", 2},
    {Method::kBatchGetItem, "BatchGetItem", 2},
    {Method::kBatchWriteItem, "BatchWriteItem", 2},
    {Method::kTransactGetItems, "GetItem", 4},
    {Method::kTransactWriteItems, "", 9},
};
// Those that change items: they go to the node that leads.
inline bool is_write(Method method) {
    return method == Method::kPutItem || method == Method::kUpdateItem ||
           method == Method::kDeleteItem || method == Method::kBatchWriteItem ||
           method == Method::kTransactWriteItems;
}
// Null: there is no such method.
inline const MethodInfo* find_method(int64_t id) {
    for (const MethodInfo& info : kMethods) {
        if (static_cast<int64_t>(info.method) == id) return &info;
    }
    return nullptr;
}

}  // namespace millrace::dax
