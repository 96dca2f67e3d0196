// Certificates: what a server shows over TLS when the operator gave no certificate: one signed by
// an authority of its own, which clients are told to trust. Thread-safety: used by the main thread
// only. Files in the folder: `ca.pem`, `ca-key.pem` (0600), `server.pem`, `server-key.pem` (0600).
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "net/tls.h"

namespace millrace::app {

// A certificate that ends before this is made anew. Clients refuse servers' certificates that are
// valid for more than 398 days.
inline constexpr Duration kCertificateLife = std::chrono::days(397);
inline constexpr Duration kCertificateRenewal = std::chrono::days(60);
inline constexpr Duration kAuthorityLife = std::chrono::days(3650);

struct Certificates {
    std::string authority;  // the file that clients trust
    net::TlsFiles server;
};

// Makes what is missing, too old, or not for all of `names` (host names and IP addresses). A new
// authority is made only when there is none or it ends before the server's certificate would.
Result<Certificates> keep_certificates(const std::string& folder,
                                       const std::vector<std::string>& names, TimePoint now);

}  // namespace millrace::app
