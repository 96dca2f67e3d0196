// TestBed: a DaxControlService over the store in memory, with a clock moved by hand and stand-ins
// for the network, roles and running nodes. Calls go the gateway's way. Only in tests.
// Thread-safety: one test's thread.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "auth/evaluate.h"
#include "contracts/testing.h"
#include "services/dax/operations.h"
#include "store/mem/mem_store.h"

namespace millrace::dax_control {

inline constexpr const char* kAccount = "123456789012";
inline constexpr const char* kRegion = "us-east-1";
inline constexpr const char* kRole = "arn:aws:iam::123456789012:role/dax";

class FakeRoles final : public contracts::RoleAssumer {
public:
    std::set<std::string, std::less<>> trusted = {kRole};
    Result<contracts::Credential> assume_for_service(std::string_view, std::string_view,
                                                     std::string_view, Duration) override {
        return Error{.code = "NotAsked"};
    }
    Result<void> check_trust(std::string_view role, std::string_view principal) override {
        if (principal == "dax.amazonaws.com" && trusted.contains(role)) return {};
        return Error{.code = "Refused"};
    }
    Result<std::shared_ptr<const contracts::Caller>> caller_of_role(std::string_view,
                                                                    std::string_view) override {
        return Error{.code = "NotAsked"};
    }
    uint64_t roles_version() const override { return 0; }
};

// A default VPC with a subnet in each of three zones, and another VPC.
class FakeNetwork final : public contracts::VirtualNetwork {
public:
    std::map<std::string, contracts::SubnetFacts, std::less<>> subnets = {
        {"subnet-a", {"subnet-a", "vpc-1", "us-east-1a", "10.0.0.0/20"}},
        {"subnet-b", {"subnet-b", "vpc-1", "us-east-1b", "10.0.16.0/20"}},
        {"subnet-c", {"subnet-c", "vpc-1", "us-east-1c", "10.0.32.0/20"}},
        {"subnet-x", {"subnet-x", "vpc-2", "us-east-1a", "10.1.0.0/20"}}};
    std::map<std::string, contracts::SecurityGroupFacts, std::less<>> groups = {
        {"sg-default", {"sg-default", "vpc-1"}},
        {"sg-1", {"sg-1", "vpc-1"}},
        {"sg-x", {"sg-x", "vpc-2"}}};

    Result<std::optional<contracts::SubnetFacts>> subnet(std::string_view, std::string_view,
                                                         std::string_view id) override {
        const auto found = subnets.find(id);
        if (found == subnets.end()) return std::optional<contracts::SubnetFacts>();
        return std::optional(found->second);
    }
    Result<std::optional<contracts::SecurityGroupFacts>> security_group(
        std::string_view, std::string_view, std::string_view id) override {
        const auto found = groups.find(id);
        if (found == groups.end()) return std::optional<contracts::SecurityGroupFacts>();
        return std::optional(found->second);
    }
    Result<std::vector<contracts::SubnetFacts>> default_subnets(std::string_view,
                                                                std::string_view) override {
        std::vector<contracts::SubnetFacts> out;
        for (const auto& [id, facts] : subnets) {
            if (facts.vpc_id == "vpc-1") out.push_back(facts);
        }
        return out;
    }
    Result<contracts::SecurityGroupFacts> default_security_group(std::string_view,
                                                                 std::string_view) override {
        return groups.at("sg-default");
    }
    bool allows_ingress(std::string_view, std::string_view, const std::vector<std::string>&,
                        std::string_view, uint16_t) override {
        return true;
    }
};

// Nodes that start at once, unless they are held or fail.
class FakeClusters final : public contracts::DaxClusters {
public:
    std::map<std::string, contracts::DaxClusterSpec, std::less<>> running;  // by name
    std::set<std::string> failing;                                          // node ids
    std::vector<std::string> rebooted;
    std::string leader;
    std::optional<Error> refusal;
    bool hold = false;
    int applied = 0;

    Result<void> apply(const contracts::DaxClusterSpec& spec) override {
        applied += 1;
        if (refusal) return *refusal;
        contracts::DaxClusterSpec& cluster = running[spec.name] = spec;
        if (cluster.discovery_port == 0) cluster.discovery_port = next_port_++;
        for (auto& node : cluster.nodes) {
            if (node.port == 0) node.port = next_port_++;
        }
        return {};
    }
    void remove(std::string_view, std::string_view, std::string_view name) override {
        running.erase(std::string(name));
    }
    Result<void> reboot(std::string_view, std::string_view, std::string_view,
                        std::string_view node_id) override {
        rebooted.emplace_back(node_id);
        return {};
    }
    std::optional<contracts::DaxClusterState> state(std::string_view, std::string_view,
                                                    std::string_view name) override {
        const auto found = running.find(name);
        if (found == running.end()) return std::nullopt;
        contracts::DaxClusterState state{"127.0.0.1", found->second.discovery_port, {}};
        for (const auto& node : found->second.nodes) {
            auto& one = state.nodes.emplace_back();
            one.node_id = node.node_id;
            one.address = "127.0.0.1";
            one.port = node.port;
            one.leader = node.node_id == leader;
            one.status =
                hold ? contracts::DaxNodeStatus::kStarting : contracts::DaxNodeStatus::kAvailable;
            if (failing.contains(node.node_id)) {
                one.status = contracts::DaxNodeStatus::kFailed;
                one.failure = "the port is taken";
            }
        }
        return state;
    }

private:
    uint16_t next_port_ = 8111;
};

using contracts::testing::Answer;

class TestBed {
public:
    TestBed() : rng(7), store(store::make_mem_store(clock)) {
        info.account_id = kAccount;
        info.region = kRegion;
        as(contracts::PrincipalKind::kRoot, "arn:aws:iam::123456789012:root");
        restart();
    }
    ~TestBed() { store->close(); }

    // A new process over what the store has: nothing runs yet.
    void restart() {
        clusters.running.clear();
        service = std::make_unique<DaxControlService>(
            DaxControlParts{*store, clock, roles, network, clusters});
        worker = service->make_worker();
    }
    void as(contracts::PrincipalKind kind, const std::string& arn, const std::string& policy = {}) {
        auto caller = std::make_shared<contracts::Caller>();
        caller->kind = kind;
        caller->account_id = kAccount;
        caller->arn = arn;
        if (!policy.empty()) caller->identity_policies.push_back(*auth::parse_policy(policy));
        info.caller = caller;
    }
    // A user who may do this, and nothing else.
    void as_user(const std::string& action, const std::string& resource) {
        as(contracts::PrincipalKind::kUser, "arn:aws:iam::123456789012:user/u",
           R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":")" + action +
               R"(","Resource":")" + resource + "\"}]}");
    }

    template <class Op>
    Answer<typename Op::Output> call(const typename Op::Input& input) {
        const auto refusal = [&](const contracts::AuthzRequest& request,
                                 const contracts::RequestFacts& facts) -> std::optional<Error> {
            const auto decision = authorizer.decide(*info.caller, request, facts);
            if (decision.allowed()) return std::nullopt;
            return errors::access_denied(auth::denied_text(*info.caller, request, decision));
        };
        return contracts::testing::run_operation<Op>(*service, *store, clock, rng, info, refusal,
                                                     input);
    }

    // One step; how long the worker would wait for the next.
    int64_t step_ms() { return epoch_ms(worker->step(clock.now())) - epoch_ms(clock.now()); }

    static CreateCluster::Input cluster_input(const std::string& name = "orders", int nodes = 3) {
        CreateCluster::Input input;
        input.cluster_name = name;
        input.node_type = "dax.r5.large";
        input.replication_factor = nodes;
        input.iam_role_arn = kRole;
        return input;
    }
    // A cluster whose nodes run.
    void make(const std::string& name = "orders", int nodes = 3) {
        EXPECT_EQ(call<CreateCluster>(cluster_input(name, nodes)).code(), "ok");
        step_ms();
        EXPECT_EQ(shown(name).status, "available");
    }
    model::dax::Cluster shown(const std::string& name = "orders") {
        DescribeClusters::Input input;
        input.cluster_names = {name};
        auto answer = call<DescribeClusters>(input);
        if (answer.error) return {};
        return answer->clusters->front();
    }
    // "a:available b:creating"
    std::string nodes(const std::string& name = "orders") {
        std::string text;
        const auto cluster = shown(name);
        if (!cluster.nodes) return "none";
        for (const auto& node : *cluster.nodes) {
            if (!text.empty()) text += ' ';
            text += node.node_id->substr(name.size() + 1) + ":" + *node.node_status;
        }
        return text;
    }
    // The newest first, each ended by a bar.
    std::string events(const std::string& source = {}) {
        DescribeEvents::Input input;
        if (!source.empty()) input.source_name = source;
        std::string text;
        const auto answer = call<DescribeEvents>(input);
        for (const auto& event : *answer->events) text += *event.message + "|";
        return text;
    }

    FakeClock clock;
    SeededRng rng;
    FakeRoles roles;
    FakeNetwork network;
    FakeClusters clusters;
    auth::PolicyAuthorizer authorizer;
    std::unique_ptr<store::Store> store;
    std::unique_ptr<DaxControlService> service;
    std::unique_ptr<contracts::Worker> worker;
    contracts::RequestInfo info;
};

}  // namespace millrace::dax_control
