// TestBed: an Ec2Service over the store in memory. Calls go the gateway's way: authorize, check,
// run, in one transaction. Only in tests. Thread-safety: one test's thread.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "auth/evaluate.h"
#include "contracts/testing.h"
#include "core/time.h"
#include "services/ec2/operations.h"
#include "services/ec2/service.h"
#include "store/mem/mem_store.h"

namespace millrace::ec2 {

using contracts::testing::Answer;

class TestBed {
public:
    static constexpr const char* kAccount = "123456789012";
    static constexpr const char* kRegion = "us-east-1";

    TestBed() : rng(5), store(store::make_mem_store(clock)) {
        reopen();
        auto root = std::make_shared<contracts::Caller>();
        root->kind = contracts::PrincipalKind::kRoot;
        root->account_id = kAccount;
        root->arn = "arn:aws:iam::123456789012:root";
        info.caller = root;
        info.account_id = kAccount;
        info.region = kRegion;
    }
    ~TestBed() { store->close(); }
    // As after a restart.
    void reopen() {
        service = std::make_unique<Ec2Service>(
            *store, [](std::string_view ip) { return ip == "127.0.0.1"; });
    }

    template <class Op>
    Answer<typename Op::Output> call(const typename Op::Input& input) {
        asked.clear();
        const auto refusal = [&](const contracts::AuthzRequest& request,
                                 const contracts::RequestFacts& facts) -> std::optional<Error> {
            asked += request.action + " " + request.resource + "\n";
            if (authorizer.decide(*info.caller, request, facts).allowed()) return std::nullopt;
            return errors::unauthorized(request.resource);
        };
        return contracts::testing::run_operation<Op>(*service, *store, clock, rng, info, refusal,
                                                     input);
    }

    std::string default_vpc() { return first_region(kAccount, kRegion).default_vpc(); }
    std::string default_group() {
        return first_region(kAccount, kRegion).find_group(default_vpc(), "default");
    }
    Answer<CreateVpc::Output> make_vpc(const std::string& cidr) {
        CreateVpc::Input input;
        input.cidr_block = cidr;
        return call<CreateVpc>(input);
    }
    Answer<CreateSubnet::Output> make_subnet(const std::string& vpc_id, const std::string& cidr,
                                             std::optional<std::string> zone = {}) {
        CreateSubnet::Input input;
        input.vpc_id = vpc_id;
        input.cidr_block = cidr;
        input.availability_zone = std::move(zone);
        return call<CreateSubnet>(input);
    }
    Answer<CreateSecurityGroup::Output> make_group(const std::string& name,
                                                   std::optional<std::string> vpc_id = {}) {
        CreateSecurityGroup::Input input;
        input.group_name = name;
        input.description = "of a test";
        input.vpc_id = std::move(vpc_id);
        return call<CreateSecurityGroup>(input);
    }
    static AuthorizeSecurityGroupIngress::Input ingress(const std::string& group_id,
                                                        const std::string& protocol, int from,
                                                        int to, const std::string& cidr) {
        AuthorizeSecurityGroupIngress::Input input;
        input.group_id = group_id;
        auto& permission = input.ip_permissions.emplace().emplace_back();
        permission.ip_protocol = protocol;
        if (from != -1 || to != -1) {
            permission.from_port = from;
            permission.to_port = to;
        }
        if (cidr.starts_with("sg-")) {
            permission.user_id_group_pairs.emplace().emplace_back().group_id = cidr;
        } else if (cidr.find(':') != std::string::npos) {
            permission.ipv6_ranges.emplace().emplace_back().cidr_ipv6 = cidr;
        } else {
            permission.ip_ranges.emplace().emplace_back().cidr_ip = cidr;
        }
        return input;
    }
    Answer<AuthorizeSecurityGroupIngress::Output> allow(const std::string& group_id,
                                                        const std::string& protocol, int from,
                                                        int to, const std::string& cidr) {
        return call<AuthorizeSecurityGroupIngress>(ingress(group_id, protocol, from, to, cidr));
    }
    bool admits(const std::string& group_id, const std::string& ip, uint16_t port) {
        return service->allows_ingress(kAccount, kRegion, {group_id}, ip, port);
    }

    FakeClock clock;
    SeededRng rng;
    auth::PolicyAuthorizer authorizer;
    std::unique_ptr<store::Store> store;
    std::unique_ptr<Ec2Service> service;
    contracts::RequestInfo info;
    std::string asked;  // of the last call: "action resource", one a line
};

}  // namespace millrace::ec2
