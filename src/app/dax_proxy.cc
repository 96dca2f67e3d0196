#include "app/dax_proxy.h"

#include <filesystem>

#include "app/certificates.h"
#include "app/data_folder.h"
#include "app/files.h"
#include "app/key_file.h"
#include "auth/evaluate.h"
#include "core/log.h"
#include "core/random.h"
#include "dax/node/node.h"
#include "net/server.h"
#include "store/mem/mem_store.h"
#include "store/rocks/rocks_store.h"

namespace millrace::app {
namespace {

// A call waits for the upstream on its thread.
constexpr size_t kThreads = 64;
constexpr std::chrono::seconds kStopGrace{5};

Error failure(std::string message) {
    return Error{.code = "DaxProxy", .http_status = 500, .message = std::move(message)};
}

// GET /metrics.
class MetricsHandler final : public net::Handler {
public:
    explicit MetricsHandler(const dax::Node& node) : node_(node) {}
    net::Task<HttpResponse> handle(net::Exchange* exchange) override {
        HttpResponse response;
        if (exchange->request().path == "/metrics" && exchange->request().method == "GET") {
            response.add_header("Content-Type", "text/plain; version=0.0.4");
            response.body.bytes = dax::exposition({node_.figures()});
        } else {
            response.status = 404;
        }
        co_return response;
    }
    Result<std::unique_ptr<net::BodyReader>> open_body(const Body&) override {
        return failure("no answer of metrics lies in a blob");
    }

private:
    const dax::Node& node_;
};

class Proxy final : public DaxProxy {
public:
    explicit Proxy(DaxProxyOptions options) : options_(std::move(options)) {}
    ~Proxy() override { stop(); }
    Result<void> start();
    std::string authority_file() const override { return authority_file_; }
    void reload_certificates() override {
        if (!tls_server_) return;
        const Result<void> loaded = tls_server_->reload_certificate();
        if (!loaded) log::error("the certificate stays as it was: {}", loaded.error().message);
    }
    void stop() override;

private:
    Result<void> read_keys();
    Result<void> prepare_tls();
    Result<void> open_store();

    DaxProxyOptions options_;
    SystemClock clock_;
    SystemRng rng_;
    auth::PolicyAuthorizer authorizer_;
    std::optional<KeyFile> keys_;
    std::optional<DataFolder> folder_;
    std::string authority_file_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<dax::AttributeLists> lists_;
    std::unique_ptr<client::RemoteCalls> upstream_;
    std::unique_ptr<net::ThreadPool> pool_;
    std::unique_ptr<dax::Node> node_;
    std::unique_ptr<net::Server> server_;
    std::unique_ptr<net::Server> tls_server_;
    std::unique_ptr<MetricsHandler> metrics_;
    std::unique_ptr<net::Server> metrics_server_;
    bool stopped_ = false;
};

Result<void> Proxy::read_keys() {
    if (options_.development) {
        keys_ = KeyFile::development(options_.account);
    } else {
        if (options_.keys_file.empty() || options_.data_dir.empty())
            return failure("--keys-file and --data-dir are needed without --development");
        const auto text = read_file(options_.keys_file);
        if (!text) return failure("cannot read " + options_.keys_file);
        MR_TRY(keys_, KeyFile::parse(*text, options_.account));
    }
    client::RemoteCredential& own = options_.credential;
    if (!options_.credentials_file.empty()) {
        const auto text = read_file(options_.credentials_file);
        if (!text) return failure("cannot read " + options_.credentials_file);
        own = {value_of(*text, "AWS_ACCESS_KEY_ID"), value_of(*text, "AWS_SECRET_ACCESS_KEY"),
               value_of(*text, "AWS_SESSION_TOKEN")};
    }
    if (own.access_key_id.empty() || own.secret_access_key.empty())
        return failure(
            "the upstream's keys are needed: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the "
            "environment, or --credentials");
    return {};
}

Result<void> Proxy::open_store() {
    if (options_.data_dir.empty()) {
        store_ = store::make_mem_store(clock_);
        return {};
    }
    MR_TRY(DataFolder folder, DataFolder::open(options_.data_dir));
    folder_.emplace(std::move(folder));
    MR_TRY(store_, store::open_rocks_store(folder_->path("db"), clock_));
    return {};
}

Result<void> Proxy::prepare_tls() {
    if (options_.tls_port == 0 && options_.tls)
        return failure("--tls-cert and --tls-key need --tls-port");
    if (options_.tls_port == 0 && options_.port == 0)
        return failure("there is no port to listen on");
    if (options_.tls_port == 0 || options_.tls) return {};
    if (!folder_)
        return failure("--tls-port needs --tls-cert and --tls-key, or --data-dir to make them in");
    std::vector<std::string> names{"localhost", "127.0.0.1", "::1"};
    if (options_.listen != "127.0.0.1") names.push_back(options_.listen);
    MR_TRY(Certificates made, keep_certificates(folder_->path("tls"), names, clock_.now()));
    options_.tls = std::move(made.server);
    authority_file_ = std::move(made.authority);
    return {};
}

Result<void> Proxy::start() {
    MR_CHECK_OK(read_keys());
    MR_CHECK_OK(open_store());
    MR_CHECK_OK(prepare_tls());
    client::RemoteOptions remote;
    remote.http.url = options_.upstream;
    remote.http.authorities_file = options_.upstream_authorities;
    remote.http.connections_max = kThreads;
    remote.region = options_.region;
    remote.credential = options_.credential;
    MR_TRY(upstream_, client::RemoteCalls::open(std::move(remote), clock_, rng_));
    pool_ = std::make_unique<net::ThreadPool>(kThreads);
    lists_ = std::make_unique<dax::AttributeLists>(*store_);
    dax::NodeOptions node_options;
    node_options.cluster = options_.cluster;
    node_options.account = options_.account;
    node_options.region = options_.region;
    node_ = std::make_unique<dax::Node>(
        dax::NodeParts{*upstream_, *keys_, authorizer_, *lists_, clock_, rng_, *pool_},
        std::move(node_options));
    net::ServerOptions server_options = dax::server_options(options_.listen, options_.port);
    if (options_.port != 0) {
        server_ = std::make_unique<net::Server>(server_options, *node_, *pool_);
        MR_CHECK_OK(server_->start());
    }
    if (options_.tls_port != 0) {
        server_options.port = options_.tls_port;
        server_options.tls = options_.tls;
        tls_server_ = std::make_unique<net::Server>(server_options, *node_, *pool_);
        MR_CHECK_OK(tls_server_->start());
    }
    if (options_.metrics_port != 0) {
        net::ServerOptions metrics_options;
        metrics_options.port = options_.metrics_port;
        metrics_options.threads = 1;
        metrics_ = std::make_unique<MetricsHandler>(*node_);
        metrics_server_ = std::make_unique<net::Server>(metrics_options, *metrics_, *pool_);
        MR_CHECK_OK(metrics_server_->start());
    }
    return {};
}

void Proxy::stop() {
    if (stopped_) return;
    stopped_ = true;
    if (server_) server_->stop(kStopGrace);
    if (tls_server_) tls_server_->stop(kStopGrace);
    if (metrics_server_) metrics_server_->stop(kStopGrace);
    if (pool_) pool_->stop();
    if (store_) store_->close();
}

}  // namespace

Result<std::unique_ptr<DaxProxy>> DaxProxy::start(DaxProxyOptions options) {
    auto proxy = std::make_unique<Proxy>(std::move(options));
    MR_CHECK_OK(proxy->start());
    return std::unique_ptr<DaxProxy>(std::move(proxy));
}

}  // namespace millrace::app
