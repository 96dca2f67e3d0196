// KeyFile: the access keys of a JSON file, for a server without IAM of its own:
// [{"AccessKeyId": "...", "SecretAccessKey": "...", "Policy": {...}}, ...]. A key without a policy
// may do everything. Thread-safety: immutable once made.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "contracts/credentials.h"
#include "core/result.h"

namespace millrace::app {

class KeyFile final : public contracts::CredentialSource {
public:
    static constexpr size_t kKeysMax = 10'000;
    // The error is one line that names the entry.
    static Result<KeyFile> parse(std::string_view json, const std::string& account);
    // test/test, which may do everything.
    static KeyFile development(const std::string& account);

    std::shared_ptr<const contracts::Credential> find(std::string_view access_key_id) override;

private:
    void add(std::string id, std::string secret, contracts::Caller caller);
    std::map<std::string, std::shared_ptr<const contracts::Credential>, std::less<>> keys_;
};

}  // namespace millrace::app
