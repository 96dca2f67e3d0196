// Checks what a client sends with authorizeConnection. Thread-safety: pure function; the source of
// credentials is safe from any thread.
#pragma once

#include <memory>

#include "contracts/credentials.h"
#include "core/result.h"
#include "core/time.h"
#include "dax/wire/requests.h"

namespace millrace::dax {

// Good for longer than clients believe (5 minutes), so that none is refused while it renews.
inline constexpr Duration kAuthorizedFor = std::chrono::minutes(6);
inline constexpr Duration kClockSkewMax = std::chrono::minutes(15);

// UnrecognizedClientException, InvalidSignatureException, ExpiredTokenException.
Result<std::shared_ptr<const contracts::Credential>> authorize(
    const AuthorizeRequest& request, contracts::CredentialSource& credentials, TimePoint now);

}  // namespace millrace::dax
