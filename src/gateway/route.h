// route: what a request is for, from its head alone. Pure, table-driven, fuzzed: no body, no store,
// no clock. Requests of the Query protocol name their operation in the body: route_form goes on.
// Thread-safety: pure functions. Ownership: a Route's views point into the request.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "codec/url.h"
#include "core/http.h"
#include "gateway/service_table.h"
#include "model/descriptor.h"

namespace millrace::gateway {

enum class RouteKind : uint8_t {
    kJson,             // service and operation name are known (the operation may not exist)
    kForm,             // Query protocol: read the body (or the query), then route_form
    kRest,             // Lambda or S3: model::match_rest on `path`
    kWebsite,          // a bucket's website endpoint
    kPreflight,        // OPTIONS of a browser to anything but S3
    kBucketPreflight,  // OPTIONS to S3
    kHealth,
    kMetrics,
    kHealthy,  // GET / on a DynamoDB host name
};

struct Route {
    RouteKind kind = RouteKind::kRest;
    const Service* service = nullptr;  // null for kForm, kHealth, ...; may be null if we lack it
    model::Protocol protocol = model::Protocol::kRestXml;
    std::string_view operation;  // kJson: as asked for, may be empty
    std::string bucket;          // kWebsite; kRest of S3 when the host names it
    // kRest: the path to match, encoded; S3: always "/bucket/key".
    std::string path;
};

Route route(const ServiceTable& services, const HttpRequest& request);

// Service and operation of a Query request. A null service: nobody knows the action.
struct FormRoute {
    const Service* service = nullptr;
    std::string_view action;  // into the form; empty: there is none
};
FormRoute route_form(const ServiceTable& services, const HttpRequest& request,
                     const codec::FormPairs& form);

// Exposed for tests. Which bucket a host name names; an empty bucket: none.
struct HostRoute {
    std::string bucket;
    bool website = false;
};
HostRoute route_host(std::string_view host_header);
// "/2015-03-31/functions/..." and the like.
bool is_lambda_path(std::string_view path);

}  // namespace millrace::gateway
