// FunctionRunner: runs one event in an isolated environment of a function. Implemented by sandbox
// (processes, pools, Runtime API); used by services/lambda, which knows functions, roles and
// limits. Thread-safety: safe from any thread; callbacks run on the runner's threads and must be
// short.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "contracts/credentials.h"
#include "core/time.h"

namespace millrace::contracts {

// One published or $LATEST state of a function; immutable. A new configuration or code is a new
// spec with a new `revision`, for which new environments are started and the old ones retired.
struct FunctionSpec {
    std::string account_id;
    std::string region;
    std::string name;
    std::string arn;       // unqualified
    std::string version;   // "$LATEST" or a number
    std::string revision;  // equal specs of one function share environments
    std::string runtime;   // "python3.12", "provided.al2023", ...
    std::string handler;
    std::string role_arn;
    std::string code_blob_id;  // a zip
    std::string code_sha256;
    int memory_mb = 128;
    int timeout_seconds = 3;
    int ephemeral_storage_mb = 512;
    std::map<std::string, std::string> environment;
    std::string log_group;
};

struct Invocation {
    std::string request_id;
    std::string payload;         // JSON
    std::string invoked_arn;     // as the caller named it, with qualifier
    std::string client_context;  // raw JSON or empty
    std::string trace_id;
    bool want_log_tail = false;
};

struct InvocationResult {
    enum class Kind : uint8_t {
        kOk,             // payload is the handler's answer
        kFunctionError,  // payload is {"errorMessage":...}; the handler raised, exited or timed out
        kThrottled,    // no room for another environment; `payload` is the Reason that clients see,
                       // or empty
        kStartFailed,  // the environment could not be made (bad zip, role); `payload` says why
    };
    Kind kind = Kind::kOk;
    std::string payload;
    std::string log_tail;  // the last 4 KB of output with START/END/REPORT, if asked for
    std::string log_stream;
};

class FunctionRunner {
public:
    virtual ~FunctionRunner() = default;
    // `credentials` is called on a runner thread whenever an environment needs the role's
    // credentials.
    virtual void run(std::shared_ptr<const FunctionSpec> spec, Invocation invocation,
                     std::function<void(InvocationResult)> done) = 0;
    // Ends idle environments of other revisions of the function (or all, when `revision` is empty).
    virtual void retire(std::string_view function_arn, std::string_view version,
                        std::string_view revision) = 0;
};

// Makes the credentials that an environment gets; the sandbox asks again when they run out.
using CredentialProvider = std::function<Result<Credential>(const FunctionSpec&)>;

}  // namespace millrace::contracts
