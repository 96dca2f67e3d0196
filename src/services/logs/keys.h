// Keys and rows of Logs. Layout: docs/formats/logs.md. Thread-safety: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "codec/digest.h"
#include "codec/hex.h"
#include "services/logs/service.h"
#include "store/key.h"

namespace millrace::logs {

inline std::string groups_partition(std::string_view account, std::string_view region) {
    return "groups/" + std::string(account) + "/" + std::string(region);
}
inline store::Key group_key(const GroupName& name) {
    return {store::Space::kLogGroups, groups_partition(name.account, name.region), name.group};
}
inline std::string group_digest(const GroupName& name) {
    return codec::sha256(name.account + "/" + name.region + "/" + name.group).substr(0, 16);
}
inline std::string streams_partition(const GroupName& name) {
    return "streams/" + group_digest(name);
}
inline store::Key stream_key(const GroupName& name, std::string_view stream) {
    return {store::Space::kLogGroups, streams_partition(name), std::string(stream)};
}
inline std::string events_partition(const GroupName& name) {
    return "events/" + group_digest(name);
}
inline std::string group_arn(const GroupName& name) {
    return "arn:aws:logs:" + name.region + ":" + name.account + ":log-group:" + name.group;
}

}  // namespace millrace::logs
