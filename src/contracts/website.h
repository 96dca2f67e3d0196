// WebsiteServer: what browsers ask of a bucket beside the S3 API: its static website and its CORS
// rules. Implemented by services/s3, called by the gateway inside a transaction.
// Thread-safety: safe from any thread; one call per request.
#pragma once

#include <string_view>

#include "contracts/operation.h"
#include "core/http.h"

namespace millrace::contracts {

class WebsiteServer {
public:
    virtual ~WebsiteServer() = default;
    // The answer of the bucket's website endpoint to GET or HEAD (others: 405), errors included.
    // The caller is anonymous; whether it may read is the implementation's to check. May run again
    // after a conflict. The body may be a blob slice; for HEAD it is not sent.
    virtual HttpResponse serve(OpContext& context, std::string_view bucket,
                               const HttpRequest& request) = 0;
    // The answer to OPTIONS on the bucket or a key of it.
    virtual HttpResponse preflight(OpContext& context, std::string_view bucket,
                                   const HttpRequest& request) = 0;
    // Adds Access-Control-* headers to an API answer for a request with an Origin header, when a
    // rule of the bucket allows it.
    virtual void add_cors_headers(OpContext& context, std::string_view bucket,
                                  const HttpRequest& request, HttpResponse& response) = 0;
};

}  // namespace millrace::contracts
