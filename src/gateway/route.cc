#include "gateway/route.h"

#include <algorithm>
#include <array>
#include <optional>

#include "auth/sigv4.h"

namespace millrace::gateway {
namespace {

// The domains that we are reached by, besides plain addresses. Longer suffixes first.
constexpr std::array<std::string_view, 2> kLocalDomains = {".localhost.localstack.cloud",
                                                           ".localhost"};
constexpr std::string_view kAwsDomain = ".amazonaws.com";
// Endpoint host names of services, "sqs.localhost": not buckets.
constexpr std::array<std::string_view, 13> kServiceHosts = {
    "s3",  "sqs", "queue", "dynamodb", "streams",    "lambda", "iam",
    "sts", "ec2", "logs",  "dax",      "s3-website", "website"};

std::string lower_host(std::string_view header) {
    std::string_view host = header;
    if (host.starts_with('[')) return {};  // an IPv6 address
    host = host.substr(0, host.rfind(':'));
    std::string lower(host);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    if (lower.ends_with('.')) lower.pop_back();
    return lower;
}

bool is_service_host(std::string_view label) {
    return std::find(kServiceHosts.begin(), kServiceHosts.end(), label) != kServiceHosts.end();
}

bool looks_like_region(std::string_view text) {
    // "us-east-1", "ap-southeast-2", "us-gov-west-1"
    return text.size() >= 9 && text.size() <= 20 && text.find('.') == std::string_view::npos &&
           std::count(text.begin(), text.end(), '-') >= 2 && text.back() >= '0' &&
           text.back() <= '9';
}

// `name` without `suffix`, if it ends in it and something is left.
std::optional<std::string_view> before(std::string_view name, std::string_view suffix) {
    if (name.size() <= suffix.size() || !name.ends_with(suffix)) return std::nullopt;
    return name.substr(0, name.size() - suffix.size());
}

bool bucket_in(std::string_view name, HostRoute& out) {
    // <bucket>.s3-website, <bucket>.s3-website-<region>, <bucket>.s3-website.<region>,
    // and the same with s3: the last or the last two labels tell.
    const auto take = [&](std::string_view bucket, bool website) {
        out.bucket = bucket;
        out.website = website;
        return true;
    };
    std::string_view rest = name;
    const size_t last_dot = name.rfind('.');
    const std::string_view last =
        last_dot == std::string_view::npos ? name : name.substr(last_dot + 1);
    if (looks_like_region(last) && !last.starts_with("s3-")) {
        if (last_dot == std::string_view::npos) return false;
        rest = name.substr(0, last_dot);
    }
    if (rest.ends_with(".dualstack")) rest = rest.substr(0, rest.rfind('.'));
    if (const auto bucket = before(rest, ".s3-website")) return take(*bucket, true);
    if (const auto bucket = before(rest, ".s3")) return take(*bucket, false);
    if (rest != name || last_dot == std::string_view::npos) return false;
    constexpr std::string_view kWebsiteDash = "s3-website-";
    constexpr std::string_view kDash = "s3-";
    const std::string_view bucket = name.substr(0, last_dot);
    if (last.starts_with(kWebsiteDash) && looks_like_region(last.substr(kWebsiteDash.size()))) {
        return take(bucket, true);
    }
    if (last.starts_with(kDash) && looks_like_region(last.substr(kDash.size()))) {
        return take(bucket, false);
    }
    return false;
}

bool has_form_body(const HttpRequest& request) {
    const std::string_view type = request.header("content-type");
    constexpr std::string_view kForm = "application/x-www-form-urlencoded";
    return type.size() >= kForm.size() && equals_ignore_case(type.substr(0, kForm.size()), kForm);
}

bool query_names_action(std::string_view query) {
    return query.starts_with("Action=") || query.find("&Action=") != std::string_view::npos;
}

// "/123456789012/name": what a queue's URL looks like.
bool is_queue_path(std::string_view path) {
    return path.size() > 14 && path[0] == '/' && path[13] == '/' &&
           std::all_of(path.begin() + 1, path.begin() + 13,
                       [](char c) { return c >= '0' && c <= '9'; }) &&
           path.find('/', 14) == std::string_view::npos;
}

Route rest_s3(const ServiceTable& services, const HttpRequest& request, const HostRoute& host) {
    Route result;
    result.kind = RouteKind::kRest;
    result.protocol = model::Protocol::kRestXml;
    result.service = services.by_name("s3");
    result.bucket = host.bucket;
    if (host.bucket.empty()) {
        result.path = request.path;
    } else {
        result.path = "/" + host.bucket;
        if (request.path != "/") result.path += request.path;
    }
    return result;
}

Route route_json(const Service* service, std::string_view operation) {
    Route result;
    result.kind = RouteKind::kJson;
    result.protocol = model::Protocol::kAwsJson;
    result.service = service;
    result.operation = operation;
    return result;
}

}  // namespace

HostRoute route_host(std::string_view host_header) {
    HostRoute out;
    const std::string host = lower_host(host_header);
    if (host.empty()) return out;
    const std::string_view name = host;
    if (const auto rest = before(name, kAwsDomain)) {
        bucket_in(*rest, out);
        return out;
    }
    for (const std::string_view domain : kLocalDomains) {
        const auto rest = before(name, domain);
        if (!rest) continue;
        if (bucket_in(*rest, out)) return out;
        // <bucket>.localhost; "sqs.localhost" and "sqs.us-east-1.localhost" are endpoints.
        const std::string_view first = rest->substr(0, rest->find('.'));
        const std::string_view tail =
            first.size() == rest->size() ? std::string_view() : rest->substr(first.size() + 1);
        if (is_service_host(first) && (tail.empty() || looks_like_region(tail))) return out;
        if (domain != ".localhost") return out;
        if (is_service_host(tail) || looks_like_region(*rest)) return out;
        out.bucket = *rest;
        return out;
    }
    return out;
}

bool is_lambda_path(std::string_view path) {
    // "/2015-03-31/x": a date as the first segment, and one behind it.
    if (path.size() < 13 || path[0] != '/' || path[11] != '/') return false;
    for (size_t i = 1; i <= 10; ++i) {
        const bool dash = i == 5 || i == 8;
        if (dash ? path[i] != '-' : path[i] < '0' || path[i] > '9') return false;
    }
    constexpr std::array<std::string_view, 7> kFirst = {"functions",
                                                        "event-source-mappings",
                                                        "layers",
                                                        "tags",
                                                        "account-settings",
                                                        "code-signing-configs",
                                                        "capacity-providers"};
    std::string_view second = path.substr(12);
    second = second.substr(0, second.find('/'));
    return std::find(kFirst.begin(), kFirst.end(), second) != kFirst.end();
}

Route route(const ServiceTable& services, const HttpRequest& request) {
    Route result;
    // 1. The hot path: AWS JSON says it in one header.
    const std::string_view target = request.header("x-amz-target");
    if (!target.empty()) {
        const size_t dot = target.find('.');
        const Service* service = services.by_target_prefix(target.substr(0, dot));
        if (service != nullptr) return route_json(service, target.substr(dot + 1));
    }

    if (request.path == "/_millrace/health" || request.path == "/_localstack/health") {
        result.kind = RouteKind::kHealth;
        return result;
    }
    if (request.path == "/_millrace/metrics") {
        result.kind = RouteKind::kMetrics;
        return result;
    }

    // 2. Host names of buckets.
    const std::string_view host_header = request.header("host");
    const HostRoute host = route_host(host_header);
    if (host.website) {
        result.kind = RouteKind::kWebsite;
        result.service = services.by_name("s3");
        result.bucket = host.bucket;
        return result;
    }

    const std::optional<auth::ClaimedScope> scope = auth::claimed_scope(request);
    const std::string_view signed_for = scope ? scope->service : std::string_view();
    const bool options = request.method == "OPTIONS";
    if (options) {
        const std::string_view asked = request.header("access-control-request-headers");
        const bool json = asked.find("x-amz-target") != std::string_view::npos ||
                          asked.find("X-Amz-Target") != std::string_view::npos;
        const bool no_bucket = host.bucket.empty() && request.path == "/";
        if (json || no_bucket || is_lambda_path(request.path)) {
            result.kind = RouteKind::kPreflight;
            return result;
        }
        result = rest_s3(services, request, host);
        result.kind = RouteKind::kBucketPreflight;
        return result;
    }
    if (signed_for == "s3" || (!host.bucket.empty() && signed_for.empty())) {
        return rest_s3(services, request, host);
    }

    // 3. What the signature says, else what the request looks like.
    if (!target.empty() && !scope) {
        // An unknown target, unsigned: worded like DynamoDB, which every JSON client understands.
        return route_json(services.by_name("dynamodb"), target.substr(target.find('.') + 1));
    }
    if (const Service* service = services.by_signing_name(signed_for); service != nullptr) {
        switch (service->kind) {
            case ServiceKind::kJson:
                if (service->entry.model->query_compatible && target.empty()) {
                    result.kind = RouteKind::kForm;
                    result.protocol = model::Protocol::kQuery;
                    return result;
                }
                return route_json(service,
                                  target.substr(std::min(target.size(), target.find('.') + 1)));
            case ServiceKind::kQuery:
                result.kind = RouteKind::kForm;
                result.protocol = model::Protocol::kQuery;
                return result;
            case ServiceKind::kRestJson:
                result.kind = RouteKind::kRest;
                result.protocol = model::Protocol::kRestJson;
                result.service = service;
                result.path = request.path;
                return result;
            case ServiceKind::kS3:
                return rest_s3(services, request, host);
        }
    }
    const bool no_key_path = request.path == "/" || is_queue_path(request.path);
    if (no_key_path && (query_names_action(request.query) ||
                        (request.method == "POST" && has_form_body(request)))) {
        result.kind = RouteKind::kForm;
        result.protocol = model::Protocol::kQuery;
        return result;
    }
    if (is_lambda_path(request.path)) {
        result.kind = RouteKind::kRest;
        result.protocol = model::Protocol::kRestJson;
        result.service = services.by_name("lambda");
        result.path = request.path;
        return result;
    }
    if (request.path == "/" && request.method == "GET" && host_header.starts_with("dynamodb.")) {
        result.kind = RouteKind::kHealthy;
        return result;
    }
    return rest_s3(services, request, host);
}

FormRoute route_form(const ServiceTable& services, const HttpRequest& request,
                     const codec::FormPairs& form) {
    FormRoute result;
    std::string_view version;
    for (const auto& [name, value] : form) {
        if (name == "Action") result.action = value;
        if (name == "Version") version = value;
    }
    if (const auto scope = auth::claimed_scope(request)) {
        const Service* service = services.by_signing_name(scope->service);
        if (service != nullptr &&
            (service->kind == ServiceKind::kQuery || service->entry.model->query_compatible)) {
            result.service = service;
            return result;
        }
    }
    result.service = services.by_api_version(version);
    if (result.service != nullptr) return result;
    // Old clients leave the version out, and others send one of the older API versions.
    for (const auto& service : services.all()) {
        const model::ServiceDescriptor& model = *service->entry.model;
        if (model.protocol != model::Protocol::kQuery && !model.query_compatible) continue;
        if (model::is_known_operation(model, result.action)) {
            result.service = service.get();
            return result;
        }
    }
    return result;
}

}  // namespace millrace::gateway
