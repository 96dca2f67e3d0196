#include "app/runtime.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <mutex>

#include "app/certificates.h"
#include "app/data_folder.h"
#include "app/own_address.h"
#include "auth/evaluate.h"
#include "contracts/wake_hub.h"
#include "core/log.h"
#include "core/mutex.h"
#include "core/random.h"
#include "core/time.h"
#include "dax/cluster/host.h"
#include "dax/node/node.h"
#include "gateway/gateway.h"
#include "gateway/local_calls.h"
#include "net/server.h"
#include "net/thread_pool.h"
#include "sandbox/code_cache.h"
#include "sandbox/runner.h"
#include "services/dax/service.h"
#include "services/dynamodb/service.h"
#include "services/ec2/service.h"
#include "services/iam/service.h"
#include "services/lambda/service.h"
#include "services/logs/service.h"
#include "services/s3/object_store.h"
#include "services/s3/service.h"
#include "services/sqs/service.h"
#include "services/streams/service.h"
#include "services/sts/service.h"
#include "store/blobs/file_blob_store.h"
#include "store/mem/mem_store.h"
#include "store/rocks/rocks_store.h"
#include "workers/lane_threads.h"
#include "workers/worker_host.h"

namespace millrace::app {
namespace {

constexpr size_t kPoolThreads = 8;
// A write holds its thread until it is on disk: as many share one flush.
constexpr size_t kDaxThreads = 32;
constexpr size_t kWorkerThreads = 2;
constexpr std::chrono::seconds kStopGrace{5};

// A folder that is deleted with the process, for blobs of a server in memory.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "millrace-XXXXXX").string();
        if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

// Members are destroyed from the last to the first: what is used comes before what uses it.
class Wiring final : public Runtime {
public:
    explicit Wiring(RuntimeOptions options) : options_(std::move(options)) {}
    ~Wiring() override { stop(); }

    Result<void> start();
    uint16_t port() const override { return server_->port(); }
    uint16_t dax_port() const override { return dax_server_ ? dax_server_->port() : uint16_t{0}; }
    std::string authority_file() const override {
        const MutexLock lock(tls_mutex_);
        return authority_file_;
    }
    void reload_certificates() override;
    void stop() override;
    std::string print_operations() const override;

private:
    Result<std::string> open_stores();
    Result<void> install_root_key();
    void start_functions();
    void make_dax_host();
    Result<void> start_dax();
    std::string dax_metrics();
    // Of all DAX nodes; its threads start with the first of them.
    net::ThreadPool& dax_pool();
    // What encrypted listeners show. Makes a certificate of our own if there is none.
    Result<net::TlsFiles> tls_files();
    Result<net::ServerOptions> with_tls(net::ServerOptions options, uint16_t port);
    std::vector<net::Server*> servers() const;

    RuntimeOptions options_;
    SystemClock clock_;
    SystemRng rng_;
    std::optional<DataFolder> folder_;
    std::optional<TemporaryFolder> temporary_;
    contracts::WakeHub hub_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<store::BlobStore> blobs_;
    auth::PolicyAuthorizer authorizer_;
    std::unique_ptr<iam::IamService> iam_;
    std::unique_ptr<sts::StsService> sts_;
    std::unique_ptr<s3::S3Service> s3_;
    std::unique_ptr<s3::S3ObjectStore> objects_;
    std::unique_ptr<dynamodb::DynamoDbService> dynamodb_;
    std::unique_ptr<streams::StreamsService> streams_;
    std::unique_ptr<logs::LogsService> logs_;
    std::unique_ptr<ec2::Ec2Service> ec2_;
    std::unique_ptr<dax_control::DaxControlService> dax_control_;
    std::unique_ptr<sqs::SqsService> sqs_;
    std::unique_ptr<workers::LaneThreads> lanes_;
    std::unique_ptr<lambda::LambdaService> lambda_;
    std::unique_ptr<workers::WorkerHost> workers_;
    std::unique_ptr<net::ThreadPool> pool_;
    std::unique_ptr<gateway::Gateway> gateway_;
    std::unique_ptr<net::Server> server_;
    std::unique_ptr<net::Server> tls_server_;
    std::unique_ptr<gateway::LocalCalls> dax_calls_;
    mutable Mutex tls_mutex_;
    std::optional<net::TlsFiles> tls_files_ MR_GUARDED_BY(tls_mutex_);
    std::string authority_file_ MR_GUARDED_BY(tls_mutex_);
    std::unique_ptr<dax::AttributeLists> dax_lists_;
    std::once_flag dax_pool_once_;
    std::unique_ptr<net::ThreadPool> dax_pool_;
    std::unique_ptr<dax::Host> dax_host_;
    std::unique_ptr<dax::Node> dax_node_;
    std::atomic<const dax::Node*> metered_{nullptr};
    std::unique_ptr<net::Server> dax_server_;
    std::unique_ptr<net::Server> dax_tls_server_;
    std::unique_ptr<sandbox::SandboxRunner> runner_;
    bool stopped_ = false;
};

// Returns the key that seals secrets.
Result<std::string> Wiring::open_stores() {
    if (!options_.data_dir) {
        temporary_.emplace();
        store_ = store::make_mem_store(clock_);
        MR_TRY(blobs_, store::open_file_blob_store(temporary_->path() + "/blobs", false));
        std::string key(32, '\0');
        rng_.fill({reinterpret_cast<uint8_t*>(key.data()), key.size()});
        return key;
    }
    MR_TRY(DataFolder folder, DataFolder::open(*options_.data_dir));
    folder_.emplace(std::move(folder));
    MR_TRY(std::string key, folder_->seal_key(rng_));
    MR_TRY(store_, store::open_rocks_store(folder_->path("db"), clock_));
    MR_TRY(blobs_, store::open_file_blob_store(folder_->path("blobs")));
    return key;
}

Result<void> Wiring::install_root_key() {
    if (options_.development) return {};
    RootKey key{options_.root_access_key_id, options_.root_secret_access_key};
    if (key.access_key_id.empty()) {
        MR_TRY(key, folder_->root_key(rng_));
    } else {
        // A later start without the environment must not make a second root key.
        MR_CHECK_OK(folder_->keep_root_key(key));
    }
    return iam_->ensure_root(options_.account, key.access_key_id, key.secret_access_key);
}

Result<void> Wiring::start() {
    if (options_.tls_listen.empty()) options_.tls_listen = options_.listen;
    // Whoever needs it later: a certificate that cannot be used is told now.
    if (options_.tls) MR_CHECK_OK(net::TlsContext::open(*options_.tls));
    MR_TRY(const std::string seal_key, open_stores());
    iam::IamOptions iam_options;
    iam_options.seal_key = seal_key;
    iam_options.development_keys = options_.development;
    iam_ = std::make_unique<iam::IamService>(*store_, clock_, rng_, authorizer_,
                                             std::move(iam_options));
    MR_CHECK_OK(install_root_key());
    sts_ = std::make_unique<sts::StsService>(*iam_, authorizer_);
    s3_ = std::make_unique<s3::S3Service>(*store_, *blobs_, authorizer_);
    objects_ = std::make_unique<s3::S3ObjectStore>(*s3_);
    dynamodb_ = std::make_unique<dynamodb::DynamoDbService>(
        *store_, clock_, rng_, hub_, *objects_,
        dynamodb::DynamoDbOptions{options_.stream_shard_rate});
    streams_ = std::make_unique<streams::StreamsService>(*store_, clock_, seal_key);
    logs_ = std::make_unique<logs::LogsService>(*store_, clock_, hub_);
    sqs_ = std::make_unique<sqs::SqsService>(*store_, clock_, rng_, hub_);
    ec2_ = std::make_unique<ec2::Ec2Service>(*store_, is_own_address);
    make_dax_host();
    dax_control_ = std::make_unique<dax_control::DaxControlService>(
        dax_control::DaxControlParts{*store_, clock_, *iam_, *ec2_, *dax_host_});
    ec2_->set_users(dax_control_.get());

    lanes_ = std::make_unique<workers::LaneThreads>(hub_);
    lambda_ = std::make_unique<lambda::LambdaService>(lambda::LambdaParts{
        *store_, *blobs_, clock_, rng_, hub_, *iam_, authorizer_, *sqs_, *streams_, *s3_, *lanes_,
        [](std::string_view zip) { return sandbox::check_zip(zip); }});
    workers_ = std::make_unique<workers::WorkerHost>(clock_, hub_);
    workers_->add(iam_->make_sweeper());
    workers_->add(sqs_->make_sweeper());
    workers_->add(s3_->make_sweeper(
        [this](std::string_view blob_id) { return lambda_->uses_blob(blob_id); }));
    workers_->add(lambda_->make_mapping_worker());
    workers_->add(streams_->make_trimmer());
    workers_->add(logs_->make_flusher());
    for (auto& worker : dynamodb_->make_workers()) workers_->add(std::move(worker));
    for (auto& worker : dax_host_->make_workers()) workers_->add(std::move(worker));
    // Clusters that are there run before anybody can ask for them.
    auto dax_worker = dax_control_->make_worker();
    dax_worker->step(clock_.now());
    workers_->add(std::move(dax_worker));

    pool_ = std::make_unique<net::ThreadPool>(kPoolThreads);
    std::vector<contracts::ServiceEntry> services;
    services.push_back(iam_->entry());
    services.push_back(sts_->entry());
    services.push_back(dynamodb_->entry());
    services.push_back(streams_->entry());
    services.push_back(logs_->entry());
    services.push_back(lambda_->entry());
    services.push_back(sqs_->entry());
    services.push_back(s3_->entry());
    services.push_back(ec2_->entry());
    services.push_back(dax_control_->entry());
    gateway_ = std::make_unique<gateway::Gateway>(
        gateway::GatewayParts{*store_, *blobs_, *iam_, authorizer_, s3_->website(), hub_, *pool_,
                              clock_, rng_, options_.account, options_.region,
                              [this] { return dax_metrics(); }},
        std::move(services));
    net::ServerOptions server_options;
    server_options.address = options_.listen;
    server_options.port = options_.port;
    server_ = std::make_unique<net::Server>(server_options, *gateway_, *pool_);
    MR_CHECK_OK(server_->start());
    if (options_.tls_port != 0) {
        MR_TRY(net::ServerOptions tls_options, with_tls(server_options, options_.tls_port));
        tls_server_ = std::make_unique<net::Server>(std::move(tls_options), *gateway_, *pool_);
        MR_CHECK_OK(tls_server_->start());
    }
    MR_CHECK_OK(start_dax());
    workers_->start(kWorkerThreads);
    start_functions();
    return {};
}

Result<net::TlsFiles> Wiring::tls_files() {
    const MutexLock lock(tls_mutex_);
    if (tls_files_) return *tls_files_;
    if (options_.tls) {
        tls_files_ = options_.tls;
        return *tls_files_;
    }
    std::vector<std::string> names{"localhost", "127.0.0.1", "::1"};
    if (options_.tls_listen != "127.0.0.1") names.push_back(options_.tls_listen);
    const std::string folder = folder_ ? folder_->path("tls") : temporary_->path() + "/tls";
    MR_TRY(Certificates files, keep_certificates(folder, names, clock_.now()));
    tls_files_ = std::move(files.server);
    authority_file_ = std::move(files.authority);
    return *tls_files_;
}

Result<net::ServerOptions> Wiring::with_tls(net::ServerOptions options, uint16_t port) {
    options.address = options_.tls_listen;
    options.port = port;
    MR_TRY(options.tls, tls_files());
    return options;
}

std::vector<net::Server*> Wiring::servers() const {
    std::vector<net::Server*> all;
    for (net::Server* one :
         {dax_tls_server_.get(), dax_server_.get(), tls_server_.get(), server_.get()}) {
        if (one != nullptr) all.push_back(one);
    }
    return all;
}

void Wiring::reload_certificates() {
    for (net::Server* server : servers()) {
        const Result<void> loaded = server->reload_certificate();
        if (!loaded) log::error("the certificate stays as it was: {}", loaded.error().message);
    }
    dax_host_->reload_certificates();
}

net::ThreadPool& Wiring::dax_pool() {
    std::call_once(dax_pool_once_,
                   [this] { dax_pool_ = std::make_unique<net::ThreadPool>(kDaxThreads); });
    return *dax_pool_;
}

void Wiring::make_dax_host() {
    dax_calls_ = std::make_unique<gateway::LocalCalls>(
        gateway::LocalCallsParts{*store_, authorizer_, hub_, clock_, rng_,
                                 [this] { return dynamodb_->catalog().version(); }},
        dynamodb_->entry());
    dax_lists_ = std::make_unique<dax::AttributeLists>(*store_);
    dax_host_ = std::make_unique<dax::Host>(
        dax::HostParts{*dax_calls_, *iam_, authorizer_, *iam_, ec2_.get(), *dax_lists_, hub_,
                       clock_, rng_, [this]() -> net::ThreadPool& { return dax_pool(); }},
        dax::HostOptions{options_.listen,
                         options_.tls_listen,
                         [this] { return tls_files(); },
                         {options_.dax_ports_first, options_.dax_ports_last},
                         options_.dax_node_memory_bytes});
}

// Of the nodes of all clusters.
std::string Wiring::dax_metrics() {
    std::vector<dax::NodeFigures> figures;
    if (const dax::Node* node = metered_.load()) figures.push_back(node->figures());
    dax_host_->append_figures(figures);
    return dax::exposition(figures);
}

// One node of a cluster named "default", for all tables of the account.
Result<void> Wiring::start_dax() {
    if (options_.dax_port == 0 && options_.dax_tls_port == 0) return {};
    dax::NodeOptions node_options;
    node_options.account = options_.account;
    node_options.region = options_.region;
    node_options.role_arn = options_.dax_role;
    node_options.item_cache_bytes_max = node_options.query_cache_bytes_max =
        options_.dax_node_memory_bytes / 2;
    dax_node_ =
        std::make_unique<dax::Node>(dax::NodeParts{*dax_calls_, *iam_, authorizer_, *dax_lists_,
                                                   clock_, rng_, dax_pool(), iam_.get(), nullptr},
                                    std::move(node_options));
    metered_ = dax_node_.get();
    const net::ServerOptions server_options =
        dax::server_options(options_.listen, options_.dax_port);
    if (options_.dax_tls_port != 0) {
        MR_TRY(net::ServerOptions tls_options, with_tls(server_options, options_.dax_tls_port));
        dax_tls_server_ =
            std::make_unique<net::Server>(std::move(tls_options), *dax_node_, dax_pool());
        MR_CHECK_OK(dax_tls_server_->start());
    }
    if (options_.dax_port == 0) return {};
    dax_server_ = std::make_unique<net::Server>(server_options, *dax_node_, dax_pool());
    Result<void> started = dax_server_->start();
    if (started || !options_.development) return started;
    log::warn("no DAX node: {}", started.error().message);
    dax_server_.reset();
    return {};
}

// The Python runtime is installed beside the build: <folder of the binary>/../runtimes/python.
void Wiring::start_functions() {
    namespace fs = std::filesystem;
    std::error_code error;
    const fs::path self = fs::read_symlink("/proc/self/exe", error);
    sandbox::RunnerOptions options;
    for (const auto& version :
         fs::directory_iterator(self.parent_path().parent_path() / "runtimes/python/lib", error)) {
        const fs::path packages = version.path() / "site-packages";
        if (fs::exists(packages / "awslambdaric", error)) options.python_path = packages.string();
    }
    options.cache_folder = folder_ ? folder_->path("code") : temporary_->path() + "/code";
    options.server_port = server_->port();
    options.blob_path = [this](std::string_view id) -> Result<std::string> {
        MR_TRY(const std::unique_ptr<store::BlobReader> blob, blobs_->open(id));
        return blob->path();
    };
    runner_ = std::make_unique<sandbox::SandboxRunner>(
        std::move(options), clock_, rng_, *logs_, [this](const contracts::FunctionSpec& spec) {
            return iam_->assume_for_service(spec.role_arn, "lambda.amazonaws.com", spec.name,
                                            std::chrono::hours(12));
        });
    lambda_->start(*runner_);
}

void Wiring::stop() {
    if (stopped_) return;
    stopped_ = true;
    // Mappings take nothing new; functions still reach the server while their last events run.
    if (lanes_) lanes_->ask_to_stop();
    if (runner_) runner_->stop(kStopGrace);
    if (lanes_) lanes_->stop();
    for (net::Server* server : servers()) server->stop(kStopGrace);
    if (dax_control_) dax_control_->stop();
    if (dax_host_) dax_host_->stop();
    if (logs_) {
        while (logs_->flush()) {
        }
    }
    if (workers_) workers_->stop();
    if (dax_pool_) dax_pool_->stop();
    if (pool_) pool_->stop();
    if (store_) store_->close();
}

std::string Wiring::print_operations() const {
    std::string text;
    for (const auto& service : gateway_->services().all()) {
        for (const std::string_view operation : service->entry.model->known_operations) {
            text += fmt::format("{} {} {}\n",
                                service->find(operation) != nullptr ? "served" : "not-served",
                                service->name(), operation);
        }
    }
    return text;
}

}  // namespace

Result<std::unique_ptr<Runtime>> Runtime::start(RuntimeOptions options) {
    auto wiring = std::make_unique<Wiring>(std::move(options));
    MR_CHECK_OK(wiring->start());
    return std::unique_ptr<Runtime>(std::move(wiring));
}

}  // namespace millrace::app
