#include "services/s3/website/website_server.h"

#include <fmt/format.h>

#include <optional>

#include "codec/url.h"
#include "codec/xml_writer.h"
#include "services/s3/access.h"
#include "services/s3/conditions.h"
#include "services/s3/errors.h"
#include "services/s3/objects.h"
#include "services/s3/website/cors.h"

namespace millrace::s3 {
namespace {

std::string_view reason(int status) {
    switch (status) {
        case 301:
            return "Moved Permanently";
        case 302:
            return "Found";
        case 400:
            return "Bad Request";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 412:
            return "Precondition Failed";
        case 416:
            return "Requested Range Not Satisfiable";
        default:
            return "Internal Server Error";
    }
}

std::string escaped(std::string_view text) {
    std::string out;
    codec::append_xml_text(out, text);
    return out;
}

HttpResponse error_page(const contracts::OpContext& context, const Error& error) {
    HttpResponse response;
    response.status = error.http_status;
    response.add_header("x-amz-error-code", error.code);
    response.add_header("x-amz-error-message", error.message);
    response.add_header("x-amz-request-id", context.request().request_id);
    response.add_header("Content-Type", "text/html; charset=utf-8");
    const std::string title = fmt::format("{} {}", error.http_status, reason(error.http_status));
    std::string page = fmt::format(
        "<html>\n<head><title>{0}</title></head>\n<body>\n<h1>{0}</h1>\n<ul>\n<li>Code: {1}</li>\n"
        "<li>Message: {2}</li>\n",
        title, escaped(error.code), escaped(error.message));
    for (const auto& [name, value] : error.fields)
        page += fmt::format("<li>{}: {}</li>\n", escaped(name), escaped(value));
    page +=
        fmt::format("<li>RequestId: {}</li>\n<li>HostId: {}</li>\n</ul>\n<hr/>\n</body>\n</html>\n",
                    context.request().request_id, context.request().request_id);
    response.body.bytes = std::move(page);
    return response;
}

HttpResponse redirect(const contracts::OpContext& context, int status, std::string location) {
    HttpResponse response;
    response.status = status;
    response.add_header("Location", std::move(location));
    response.add_header("x-amz-request-id", context.request().request_id);
    return response;
}

// One request to one bucket.
class Page {
public:
    Page(S3Service& service, contracts::OpContext& context, const Bucket& bucket,
         const HttpRequest& request)
        : service_(service),
          context_(context),
          bucket_(bucket),
          website_(*bucket.website),
          request_(request),
          objects_(context, bucket) {}

    HttpResponse answer() {
        const std::string key =
            codec::url_decode(request_.path.empty() ? request_.path : request_.path.substr(1));
        if (website_.redirect_all_host) {
            return redirect(context_, 301,
                            website_.redirect_all_protocol.value_or(protocol()) + "://" +
                                *website_.redirect_all_host + std::string(request_.path));
        }
        if (const WebsiteRule* rule = matching_rule(key, 0)) return follow(*rule, key);
        const std::string index = website_.index_suffix.value_or("index.html");
        if (key.empty() || key.ends_with('/')) {
            return object(key + index, key, objects_.current(key + index));
        }
        const std::optional<ObjectRow> row = objects_.current(key);
        if (!row) {
            // A folder without its slash, when there is a page in it.
            const std::string page = key + "/" + index;
            if (const auto inside = objects_.current(page); inside && readable(page, &*inside)) {
                return redirect(context_, 302, "/" + codec::url_encode_path(key) + "/");
            }
        }
        return object(key, key, row);
    }

private:
    std::string protocol() const { return request_.secure ? "https" : "http"; }

    bool readable(const std::string& key, const ObjectRow* row) {
        contracts::AuthzRequest request = make_request(context_, bucket_, "s3:GetObject", &key);
        if (row != nullptr && bucket_.policy_uses_object_tags) {
            add_tag_conditions(request, "s3:existingobjecttag", row->tags);
        }
        return is_allowed(service_, context_, request);
    }

    // `error_status` 0: rules that need no error.
    const WebsiteRule* matching_rule(std::string_view key, int error_status) const {
        for (const WebsiteRule& rule : website_.rules) {
            if (rule.key_prefix && !key.starts_with(*rule.key_prefix)) continue;
            if (rule.http_error_code
                    ? error_status == 0 || *rule.http_error_code != std::to_string(error_status)
                    : error_status != 0) {
                continue;
            }
            return &rule;
        }
        return nullptr;
    }

    HttpResponse follow(const WebsiteRule& rule, const std::string& key) {
        std::string target = key;
        if (rule.replace_key_with) {
            target = *rule.replace_key_with;
        } else if (rule.replace_key_prefix_with) {
            target =
                *rule.replace_key_prefix_with + key.substr(rule.key_prefix.value_or("").size());
        }
        const std::string host = rule.host_name.value_or(std::string(request_.header("host")));
        return redirect(context_, std::stoi(rule.http_redirect_code.value_or("301")),
                        rule.protocol.value_or(protocol()) + "://" + host + "/" +
                            codec::url_encode_path(target));
    }

    // `asked`: the key before an index document was added; what rules look at.
    HttpResponse object(const std::string& key, const std::string& asked,
                        const std::optional<ObjectRow>& row) {
        if (!readable(key, row ? &*row : nullptr)) return error(errors::access_denied(), asked);
        if (!row) {
            const bool listable = may_list(service_, context_, bucket_, key);
            return error(listable ? errors::no_such_key(key) : errors::access_denied(), asked);
        }
        if (!row->headers.website_redirect.empty())
            return redirect(context_, 301, row->headers.website_redirect);
        return content(*row, 200);
    }

    HttpResponse error(const Error& error, const std::string& asked) {
        if (const WebsiteRule* rule = matching_rule(asked, error.http_status))
            return follow(*rule, asked);
        if (website_.error_key) {
            const std::optional<ObjectRow> row = objects_.current(*website_.error_key);
            if (row && readable(*website_.error_key, &*row)) {
                HttpResponse response = content(*row, error.http_status);
                response.add_header("x-amz-error-code", error.code);
                response.add_header("x-amz-error-message", error.message);
                return response;
            }
        }
        return error_page(context_, error);
    }

    HttpResponse content(const ObjectRow& row, int status) {
        HttpResponse response;
        response.status = status;
        response.add_header("x-amz-request-id", context_.request().request_id);
        response.add_header("ETag", '"' + row.etag + '"');
        response.add_header("Last-Modified", format_http_date(row.modified));
        const auto add = [&](const char* name, const std::string& value) {
            if (!value.empty()) response.add_header(name, value);
        };
        add("Cache-Control", row.headers.cache_control);
        ByteRange range{0, row.size};
        if (status == 200) {
            Preconditions conditions;
            if (request_.has_header("if-match"))
                conditions.if_match = std::string(request_.header("if-match"));
            if (request_.has_header("if-none-match"))
                conditions.if_none_match = std::string(request_.header("if-none-match"));
            conditions.if_modified_since = parse_http_date(request_.header("if-modified-since"));
            conditions.if_unmodified_since =
                parse_http_date(request_.header("if-unmodified-since"));
            if (const auto checked = check_read(conditions, row.etag, row.modified, context_.now());
                !checked) {
                if (checked.error().http_status != 304)
                    return error_page(context_, checked.error());
                response.status = 304;
                return response;
            }
            switch (parse_range(request_.header("range"), row.size, range)) {
                case RangeKind::kWhole:
                    break;
                case RangeKind::kPartial:
                    response.status = 206;
                    response.add_header("Content-Range", content_range(range, row.size));
                    break;
                case RangeKind::kUnsatisfiable:
                    return error_page(context_,
                                      errors::invalid_range(request_.header("range"), row.size));
            }
        }
        response.add_header("Accept-Ranges", "bytes");
        add("Content-Type", row.headers.content_type);
        add("Content-Disposition", row.headers.content_disposition);
        add("Content-Encoding", row.headers.content_encoding);
        add("Content-Language", row.headers.content_language);
        add("Expires", row.headers.expires);
        for (const auto& [name, value] : row.metadata)
            response.add_header("x-amz-meta-" + name, value);
        response.body = objects_.load_body(row, range.offset, range.length);
        return response;
    }

    S3Service& service_;
    contracts::OpContext& context_;
    const Bucket& bucket_;
    const Website& website_;
    const HttpRequest& request_;
    Objects objects_;
};

}  // namespace

HttpResponse WebsiteServer::serve(contracts::OpContext& context, std::string_view name,
                                  const HttpRequest& request) {
    if (request.method != "GET" && request.method != "HEAD") {
        return error_page(context, errors::method_not_allowed(request.method, "OBJECT"));
    }
    const BucketRef bucket = service_.find_bucket(context.txn(), name);
    if (!bucket) return error_page(context, errors::no_such_bucket(name));
    if (!bucket->website) return error_page(context, errors::no_such_website(name));
    HttpResponse response = Page(service_, context, *bucket, request).answer();
    add_cors_headers(context, name, request, response);
    return response;
}

namespace {

// Browsers ask the API endpoint, whose errors are XML.
HttpResponse refused_preflight(const contracts::OpContext& context, const Error& error,
                               std::string_view method) {
    HttpResponse response;
    response.status = error.http_status;
    response.add_header("Content-Type", "application/xml");
    response.add_header("x-amz-request-id", context.request().request_id);
    codec::XmlWriter xml(response.body.bytes);
    xml.declaration();
    xml.open("Error");
    xml.element("Code", error.code);
    xml.element("Message", error.message);
    if (error.http_status == 403) {
        xml.element("Method", method);
        xml.element("ResourceType", std::string_view("BUCKET"));
    }
    xml.element("RequestId", context.request().request_id);
    xml.element("HostId", context.request().request_id);
    xml.close("Error");
    return response;
}

}  // namespace

HttpResponse WebsiteServer::preflight(contracts::OpContext& context, std::string_view name,
                                      const HttpRequest& request) {
    const std::string_view origin = request.header("origin");
    const std::string_view method = request.header("access-control-request-method");
    if (origin.empty()) {
        return refused_preflight(
            context, errors::bad_request("Insufficient information. Origin request header needed."),
            method);
    }
    if (method.empty()) {
        return refused_preflight(
            context, errors::bad_request("Invalid Access-Control-Request-Method: null"), method);
    }
    // Path style: the bucket is the path's first segment.
    std::string_view first = request.path.empty() ? request.path : request.path.substr(1);
    first = first.substr(0, first.find('/'));
    const BucketRef bucket = service_.find_bucket(context.txn(), name.empty() ? first : name);
    if (!bucket) {
        return refused_preflight(context, errors::cors_forbidden("CORSResponse: Bucket not found"),
                                 method);
    }
    if (bucket->cors.empty()) {
        return refused_preflight(
            context, errors::cors_forbidden("CORSResponse: CORS is not enabled for this bucket."),
            method);
    }
    const std::string_view headers = request.header("access-control-request-headers");
    const CorsRule* rule = find_cors_rule(bucket->cors, origin, method, headers);
    if (rule == nullptr) {
        return refused_preflight(
            context,
            errors::cors_forbidden(
                "CORSResponse: This CORS request is not allowed. This is usually because the "
                "evalution of Origin, request method / Access-Control-Request-Method or "
                "Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."),
            method);
    }
    HttpResponse response;
    response.status = 200;
    response.add_header("x-amz-request-id", context.request().request_id);
    add_preflight_headers(*rule, origin, headers, response);
    return response;
}

void WebsiteServer::add_cors_headers(contracts::OpContext& context, std::string_view name,
                                     const HttpRequest& request, HttpResponse& response) {
    const std::string_view origin = request.header("origin");
    if (origin.empty()) return;
    const BucketRef bucket = service_.find_bucket(context.txn(), name);
    if (!bucket) return;
    const CorsRule* rule = find_cors_rule(bucket->cors, origin, request.method, {});
    if (rule != nullptr) add_actual_headers(*rule, origin, response);
}

}  // namespace millrace::s3
