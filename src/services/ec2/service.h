// Ec2Service: VPCs, subnets and security groups, and the VirtualNetwork that others ask. There are
// no instances: what has an address is this host alone, and its addresses are members of every
// security group. The one header of this room that others include.
// Thread-safety: safe from any thread. Ownership: the store is the app's.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "contracts/network_users.h"
#include "contracts/operation.h"
#include "contracts/virtual_network.h"
#include "core/mutex.h"
#include "services/ec2/cidr.h"
#include "services/ec2/network.h"

namespace millrace::ec2 {

// Whether the text of an address is one of this host's own.
using OwnAddress = std::function<bool(std::string_view ip)>;

class Ec2Service final : public contracts::VirtualNetwork {
public:
    // Reads all rows.
    Ec2Service(store::Store& store, OwnAddress own_address);
    contracts::ServiceEntry entry();
    // Before the first request. Without: nobody refers to anything.
    void set_users(contracts::NetworkUsers* users) { users_ = users; }

    Result<std::optional<contracts::SubnetFacts>> subnet(std::string_view account,
                                                         std::string_view region,
                                                         std::string_view id) override;
    Result<std::optional<contracts::SecurityGroupFacts>> security_group(
        std::string_view account, std::string_view region, std::string_view id) override;
    Result<std::vector<contracts::SubnetFacts>> default_subnets(std::string_view account,
                                                                std::string_view region) override;
    Result<contracts::SecurityGroupFacts> default_security_group(std::string_view account,
                                                                 std::string_view region) override;
    bool allows_ingress(std::string_view account, std::string_view region,
                        const std::vector<std::string>& group_ids, std::string_view source_ip,
                        uint16_t port) override;

    // Of the caller's account and region. O(what the region holds).
    Region load(contracts::OpContext& context);
    // Writes the row of that id as it is in `region`, or removes it if it is there no more; the
    // first time, the region's defaults too.
    void save(contracts::OpContext& context, const Region& region,
              const std::vector<std::string>& ids);
    bool is_used(contracts::OpContext& context, std::string_view id);

private:
    // Calls back with the region as it is committed. Returns when that is on disk.
    template <class Look>
    Result<void> look(std::string_view account, std::string_view region, const Look& look);

    store::Store& store_;
    const OwnAddress own_address_;
    contracts::NetworkUsers* users_ = nullptr;
    Mutex mutex_;
    // What is committed, by partition; regions that nobody changed are not there.
    std::unordered_map<std::string, Region> known_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::ec2
