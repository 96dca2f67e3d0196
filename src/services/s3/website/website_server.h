// WebsiteServer: a bucket's static website: index documents, error documents, redirects. Anonymous:
// an object is served only when policy and Block Public Access let everybody read it.
// Thread-safety: safe from any thread. Source: S3 User Guide, "Hosting a static website".
#pragma once

#include <string>
#include <string_view>

#include "contracts/website.h"
#include "services/s3/service.h"

namespace millrace::s3 {

class WebsiteServer final : public contracts::WebsiteServer {
public:
    explicit WebsiteServer(S3Service& service) : service_(service) {}
    HttpResponse serve(contracts::OpContext& context, std::string_view bucket,
                       const HttpRequest& request) override;
    HttpResponse preflight(contracts::OpContext& context, std::string_view bucket,
                           const HttpRequest& request) override;
    void add_cors_headers(contracts::OpContext& context, std::string_view bucket,
                          const HttpRequest& request, HttpResponse& response) override;

private:
    S3Service& service_;
};

}  // namespace millrace::s3
