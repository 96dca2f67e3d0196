// The facts of a request that conditions of policies look at. Thread-safety: pure function.
#pragma once

#include "contracts/authorization.h"
#include "contracts/operation.h"

namespace millrace::contracts {

// Views into the request.
inline RequestFacts facts_of(const RequestInfo& info, TimePoint now) {
    RequestFacts facts;
    if (const HttpRequest* http = info.http) {
        facts.source_ip = http->source_ip;
        facts.secure = http->secure;
        facts.user_agent = http->header("user-agent");
        facts.referer = http->header("referer");
    }
    facts.region = info.region;
    facts.now = now;
    return facts;
}

}  // namespace millrace::contracts
