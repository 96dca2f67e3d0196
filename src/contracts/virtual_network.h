// VirtualNetwork: subnets and security groups, as services with listeners of their own need them.
// Implemented by services/ec2, used by services/dax (checks of requests) and dax/node (who may
// connect). Thread-safety: safe from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace millrace::contracts {

struct SubnetFacts {
    std::string id;
    std::string vpc_id;
    std::string availability_zone;
    std::string cidr;
};

struct SecurityGroupFacts {
    std::string id;
    std::string vpc_id;
};

class VirtualNetwork {
public:
    virtual ~VirtualNetwork() = default;
    // nullopt: the account has no such subnet in the region. May block on the store.
    virtual Result<std::optional<SubnetFacts>> subnet(std::string_view account,
                                                      std::string_view region,
                                                      std::string_view id) = 0;
    virtual Result<std::optional<SecurityGroupFacts>> security_group(std::string_view account,
                                                                     std::string_view region,
                                                                     std::string_view id) = 0;
    // The subnets of the account's default VPC, by availability zone, and its default group.
    virtual Result<std::vector<SubnetFacts>> default_subnets(std::string_view account,
                                                             std::string_view region) = 0;
    virtual Result<SecurityGroupFacts> default_security_group(std::string_view account,
                                                              std::string_view region) = 0;

    // Whether an inbound rule of one of the groups lets `source_ip` (text of an IPv4 or IPv6
    // address) connect by TCP to `port`. From memory: never blocks on the store.
    virtual bool allows_ingress(std::string_view account, std::string_view region,
                                const std::vector<std::string>& group_ids,
                                std::string_view source_ip, uint16_t port) = 0;
};

}  // namespace millrace::contracts
