// The errors of signature verification, worded as each family of services words them. Inside auth.
// Thread-safety: pure functions.
// Source: recorded answers of the services and the S3 API Reference, "Error responses".
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/sigv4.h"
#include "core/error.h"

namespace millrace::auth {

class SignatureErrors {
public:
    explicit SignatureErrors(ErrorFamily family, bool presigned)
        : family_(family), presigned_(presigned) {}

    Error missing_token() const;
    Error two_mechanisms() const;
    Error unsupported_algorithm(std::string_view algorithm, std::string_view authorization) const;
    // `parts`: names of what is absent, of Credential, SignedHeaders, Signature, date.
    Error incomplete(const std::vector<std::string_view>& parts,
                     std::string_view authorization) const;
    Error bad_credential(std::string_view credential) const;
    Error bad_date(std::string_view date) const;
    Error bad_terminator(std::string_view terminator) const;
    Error scope_date(std::string_view scope_date, std::string_view amz_date) const;
    Error wrong_region(std::string_view region, std::string_view expected) const;
    Error wrong_service(std::string_view service, std::string_view expected) const;
    Error unknown_key(std::string_view access_key_id) const;
    Error bad_session_token() const;
    Error expired_session_token() const;
    Error header_not_signed(std::string_view name) const;
    Error too_old(TimePoint signed_at, TimePoint now) const;
    Error too_new(TimePoint signed_at, TimePoint now) const;
    Error presign_expired(TimePoint expired_at, int64_t expires_seconds, TimePoint now) const;
    Error presign_not_yet_valid(TimePoint signed_at, TimePoint now) const;
    Error bad_expires(std::string_view text) const;
    Error missing_content_sha256() const;
    Error bad_content_sha256(std::string_view value) const;
    Error mismatch(std::string_view access_key_id, std::string_view provided,
                   std::string_view string_to_sign, std::string_view canonical_request) const;

private:
    bool s3() const { return family_ == ErrorFamily::kS3; }
    bool worded_as_query() const {
        return family_ == ErrorFamily::kQuery || family_ == ErrorFamily::kEc2;
    }
    // EC2 says no more about credentials that are not right, and about those that were once.
    Error ec2_failure() const;
    Error ec2_expired() const;
    // InvalidSignatureException or SignatureDoesNotMatch: everything about date and scope.
    Error invalid_signature(std::string message) const;
    Error incomplete_signature(std::string message) const;
    // S3's errors about the form of what was sent.
    Error s3_malformed(std::string_view detail) const;

    ErrorFamily family_;
    bool presigned_;
};

}  // namespace millrace::auth
