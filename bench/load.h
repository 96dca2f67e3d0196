// What http_load's workloads share: signed requests, and pools of them.
#pragma once

#include <functional>
#include <random>
#include <string>

#include "aws/sigv4.h"

namespace millrace::bench {

struct Settings {
    std::string mode;
    int port = 0;
    int connections = 0;
    double seconds = 0;
    int server_pid = 0;
    std::string argument;
    pinehead::Credentials credentials;
};

// What a connection sends next, given its last answer's body (empty: nothing more); and how many
// operations an answer stands for.
struct Workload {
    std::function<std::string(int connection, const std::string& last_body)> next;
    std::function<int(const std::string& body)> operations = [](const std::string&) { return 1; };
};

std::string amz_date();
std::string on_the_wire(const pinehead::SignedRequest& request);
std::string signed_json(const Settings& settings, const std::string& service,
                        const std::string& target, std::string body);
// A pool of n requests, sent in random order. Signatures are good for five minutes: signed
// beforehand, they cost the driver nothing later.
Workload pool_of(size_t n, const std::function<std::string(size_t)>& make);
// The same, one after the other.
Workload cycle_of(size_t n, const std::function<std::string(size_t)>& make);

std::mt19937_64& random_engine();

}  // namespace millrace::bench
