#include "gateway/gateway.h"

#include <zlib.h>

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>

#include "codec/url.h"
#include "core/log.h"
#include "gateway/errors.h"
#include "gateway/gzip.h"
#include "gateway/s3_body.h"
#include "model/json_protocol.h"
#include "model/protocol.h"
#include "model/query_protocol.h"
#include "model/rest_protocol.h"

namespace millrace::gateway {
namespace {

// Of a request that is held in memory as a whole.
constexpr uint64_t kRpcBodyBytesMax = 16 << 20;
// CreateFunction with a zip of 50 MB in base64.
constexpr uint64_t kLambdaBodyBytesMax = 70'167'211;
// Configurations and lists of S3, in XML.
constexpr uint64_t kS3DocumentBytesMax = 4 << 20;
// Smaller answers are not worth compressing.
constexpr size_t kGzipBytesMin = 1024;
// A request that waits looks again at least this often; keeps far deadlines within the timer's
// range.
constexpr std::chrono::hours kParkedMaxTime{24};

// Only tools on this machine read the metrics: they name every operation in use.
bool is_loopback(std::string_view ip) {
    return ip.starts_with("127.") || ip == "::1" || ip.starts_with("::ffff:127.");
}

// Older SQS clients send the action to the queue's URL and leave QueueUrl out.
void add_queue_url(const Request& request, const HttpRequest& http, codec::FormPairs& form) {
    if (!request.service->entry.model->query_compatible || http.path.size() < 2) return;
    for (const auto& pair : form) {
        if (pair.first == "QueueUrl") return;
    }
    form.emplace_back("QueueUrl", request.info.endpoint_url + codec::url_decode(http.path));
}

// JSON services answer browsers of every origin: the signature is what protects them.
void allow_origin(const HttpRequest& http, HttpResponse& response) {
    if (!http.has_header("origin")) return;
    response.add_header("Access-Control-Allow-Origin", "*");
    response.add_header("Access-Control-Expose-Headers",
                        "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-query-error,x-amz-crc32,Date");
}

std::vector<Metrics::Label> metric_labels(const ServiceTable& services,
                                          std::vector<size_t>& first_slot) {
    std::vector<Metrics::Label> labels;
    for (const auto& service : services.all()) {
        first_slot.push_back(labels.size());
        for (const contracts::Operation& operation : service->entry.operations) {
            labels.push_back({std::string(service->name()), std::string(operation.traits.name)});
        }
    }
    labels.push_back({"s3", "Website"});
    return labels;
}

HttpResponse text_response(int status, std::string_view type, std::string body) {
    HttpResponse response;
    response.status = status;
    response.add_header("Content-Type", std::string(type));
    response.body.bytes = std::move(body);
    return response;
}

const std::shared_ptr<const contracts::Caller>& anonymous() {
    static const auto kAnonymous = std::make_shared<const contracts::Caller>();
    return kAnonymous;
}

class BlobBodyReader final : public net::BodyReader {
public:
    explicit BlobBodyReader(std::unique_ptr<store::BlobReader> blob) : blob_(std::move(blob)) {}
    Result<size_t> read_at(uint64_t offset, std::span<char> out) override {
        return blob_->read_at(offset, out);
    }

private:
    std::unique_ptr<store::BlobReader> blob_;
};

}  // namespace

Gateway::Gateway(GatewayParts parts, std::vector<contracts::ServiceEntry> services)
    : parts_(std::move(parts)),
      services_(std::move(services)),
      metrics_(metric_labels(services_, first_slot_)) {}

Result<std::unique_ptr<net::BodyReader>> Gateway::open_body(const Body& body) {
    MR_TRY(std::unique_ptr<store::BlobReader> blob, parts_.blobs.open(body.blob_id));
    return std::unique_ptr<net::BodyReader>(std::make_unique<BlobBodyReader>(std::move(blob)));
}

net::Task<HttpResponse> Gateway::handle(net::Exchange* exchange) {
    Route found = route(services_, exchange->request());
    switch (found.kind) {
        case RouteKind::kHealth: {
            const store::Health health = parts_.store.health();
            std::string services;
            for (const auto& service : services_.all()) {
                services += (services.empty() ? "\"" : ",\"") + std::string(service->name()) +
                            "\":\"running\"";
            }
            co_return text_response(health.writable ? 200 : 503, "application/json",
                                    "{\"services\":{" + services +
                                        "},\"edition\":\"millrace\",\"writable\":" +
                                        (health.writable ? "true" : "false") + "}");
        }
        case RouteKind::kMetrics:
            if (!is_loopback(exchange->request().source_ip)) {
                co_return text_response(403, "text/plain", "only from this machine");
            }
            co_return text_response(
                200, "text/plain; version=0.0.4",
                metrics_.text() + (parts_.more_metrics ? parts_.more_metrics() : ""));
        case RouteKind::kHealthy:
            co_return text_response(
                200, "text/plain",
                "healthy: dynamodb." + parts_.default_region + ".amazonaws.com ");
        case RouteKind::kPreflight: {
            HttpResponse response = text_response(200, "text/plain", "");
            const HttpRequest& http = exchange->request();
            response.add_header("Access-Control-Allow-Origin", "*");
            response.add_header("Access-Control-Allow-Methods", "POST, GET, PUT, DELETE, HEAD");
            response.add_header("Access-Control-Allow-Headers",
                                std::string(http.header("access-control-request-headers")));
            response.add_header("Access-Control-Max-Age", "172800");
            co_return response;
        }
        case RouteKind::kWebsite:
        case RouteKind::kBucketPreflight: {
            HttpResponse response = co_await handle_website(exchange, &found);
            co_return response;
        }
        case RouteKind::kRest:
            if (found.protocol == model::Protocol::kRestXml) {
                HttpResponse response = co_await handle_s3(exchange, &found);
                co_return response;
            }
            break;
        case RouteKind::kJson:
        case RouteKind::kForm:
            break;
    }
    HttpResponse response = co_await handle_rpc(exchange, &found);
    allow_origin(exchange->request(), response);
    co_return response;
}

Result<void> Gateway::authenticate(const HttpRequest& http, std::optional<std::string_view> body,
                                   Request& request, auth::Verified& verified) {
    request.info.http = &http;
    request.info.account_id = parts_.default_account;
    request.info.region = parts_.default_region;
    const std::string_view host = http.header("host");
    request.info.endpoint_url = (http.secure ? "https://" : "http://") + std::string(host);
    const bool s3 = request.protocol == model::Protocol::kRestXml;
    if (s3 && !auth::has_credentials(http)) {
        request.info.caller = anonymous();
        verified = anonymous_payload(http);
        return {};
    }
    auth::VerifyOptions options;
    options.service = request.service->entry.model->signing_name;
    options.family = request.service->family(request.protocol);
    options.now = parts_.clock.now();
    MR_TRY(verified, auth::verify(http, body, options, parts_.credentials));
    request.info.caller = verified.credential->caller;
    request.info.account_id = request.info.caller->account_id;
    request.info.region = verified.region;
    request.info.presigned = verified.presigned;
    return {};
}

void Gateway::name_request(Request& request) {
    if (request.service != nullptr && request.service->dynamodb_like) {
        request.info.request_id = parts_.rng.upper_alnum(52);
    } else if (request.protocol == model::Protocol::kRestXml) {
        request.info.request_id = parts_.rng.upper_alnum(16);
        request.host_id = parts_.rng.base64_chars(56);
    } else {
        request.info.request_id = parts_.rng.uuid();
    }
}

void Gateway::add_request_ids(const Request& request, HttpResponse& response) const {
    if (request.protocol == model::Protocol::kRestXml) {
        response.add_header("x-amz-request-id", request.info.request_id);
        response.add_header("x-amz-id-2", request.host_id);
        response.add_header("Server", "AmazonS3");
        return;
    }
    response.add_header("x-amzn-RequestId", request.info.request_id);
    if (request.service != nullptr && request.service->dynamodb_like && response.body.in_memory()) {
        const auto* bytes = reinterpret_cast<const unsigned char*>(response.body.bytes.data());
        const unsigned long crc = ::crc32_z(0, bytes, response.body.bytes.size());
        response.add_header("x-amz-crc32", std::to_string(crc));
    }
}

HttpResponse Gateway::error_response(const Request& request, const Error& error) {
    HttpResponse response;
    const model::AnswerFacts facts{request.info.request_id, request.host_id};
    static const model::ServiceDescriptor kNobody{};
    const model::ServiceDescriptor& model =
        request.service != nullptr ? *request.service->entry.model : kNobody;
    model::encode_error(request.protocol, model, error, facts, response);
    add_request_ids(request, response);
    return response;
}

HttpResponse Gateway::error_response(const Service* service, model::Protocol protocol,
                                     const Error& error) {
    Request request;
    request.service = service;
    request.protocol = protocol;
    name_request(request);
    return error_response(request, error);
}

// ---- AWS JSON, Query and REST-JSON: bodies in memory ----

net::Task<HttpResponse> Gateway::handle_rpc(net::Exchange* exchange, Route* found) {
    const HttpRequest& http = exchange->request();
    const bool lambda = found->protocol == model::Protocol::kRestJson;
    const uint64_t bytes_max = lambda ? kLambdaBodyBytesMax : kRpcBodyBytesMax;
    net::BodyStatus status = exchange->try_read_body(bytes_max);
    if (status == net::BodyStatus::kPending) status = co_await exchange->read_body(bytes_max);
    Request request;
    request.protocol = found->protocol;
    request.service = found->service;
    if (status != net::BodyStatus::kOk) {
        const Error error = status == net::BodyStatus::kTooLarge ? too_large_error(found->protocol)
                            : status == net::BodyStatus::kNoMemory
                                ? busy_error(found->service, found->protocol)
                                : malformed_body_error(found->service, found->protocol);
        co_return error_response(found->service, found->protocol, error);
    }
    std::string& body = exchange->body();

    codec::FormPairs form;
    std::string operation_name(found->operation);
    if (found->kind == RouteKind::kForm) {
        request.protocol = model::Protocol::kQuery;
        std::optional<codec::FormPairs> pairs =
            codec::parse_form(body.empty() ? http.query : std::string_view(body));
        if (!pairs) {
            const Error error = malformed_body_error(nullptr, request.protocol);
            co_return error_response(nullptr, request.protocol, error);
        }
        form = std::move(*pairs);
        const FormRoute form_route = route_form(services_, http, form);
        request.service = form_route.service;
        operation_name = form_route.action;
        if (request.service == nullptr) {
            const Error error = operation_name.empty() ? missing_action_error()
                                                       : invalid_action_error(operation_name);
            co_return error_response(nullptr, request.protocol, error);
        }
    }
    if (request.service == nullptr) {
        Error error = make_error("UnknownOperationException", 404, "");
        co_return error_response(nullptr, request.protocol, error);
    }
    name_request(request);
    auth::Verified verified;
    Result<void> authentic = authenticate(http, std::string_view(body), request, verified);
    if (!authentic) co_return error_response(request, authentic.error());

    if (equals_ignore_case(http.header("content-encoding"), "gzip")) {
        bool too_large = false;
        std::optional<std::string> plain = gunzip(body, bytes_max, too_large);
        if (!plain) {
            const Error error = too_large ? too_large_error(request.protocol)
                                          : malformed_body_error(request.service, request.protocol);
            co_return error_response(request, error);
        }
        body = std::move(*plain);
    }
    model::RestMatch match;
    if (lambda) {
        match = model::match_rest(*request.service->entry.model, http.method, found->path,
                                  http.query, http);
        operation_name = match.name;
    }
    request.operation = request.service->find(operation_name);
    if (request.operation == nullptr) {
        const Error error = request.service->entry.unknown_operation(operation_name);
        co_return error_response(request, error);
    }
    request.call = request.operation->make_call();
    Result<void> decoded;
    if (lambda) {
        Body payload;
        payload.bytes = std::move(body);
        decoded = model::decode_rest_request(match, http, payload, request.call->input());
    } else if (request.protocol == model::Protocol::kQuery) {
        add_queue_url(request, http, form);
        decoded =
            model::decode_query_request(*request.operation->model, form, request.call->input());
    } else {
        decoded =
            model::decode_json_request(*request.operation->model, body, request.call->input());
    }
    if (!decoded) co_return error_response(request, decoded.error());
    HttpResponse response = co_await answer(exchange, &request);
    co_return response;
}

net::Task<HttpResponse> Gateway::answer(net::Exchange* exchange, Request* request) {
    const auto start = std::chrono::steady_clock::now();
    std::string resume_token;
    HttpResponse response;
    for (;;) {
        Attempt run;
        if (request->operation->traits.cost == contracts::Cost::kPoint) {
            run = run_operation(*request, resume_token, parts_.store, parts_.authorizer,
                                parts_.clock, parts_.rng);
        } else {
            run = co_await attempt_on_pool(exchange, request, &resume_token);
        }
        if (run.result.status != store::CommitStatus::kOk) {
            const Error error = store_error(run.result.status, request->service, request->protocol);
            response = error_response(*request, error);
            break;
        }
        // Whoever is woken must find what was written.
        const bool waits_for_writes =
            (request->operation->traits.durable || !run.wakes.empty()) && !run.error;
        const store::Ticket ticket = waits_for_writes ? run.result.ticket : run.result.read_ticket;
        bool durable = parts_.store.is_durable(ticket);
        if (!durable) durable = co_await wait_durable(exchange, ticket);
        if (!durable) {
            const Error error = internal_error(request->service, request->protocol);
            response = error_response(*request, error);
            break;
        }
        for (const std::string& key : run.wakes) parts_.hub.signal(key);
        if (run.error) {
            response = error_response(*request, *run.error);
            break;
        }
        if (run.wait) {
            if (parked_.load(std::memory_order_relaxed) >= kParkedMax) {
                const Error error = busy_error(request->service, request->protocol);
                response = error_response(*request, error);
                break;
            }
            resume_token = run.wait->resume_token;
            const bool there = co_await park(exchange, &*run.wait);
            if (!there) co_return response;  // nobody reads it
            continue;
        }
        const model::AnswerFacts facts{request->info.request_id, request->host_id};
        model::encode_response(request->protocol, *request->operation->model,
                               request->call->mutable_output(), facts, response);
        for (auto& header : run.headers) response.headers.push_back(std::move(header));
        if (run.http_status != 0) response.status = run.http_status;
        const bool gzipped = response.body.in_memory() &&
                             response.body.bytes.size() >= kGzipBytesMin &&
                             request->protocol == model::Protocol::kAwsJson &&
                             accepts_gzip(exchange->request().header("accept-encoding"));
        if (gzipped) {
            response.body.bytes = gzip(response.body.bytes);
            response.add_header("Content-Encoding", "gzip");
        }
        add_request_ids(*request, response);
        break;
    }
    const size_t slot =
        first_slot_[request->service->index] +
        static_cast<size_t>(request->operation - request->service->entry.operations.data());
    metrics_.record(slot, response.status, std::chrono::steady_clock::now() - start);
    co_return response;
}

net::Task<Attempt> Gateway::attempt_on_pool(net::Exchange* exchange, Request* request,
                                            const std::string* resume_token) {
    Attempt result;
    net::Event done(exchange->inbox());
    const bool taken = parts_.pool.submit([&] {
        result = run_operation(*request, *resume_token, parts_.store, parts_.authorizer,
                               parts_.clock, parts_.rng);
        done.set();
    });
    if (!taken) {
        result.error = busy_error(request->service, request->protocol);
        co_return result;
    }
    co_await done.wait();
    co_return result;
}

net::Task<bool> Gateway::wait_durable(net::Exchange* exchange, store::Ticket ticket) {
    bool durable = false;
    net::Event done(exchange->inbox());
    parts_.store.when_durable(ticket, [&](bool ok) {
        durable = ok;
        done.set();
    });
    co_await done.wait();
    co_return durable;
}

net::Task<bool> Gateway::park(net::Exchange* exchange, const contracts::Wait* wait) {
    parked_.fetch_add(1, std::memory_order_relaxed);
    net::Event woken(exchange->inbox());
    // The timer's callback may still be queued when the wait is over: it looks at this first.
    const auto over = std::make_shared<bool>(false);
    bool gone = false;
    const contracts::WakeHub::WaiterId id =
        parts_.hub.wait(wait->key, wait->epoch, [&woken] { woken.set(); });
    // Whoever takes the waiter out of the hub wakes; if it is out already, the hub does.
    const auto end = [this, wait, id, &woken] {
        if (id != 0 && parts_.hub.cancel(wait->key, id)) woken.set_here();
    };
    boost::asio::steady_timer timer(exchange->io());
    timer.expires_after(std::min<Duration>(wait->deadline - parts_.clock.now(), kParkedMaxTime));
    timer.async_wait([over, end](const boost::system::error_code& error) {
        if (!error && !*over) end();
    });
    exchange->watch([&gone, end] {
        gone = true;
        end();
    });
    co_await woken.wait();
    *over = true;
    timer.cancel();
    exchange->unwatch();
    parked_.fetch_sub(1, std::memory_order_relaxed);
    co_return !gone;
}

// ---- S3: bodies may be large ----

net::Task<std::optional<Error>> Gateway::spool(net::Exchange* exchange, S3Body* sink) {
    for (;;) {
        const net::BodyPiece piece = co_await exchange->read_some(kInlineObjectBytesMax);
        if (piece.status != net::BodyStatus::kOk) co_return incomplete_body_error();
        Result<void> result;
        net::Event done(exchange->inbox());
        const bool last = piece.bytes.empty();
        const bool taken = parts_.pool.submit_continuation([&] {
            result = last ? sink->finish() : sink->feed(piece.bytes);
            done.set();
        });
        if (!taken) co_return busy_error(nullptr, model::Protocol::kRestXml);
        co_await done.wait();
        if (!result) co_return std::move(result.error());
        if (last) co_return std::nullopt;
    }
}

net::Task<HttpResponse> Gateway::handle_s3(net::Exchange* exchange, Route* found) {
    const HttpRequest& http = exchange->request();
    Request request;
    request.protocol = model::Protocol::kRestXml;
    request.service = found->service;
    name_request(request);
    auth::Verified verified;
    Result<void> authentic = authenticate(http, std::nullopt, request, verified);
    if (!authentic) co_return error_response(request, authentic.error());
    model::RestMatch match = model::match_rest(*request.service->entry.model, http.method,
                                               found->path, http.query, http);
    request.operation = match.name.empty() ? nullptr : request.service->find(match.name);
    if (request.operation == nullptr) {
        const Error error = request.service->entry.unknown_operation(match.name);
        co_return error_response(request, error);
    }
    const bool streaming = request.operation->model->input_streaming;
    const std::optional<uint64_t> length = announced_length(http);
    Body content;
    contracts::BodyFacts facts;
    if (exchange->has_body() || streaming) {
        if (streaming && !length && !exchange->chunked()) {
            const Error error = missing_length_error();
            co_return error_response(request, error);
        }
        const bool large = streaming && (!length || *length > kInlineObjectBytesMax);
        S3Body sink(http, verified, large ? &parts_.blobs : nullptr,
                    streaming ? kObjectBytesMax : kS3DocumentBytesMax);
        if (large) {
            // Who may not write is told so before gigabytes were taken.
            request.call = request.operation->make_call();
            Body none;
            Result<void> decoded =
                model::decode_rest_request(match, http, none, request.call->input());
            if (!decoded) co_return error_response(request, decoded.error());
            const std::optional<Error> refused =
                check_ahead(request, parts_.store, parts_.authorizer, parts_.clock, parts_.rng);
            if (refused) co_return error_response(request, *refused);
            const std::optional<Error> failed = co_await spool(exchange, &sink);
            if (failed) co_return error_response(request, *failed);
        } else {
            // The framing of aws-chunked comes on top of the content.
            const uint64_t bytes_max = streaming ? 4 * kInlineObjectBytesMax : kS3DocumentBytesMax;
            const net::BodyStatus status = co_await exchange->read_body(bytes_max);
            if (status != net::BodyStatus::kOk) {
                const Error error = status == net::BodyStatus::kTooLarge
                                        ? too_large_error(request.protocol)
                                    : status == net::BodyStatus::kNoMemory
                                        ? busy_error(request.service, request.protocol)
                                        : incomplete_body_error();
                co_return error_response(request, error);
            }
            Result<void> taken = sink.feed(exchange->body());
            if (taken) taken = sink.finish();
            if (!taken) co_return error_response(request, taken.error());
        }
        facts = sink.facts();
        content = sink.take_body();
        request.info.body = &facts;
    }
    const std::string blob_id = content.blob_id;
    request.call = request.operation->make_call();
    Result<void> decoded = model::decode_rest_request(match, http, content, request.call->input());
    if (!decoded) {
        if (!blob_id.empty()) parts_.blobs.remove(blob_id);
        co_return error_response(request, decoded.error());
    }
    HttpResponse response = co_await answer(exchange, &request);
    // Refused, so no row refers to the content. After a 5xx one may: that is left to the sweeper.
    if (!blob_id.empty() && response.status / 100 == 4) parts_.blobs.remove(blob_id);
    if (http.has_header("origin")) {
        const std::string bucket(match.label("Bucket"));
        parts_.store.run([&](store::Txn& txn) {
            contracts::OpContext context(txn, parts_.clock, parts_.rng, request.info);
            parts_.website.add_cors_headers(context, bucket, http, response);
            return store::TxnDecision::kRollback;
        });
    }
    co_return response;
}

net::Task<HttpResponse> Gateway::handle_website(net::Exchange* exchange, Route* found) {
    const auto start = std::chrono::steady_clock::now();
    const HttpRequest& http = exchange->request();
    Request request;
    request.protocol = model::Protocol::kRestXml;
    name_request(request);
    request.info.http = &http;
    request.info.account_id = parts_.default_account;
    request.info.region = parts_.default_region;
    request.info.endpoint_url =
        (http.secure ? "https://" : "http://") + std::string(http.header("host"));
    request.info.caller = anonymous();
    HttpResponse response;
    const store::RunResult run = parts_.store.run([&](store::Txn& txn) {
        contracts::OpContext context(txn, parts_.clock, parts_.rng, request.info);
        response = found->kind == RouteKind::kWebsite
                       ? parts_.website.serve(context, found->bucket, http)
                       : parts_.website.preflight(context, found->bucket, http);
        return store::TxnDecision::kCommit;
    });
    bool durable = run.status == store::CommitStatus::kOk && parts_.store.is_durable(run.ticket);
    if (!durable && run.status == store::CommitStatus::kOk)
        durable = co_await wait_durable(exchange, run.ticket);
    if (!durable) {
        const Error error = internal_error(nullptr, request.protocol);
        co_return error_response(request, error);
    }
    metrics_.record(first_slot_.empty()
                        ? 0
                        : first_slot_.back() + services_.all().back()->entry.operations.size(),
                    response.status, std::chrono::steady_clock::now() - start);
    co_return response;
}

}  // namespace millrace::gateway
