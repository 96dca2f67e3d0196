// The command line. `millrace serve` and `millrace dev` run until SIGTERM or SIGINT.
#include <fmt/core.h>
#include <signal.h>
#include <sys/resource.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "app/dax_proxy.h"
#include "app/runtime.h"
#include "core/log.h"

namespace {

using namespace millrace;

constexpr const char* kVersion = "0.1.0";

std::string environment(const char* name) {
    const char* value =
        std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before any thread starts
    return value == nullptr ? "" : value;
}

int fail(const std::string& message) {
    fmt::print(stderr, "millrace: {}\n", message);
    return 1;
}

// "8200-8299". False: that is no range of ports.
bool parse_ports(const std::string& text, uint16_t& first, uint16_t& last) {
    unsigned low = 0;
    unsigned high = 0;
    int used = 0;
    if (std::sscanf(text.c_str(), "%5u-%5u%n", &low, &high, &used) != 2 ||
        static_cast<size_t>(used) != text.size() || low == 0 || low > high || high > 65535) {
        return false;
    }
    first = static_cast<uint16_t>(low);
    last = static_cast<uint16_t>(high);
    return true;
}

// Blocked before threads start, so that only wait_for_end gets them.
sigset_t block_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    signal(SIGPIPE, SIG_IGN);
    // As many files as the server may have: the default is for programs that use select(2).
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    return signals;
}

// Says that the server is ready, and waits until it shall end.
template <class Server>
void wait_for_end(Server& server, const sigset_t& signals) {
    if (const std::string authority = server.authority_file(); !authority.empty())
        fmt::print("TLS clients must trust {}\n", authority);
    fmt::print("Ready.\n");
    std::fflush(stdout);
    int received = 0;
    while (sigwait(&signals, &received) == 0 && received == SIGHUP) server.reload_certificates();
    server.stop();
}

int serve_dax(app::DaxProxyOptions options) {
    const sigset_t signals = block_signals();
    std::string where;
    if (options.port != 0) where += fmt::format(" dax://{}:{}", options.listen, options.port);
    if (options.tls_port != 0)
        where += fmt::format(" daxs://{}:{}", options.listen, options.tls_port);
    where += " before " + options.upstream;
    if (options.development) where += ", keys test/test";
    auto proxy = app::DaxProxy::start(std::move(options));
    if (!proxy) return fail(proxy.error().message);
    fmt::print("millrace {}:{}\n", kVersion, where);
    wait_for_end(**proxy, signals);
    return 0;
}

int serve(app::RuntimeOptions options) {
    const sigset_t signals = block_signals();
    const bool development = options.development;
    const std::string where = options.data_dir ? "data in " + *options.data_dir : "in memory";
    const std::string listen = options.listen;
    const std::string tls_listen = options.tls_listen.empty() ? listen : options.tls_listen;
    const uint16_t tls_port = options.tls_port;
    const uint16_t dax_tls_port = options.dax_tls_port;
    auto runtime = app::Runtime::start(std::move(options));
    if (!runtime) return fail(runtime.error().message);
    std::string others;
    const auto add = [&](std::string_view scheme, const std::string& address, uint16_t port) {
        if (port != 0) others += fmt::format(", {}://{}:{}", scheme, address, port);
    };
    add("https", tls_listen, tls_port);
    add("dax", listen, (*runtime)->dax_port());
    add("daxs", tls_listen, dax_tls_port);
    fmt::print("millrace {}: http://{}:{}{}, {}{}\n", kVersion, listen, (*runtime)->port(), others,
               where, development ? ", keys test/test" : "");
    wait_for_end(**runtime, signals);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App cli("Runs AWS-shaped, event-driven systems on this machine.", "millrace");
    cli.set_version_flag("--version", kVersion);
    bool print_operations = false;
    cli.add_flag("--print-operations", print_operations,
                 "Print which operations are served, and which are not");
    cli.require_subcommand(0, 1);

    app::RuntimeOptions options;
    std::string data_dir;
    std::string log_level = "info";
    int port = 4566;
    int dax_port = 0;
    int dev_dax_port = 8111;
    std::string dax_ports = "8200-8299";
    uint64_t dax_node_memory_mib = 512;
    int tls_port = 0;
    int dax_tls_port = 0;
    net::TlsFiles tls;
    const auto add_common = [&](CLI::App* command) {
        command->add_option("--port", port, "Port to listen on")
            ->check(CLI::Range(1, 65535))
            ->capture_default_str();
        command->add_option("--listen", options.listen, "Address to listen on")
            ->check(CLI::ValidIPV4)
            ->capture_default_str();
        command->add_option("--tls-port", tls_port, "Port of https")->check(CLI::Range(1, 65535));
        command->add_option("--dax-tls-port", dax_tls_port, "Port of a DAX node's daxs")
            ->check(CLI::Range(1, 65535));
        command
            ->add_option("--tls-listen", options.tls_listen,
                         "Address of the TLS ports, if it is not that of --listen")
            ->check(CLI::ValidIPV4);
        CLI::Option* certificate = command->add_option(
            "--tls-cert", tls.certificate,
            "PEM file of the certificate (with its chain); none: one of an authority of our own");
        CLI::Option* key =
            command->add_option("--tls-key", tls.key, "PEM file of the certificate's private key");
        certificate->needs(key);
        key->needs(certificate);
        command->add_option("--region", options.region, "Region of requests that name none")
            ->capture_default_str();
        command
            ->add_option("--stream-shard-rate", options.stream_shard_rate,
                         "Records a second above which a shard of a table's stream is split")
            ->check(CLI::PositiveNumber)
            ->capture_default_str();
        command->add_option("--dax-role", options.dax_role,
                            "ARN of the role as which the DAX node uses tables (default: root)");
        command
            ->add_option("--dax-ports", dax_ports,
                         "Ports of the nodes of DAX clusters that are made by its API")
            ->check([&](const std::string& text) {
                return parse_ports(text, options.dax_ports_first, options.dax_ports_last)
                           ? std::string()
                           : std::string("must be FIRST-LAST");
            })
            ->capture_default_str();
        command
            ->add_option("--dax-node-memory", dax_node_memory_mib,
                         "MiB that a DAX node keeps of items and queries at most")
            ->check(CLI::Range(uint64_t{16}, uint64_t{1} << 20))
            ->capture_default_str();
        command->add_option("--log-level", log_level, "debug, info, warn or error")
            ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
            ->capture_default_str();
    };
    CLI::App* serve_command = cli.add_subcommand("serve", "Serve durably from a data folder");
    serve_command->add_option("--data-dir", data_dir, "Folder for all data")->required();
    serve_command->add_option("--account-id", options.account, "Account of the root key")
        ->capture_default_str();
    serve_command->add_option("--dax-port", dax_port, "Port of a DAX node")
        ->check(CLI::Range(1, 65535));
    add_common(serve_command);
    CLI::App* dev_command = cli.add_subcommand("dev", "Serve in memory with the keys test/test");
    dev_command->add_option("--dax-port", dev_dax_port, "Port of a DAX node, if it is free")
        ->check(CLI::Range(1, 65535))
        ->capture_default_str();
    add_common(dev_command);
    app::DaxProxyOptions proxy;
    int proxy_port = 8111;
    int proxy_tls_port = 0;
    int proxy_metrics_port = 0;
    CLI::App* dax_command =
        cli.add_subcommand("dax", "Serve a DAX cache before a DynamoDB endpoint");
    dax_command->add_option("--upstream", proxy.upstream, "http[s]://HOST[:PORT] of DynamoDB")
        ->required();
    dax_command
        ->add_option("--upstream-ca", proxy.upstream_authorities,
                     "PEM file of the authorities to trust; none: the system's")
        ->check(CLI::ExistingFile);
    dax_command
        ->add_option("--credentials", proxy.credentials_file,
                     "File of the upstream's keys, as AWS_ACCESS_KEY_ID=... lines; none: the "
                     "environment")
        ->check(CLI::ExistingFile);
    dax_command->add_option("--region", proxy.region, "Region of the upstream")
        ->capture_default_str();
    dax_command->add_option("--account-id", proxy.account, "Account in the cluster's ARN")
        ->capture_default_str();
    dax_command->add_option("--cluster", proxy.cluster, "Name in the cluster's ARN")
        ->capture_default_str();
    dax_command->add_option("--port", proxy_port, "Port of dax; 0: none")
        ->check(CLI::Range(0, 65535))
        ->capture_default_str();
    dax_command->add_option("--tls-port", proxy_tls_port, "Port of daxs; by convention 9111")
        ->check(CLI::Range(1, 65535));
    dax_command->add_option("--listen", proxy.listen, "Address to listen on")
        ->check(CLI::ValidIPV4)
        ->capture_default_str();
    dax_command
        ->add_option("--metrics-port", proxy_metrics_port,
                     "Port of GET /metrics for Prometheus, on 127.0.0.1")
        ->check(CLI::Range(1, 65535));
    CLI::Option* proxy_certificate =
        dax_command->add_option("--tls-cert", tls.certificate, "PEM file of the certificate");
    CLI::Option* proxy_key =
        dax_command->add_option("--tls-key", tls.key, "PEM file of its private key");
    proxy_certificate->needs(proxy_key);
    proxy_key->needs(proxy_certificate);
    CLI::Option* keys = dax_command->add_option("--keys-file", proxy.keys_file,
                                                "JSON file of the keys that clients may use");
    CLI::Option* proxy_development =
        dax_command->add_flag("--development", proxy.development, "Clients use the keys test/test");
    keys->excludes(proxy_development);
    dax_command->add_option("--data-dir", proxy.data_dir,
                            "Folder of what clients remember; needed without --development");
    dax_command->add_option("--log-level", log_level, "debug, info, warn or error")
        ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
        ->capture_default_str();
    CLI::App* version_command = cli.add_subcommand("version", "Print the version");
    try {
        cli.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return cli.exit(error);
        return fail(error.what());
    }
    if (version_command->parsed()) {
        fmt::print("{}\n", kVersion);
        return 0;
    }
    using log::Level;
    log::set_level(log_level == "debug"   ? Level::kDebug
                   : log_level == "warn"  ? Level::kWarn
                   : log_level == "error" ? Level::kError
                                          : Level::kInfo);
    if (print_operations) {
        options.development = true;
        options.port = 0;
        auto runtime = app::Runtime::start(options);
        if (!runtime) return fail(runtime.error().message);
        fmt::print("{}", (*runtime)->print_operations());
        return 0;
    }
    if (dax_command->parsed()) {
        proxy.port = static_cast<uint16_t>(proxy_port);
        proxy.tls_port = static_cast<uint16_t>(proxy_tls_port);
        proxy.metrics_port = static_cast<uint16_t>(proxy_metrics_port);
        if (!tls.certificate.empty()) proxy.tls = tls;
        if (proxy.credentials_file.empty()) {
            proxy.credential = {environment("AWS_ACCESS_KEY_ID"),
                                environment("AWS_SECRET_ACCESS_KEY"),
                                environment("AWS_SESSION_TOKEN")};
        }
        return serve_dax(std::move(proxy));
    }
    options.port = static_cast<uint16_t>(port);
    options.dax_node_memory_bytes = dax_node_memory_mib << 20;
    if (!options.dax_role.empty() && !options.dax_role.starts_with("arn:aws:iam::"))
        return fail("--dax-role: must be the ARN of a role");
    options.tls_port = static_cast<uint16_t>(tls_port);
    options.dax_tls_port = static_cast<uint16_t>(dax_tls_port);
    if (!tls.certificate.empty()) options.tls = tls;
    options.dax_port = static_cast<uint16_t>(dev_command->parsed() ? dev_dax_port : dax_port);
    if (serve_command->parsed()) {
        if (options.account.size() != 12 ||
            options.account.find_first_not_of("0123456789") != std::string::npos) {
            return fail("--account-id: an account has 12 digits");
        }
        options.data_dir = data_dir;
        options.root_access_key_id = environment("MILLRACE_ROOT_ACCESS_KEY_ID");
        options.root_secret_access_key = environment("MILLRACE_ROOT_SECRET_ACCESS_KEY");
        if (options.root_access_key_id.empty() != options.root_secret_access_key.empty()) {
            return fail(
                "MILLRACE_ROOT_ACCESS_KEY_ID and MILLRACE_ROOT_SECRET_ACCESS_KEY belong together; "
                "one is not set");
        }
        return serve(std::move(options));
    }
    if (dev_command->parsed()) {
        options.account = "000000000000";
        options.development = true;
        return serve(std::move(options));
    }
    fmt::print("{}", cli.help());
    return 0;
}
