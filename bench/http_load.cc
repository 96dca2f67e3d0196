// http_load: a closed-loop HTTP load driver with signed requests, one thread, epoll.
//
// Usage: http_load MODE PORT CONNECTIONS SECONDS [SERVER_PID] [ARGUMENT]
//   load-items, get-item, put-item, update-item, update-item-hot, put-item-hot, query, batch-write,
//   transact-write         ARGUMENT: TABLE:ITEMS, see dynamodb_load.h
//   sqs-send, sqs-send-10, sqs-receive (receive 10, then delete 10)    ARGUMENT: queue URL
//   website                ARGUMENT: bucket
//   plain                  GET / of any server, unsigned
//   invoke                 ARGUMENT: function name
// Credentials from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Prints one JSON line: requests and
// operations (items, messages) per second, latency in microseconds, the server's CPU per request,
// and how many answers were not 2xx.
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "aws/json.h"
#include "dynamodb_load.h"
#include "load.h"

namespace millrace::bench {
namespace {

using Clock = std::chrono::steady_clock;
using pinehead::json::value;

std::string environment(const char* name) {
    const char* text = std::getenv(name);
    return text == nullptr ? "" : text;
}

Workload workload(const Settings& settings) {
    const std::string& mode = settings.mode;
    const std::string host = "127.0.0.1:" + std::to_string(settings.port);
    if (auto dynamodb = dynamodb_workload(settings)) return *std::move(dynamodb);
    if (mode == "sqs-send" || mode == "sqs-send-10") {
        const int batch = mode == "sqs-send" ? 1 : 10;
        Workload load = pool_of(2'000, [&](size_t i) {
            const std::string body = std::string(200, 'm') + std::to_string(i);
            if (batch == 1) {
                return signed_json(settings, "sqs", "AmazonSQS.SendMessage",
                                   pinehead::json::serialize(value{{"QueueUrl", settings.argument},
                                                                   {"MessageBody", body}}));
            }
            pinehead::json::array entries;
            for (int n = 0; n < batch; ++n)
                entries.push_back({{"Id", std::to_string(n)}, {"MessageBody", body}});
            return signed_json(settings, "sqs", "AmazonSQS.SendMessageBatch",
                               pinehead::json::serialize(
                                   value{{"QueueUrl", settings.argument}, {"Entries", entries}}));
        });
        load.operations = [batch](const std::string&) { return batch; };
        return load;
    }
    if (mode == "sqs-receive") {
        const auto receive = [&settings](const std::string&) {
            return signed_json(settings, "sqs", "AmazonSQS.ReceiveMessage",
                               pinehead::json::serialize(value{{"QueueUrl", settings.argument},
                                                               {"MaxNumberOfMessages", 10}}));
        };
        return {[&settings, receive](int, const std::string& last) {
                    if (last.find("\"ReceiptHandle\"") == std::string::npos) return receive(last);
                    pinehead::json::array entries;
                    const value answer = pinehead::json::parse(last);
                    for (const value& message : answer.at("Messages").as_array()) {
                        entries.push_back({{"Id", std::to_string(entries.size())},
                                           {"ReceiptHandle", message.at("ReceiptHandle")}});
                    }
                    return signed_json(settings, "sqs", "AmazonSQS.DeleteMessageBatch",
                                       pinehead::json::serialize(value{
                                           {"QueueUrl", settings.argument}, {"Entries", entries}}));
                },
                [](const std::string& body) {
                    if (body.find("\"Successful\"") == std::string::npos) return 0;
                    int n = 0;
                    for (size_t at = 0; (at = body.find("\"Id\"", at)) != std::string::npos; ++at)
                        ++n;
                    return n;
                }};
    }
    if (mode == "website" || mode == "plain") {
        const std::string name =
            mode == "plain"
                ? host
                : settings.argument + ".s3-website.localhost:" + std::to_string(settings.port);
        const std::string request = "GET / HTTP/1.1\r\nHost: " + name + "\r\n\r\n";
        return {[request](int, const std::string&) { return request; }};
    }
    if (mode == "invoke") {
        return pool_of(1000, [&](size_t i) {
            pinehead::SignedRequest request{
                .method = "POST",
                .path = "/2015-03-31/functions/" + settings.argument + "/invocations",
                .body = R"({"n":)" + std::to_string(i) + "}"};
            request.headers["host"] = host;
            sign(request, settings.credentials, "us-east-1", "lambda", amz_date());
            return on_the_wire(request);
        });
    }
    fmt::print(stderr, "http_load: unknown mode {}\n", mode);
    std::exit(2);
}

struct Connection {
    int fd = -1;
    std::string in;
    std::string body;
    Clock::time_point sent;
};

int open_connection(int port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        fmt::print(stderr, "http_load: cannot connect to port {}: {}\n", port,
                   std::strerror(errno));
        std::exit(1);
    }
    const int one = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

void send_all(int fd, const std::string& bytes) {
    size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t n = ::send(fd, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
        if (n <= 0) {
            fmt::print(stderr, "http_load: the server closed a connection\n");
            std::exit(1);
        }
        done += static_cast<size_t>(n);
    }
}

// The length of a whole answer at the front of `in`, or 0 while it is not complete.
size_t complete_answer(const std::string& in, size_t& body_at) {
    const size_t head_end = in.find("\r\n\r\n");
    if (head_end == std::string::npos) return 0;
    size_t length = 0;
    for (size_t at = 0; at < head_end;) {
        const size_t end = in.find("\r\n", at);
        if (end - at > 15 && ::strncasecmp(in.c_str() + at, "content-length:", 15) == 0) {
            length = std::stoul(in.substr(at + 15, end - at - 15));
        }
        at = end + 2;
    }
    body_at = head_end + 4;
    return in.size() >= body_at + length ? body_at + length : 0;
}

double cpu_seconds(int pid) {
    if (pid == 0) return 0;
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string text((std::istreambuf_iterator<char>(stat)), {});
    text = text.substr(text.rfind(')') + 2);
    unsigned long user = 0;
    unsigned long system = 0;
    std::sscanf(text.c_str(), "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                &system);
    return static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace
}  // namespace millrace::bench

int main(int argc, char** argv) {
    using namespace millrace::bench;
    if (argc < 5) {
        fmt::print(stderr,
                   "usage: http_load MODE PORT CONNECTIONS SECONDS [SERVER_PID] [ARGUMENT]\n");
        return 2;
    }
    Settings settings{argv[1],
                      std::atoi(argv[2]),
                      std::atoi(argv[3]),
                      std::atof(argv[4]),
                      argc > 5 ? std::atoi(argv[5]) : 0,
                      argc > 6 ? argv[6] : "",
                      {environment("AWS_ACCESS_KEY_ID"), environment("AWS_SECRET_ACCESS_KEY"), ""}};
    const Workload load = workload(settings);
    const int poll = ::epoll_create1(EPOLL_CLOEXEC);
    std::vector<Connection> connections(static_cast<size_t>(settings.connections));
    for (size_t i = 0; i < connections.size(); ++i) {
        connections[i].fd = open_connection(settings.port);
        epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
        ::epoll_ctl(poll, EPOLL_CTL_ADD, connections[i].fd, &event);
    }
    const double cpu = cpu_seconds(settings.server_pid);
    const auto start = Clock::now();
    const auto end = start + std::chrono::duration_cast<Clock::duration>(
                                 std::chrono::duration<double>(settings.seconds));
    size_t busy = connections.size();
    const auto send_next = [&](size_t i) {
        Connection& connection = connections[i];
        const std::string request = load.next(static_cast<int>(i), connection.body);
        if (request.empty()) {
            busy -= 1;
            return;
        }
        connection.sent = Clock::now();
        send_all(connection.fd, request);
    };
    for (size_t i = 0; i < connections.size(); ++i) send_next(i);
    std::vector<double> latencies;
    long operations = 0;
    long refused = 0;
    std::vector<epoll_event> events(connections.size());
    while (busy > 0 && Clock::now() < end) {
        const int n = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), 100);
        for (int e = 0; e < n; ++e) {
            Connection& connection = connections[events[static_cast<size_t>(e)].data.u64];
            char buffer[65536];
            const ssize_t got = ::recv(connection.fd, buffer, sizeof buffer, 0);
            if (got <= 0) {
                fmt::print(stderr, "http_load: the server closed a connection\n");
                return 1;
            }
            connection.in.append(buffer, static_cast<size_t>(got));
            size_t body_at = 0;
            const size_t length = complete_answer(connection.in, body_at);
            if (length == 0) continue;
            latencies.push_back(
                std::chrono::duration<double, std::micro>(Clock::now() - connection.sent).count());
            if (connection.in.compare(9, 1, "2") != 0 && refused++ == 0) {
                fmt::print(stderr, "http_load: first refusal: {}\n", connection.in.substr(0, 600));
            }
            connection.body.assign(connection.in, body_at, length - body_at);
            connection.in.erase(0, length);
            operations += load.operations(connection.body);
            send_next(events[static_cast<size_t>(e)].data.u64);
        }
    }
    const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    std::sort(latencies.begin(), latencies.end());
    const auto percentile = [&](double p) {
        return latencies.empty()
                   ? 0.0
                   : latencies[static_cast<size_t>(p * static_cast<double>(latencies.size() - 1))];
    };
    const auto requests = static_cast<double>(latencies.size());
    fmt::print(
        R"({{"mode":"{}","connections":{},"requests_per_second":{:.0f},"operations_per_second":{:.0f},)"
        R"("p50_us":{:.0f},"p99_us":{:.0f},"server_cpu_us":{:.1f},"refused":{}}})"
        "\n",
        settings.mode, settings.connections, requests / elapsed,
        static_cast<double>(operations) / elapsed, percentile(0.5), percentile(0.99),
        (cpu_seconds(settings.server_pid) - cpu) / requests * 1e6, refused);
    return refused == 0 ? 0 : 1;
}
