// Gateway: answers requests. Routes, authenticates, decodes, runs the operation in a transaction,
// parks it while it has nothing to answer, waits until the answer is durable, encodes.
// docs/life-of-a-request.md tells the whole way.
// Thread-safety: handle() runs on all io threads at once. Ownership: everything in GatewayParts is
// the app's and outlives the gateway.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "auth/sigv4.h"
#include "contracts/credentials.h"
#include "contracts/wake_hub.h"
#include "contracts/website.h"
#include "gateway/metrics.h"
#include "gateway/request.h"
#include "gateway/route.h"
#include "gateway/service_table.h"
#include "net/exchange.h"
#include "net/thread_pool.h"
#include "store/blob_store.h"
#include "store/store.h"

namespace millrace::gateway {

struct GatewayParts {
    store::Store& store;
    store::BlobStore& blobs;
    contracts::CredentialSource& credentials;
    const contracts::Authorizer& authorizer;
    contracts::WebsiteServer& website;
    contracts::WakeHub& hub;
    net::ThreadPool& pool;
    const Clock& clock;
    Rng& rng;
    std::string default_account;
    std::string default_region;
    // Text that follows our own metrics; nothing: none.
    std::function<std::string()> more_metrics = nullptr;
};

class Gateway final : public net::Handler {
public:
    // Requests that wait at the same time (long polls, synchronous invocations).
    static constexpr int kParkedMax = 20'000;

    Gateway(GatewayParts parts, std::vector<contracts::ServiceEntry> services);

    net::Task<HttpResponse> handle(net::Exchange* exchange) override;
    Result<std::unique_ptr<net::BodyReader>> open_body(const Body& body) override;
    const ServiceTable& services() const { return services_; }

private:
    net::Task<HttpResponse> handle_rpc(net::Exchange* exchange, Route* route);
    net::Task<HttpResponse> handle_s3(net::Exchange* exchange, Route* route);
    net::Task<HttpResponse> handle_website(net::Exchange* exchange, Route* route);
    // Runs request->call to its end and encodes what it gave.
    net::Task<HttpResponse> answer(net::Exchange* exchange, Request* request);
    // Runs an operation that is not kPoint once.
    net::Task<Attempt> attempt_on_pool(net::Exchange* exchange, Request* request,
                                       const std::string* resume_token);
    net::Task<bool> wait_durable(net::Exchange* exchange, store::Ticket ticket);
    // False: the client went away, or too many wait.
    net::Task<bool> park(net::Exchange* exchange, const contracts::Wait* wait);
    // Takes a body in pieces into `sink`; nothing when it went well.
    net::Task<std::optional<Error>> spool(net::Exchange* exchange, class S3Body* sink);

    Result<void> authenticate(const HttpRequest& http, std::optional<std::string_view> body,
                              Request& request, auth::Verified& verified);
    void name_request(Request& request);
    HttpResponse error_response(const Request& request, const Error& error);
    HttpResponse error_response(const Service* service, model::Protocol protocol,
                                const Error& error);
    void add_request_ids(const Request& request, HttpResponse& response) const;

    GatewayParts parts_;
    ServiceTable services_;
    std::vector<size_t> first_slot_;  // of a service's operations in metrics_
    Metrics metrics_;
    std::atomic<int> parked_{0};
};

}  // namespace millrace::gateway
