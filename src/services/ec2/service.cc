#include "services/ec2/service.h"

#include "services/ec2/errors.h"

namespace millrace::ec2 {
namespace {

contracts::SubnetFacts facts_of(std::string_view region, const std::string& id,
                                const Subnet& subnet) {
    return {id, subnet.vpc_id, zone_name(region, subnet.zone), subnet.cidr};
}

std::optional<std::string> row_of(const Region& region, const std::string& id) {
    if (const auto vpc = region.vpcs.find(id); vpc != region.vpcs.end()) return encode(vpc->second);
    if (const auto subnet = region.subnets.find(id); subnet != region.subnets.end())
        return encode(subnet->second);
    if (const auto group = region.groups.find(id); group != region.groups.end())
        return encode(group->second);
    return std::nullopt;
}

}  // namespace

Ec2Service::Ec2Service(store::Store& store, OwnAddress own_address)
    : store_(store), own_address_(std::move(own_address)) {
    const MutexLock lock(mutex_);
    store_.run([this](store::Txn& txn) MR_NO_THREAD_SAFETY_ANALYSIS {
        known_.clear();
        txn.scan_space(store::Space::kNetworks, "", "", "",
                       [this](std::string_view partition, std::string_view sort,
                              std::string_view row) MR_NO_THREAD_SAFETY_ANALYSIS {
                           take_row(known_[std::string(partition)], sort, row);
                           return true;
                       });
        return store::TxnDecision::kRollback;
    });
}

Region Ec2Service::load(contracts::OpContext& context) {
    const std::string partition = partition_of(context.account(), context.region());
    Region region;
    bool marked = false;
    context.txn().scan({store::Space::kNetworks, partition, "", ""},
                       [&](std::string_view sort, std::string_view row) {
                           marked = marked || sort == kRegionSort;
                           take_row(region, sort, row);
                           return true;
                       });
    return marked ? region : first_region(context.account(), context.region());
}

void Ec2Service::save(contracts::OpContext& context, const Region& region,
                      const std::vector<std::string>& ids) {
    const std::string partition = partition_of(context.account(), context.region());
    std::map<std::string, std::optional<std::string>> rows;
    if (!context.txn().get({store::Space::kNetworks, partition, kRegionSort})) {
        const Region first = first_region(context.account(), context.region());
        const auto add = [&](const auto& all) {
            for (const auto& [id, value] : all) rows[id] = encode(value);
        };
        add(first.vpcs);
        add(first.subnets);
        add(first.groups);
    }
    // Every time: whoever waits for this row waits for the last change.
    rows[std::string(kRegionSort)] = encode_region_mark();
    for (const std::string& id : ids) rows[id] = row_of(region, id);
    for (const auto& [id, row] : rows) {
        const store::KeyView key{store::Space::kNetworks, partition, id};
        if (row) {
            context.txn().put(key, *row);
        } else {
            context.txn().erase(key);
        }
    }
    context.txn().on_commit([this, partition, rows = std::move(rows)](store::Version) {
        const MutexLock lock(mutex_);
        Region& known = known_[partition];
        for (const auto& [id, row] : rows) {
            if (row) {
                take_row(known, id, *row);
            } else {
                drop_row(known, id);
            }
        }
    });
}

bool Ec2Service::is_used(contracts::OpContext& context, std::string_view id) {
    return users_ != nullptr &&
           users_->uses(context.txn(), context.account(), context.region(), id);
}

template <class Look>
Result<void> Ec2Service::look(std::string_view account, std::string_view region, const Look& look) {
    const std::string partition = partition_of(account, region);
    {
        const MutexLock lock(mutex_);
        const auto known = known_.find(partition);
        look(known == known_.end() ? first_region(account, region) : known->second);
    }
    // What a power cut could take back is not told to anybody.
    std::optional<std::string> mark;
    store::Ticket ticket = 0;
    if (store_.read({store::Space::kNetworks, partition, kRegionSort}, mark, ticket) !=
            store::CommitStatus::kOk ||
        !store_.wait_durable(ticket))
        return errors::make("InternalError", "An internal error has occurred", 500);
    return {};
}

Result<std::optional<contracts::SubnetFacts>> Ec2Service::subnet(std::string_view account,
                                                                 std::string_view region,
                                                                 std::string_view id) {
    std::optional<contracts::SubnetFacts> facts;
    MR_CHECK_OK(look(account, region, [&](const Region& all) {
        const auto found = all.subnets.find(id);
        if (found != all.subnets.end()) facts = facts_of(region, found->first, found->second);
    }));
    return facts;
}

Result<std::optional<contracts::SecurityGroupFacts>> Ec2Service::security_group(
    std::string_view account, std::string_view region, std::string_view id) {
    std::optional<contracts::SecurityGroupFacts> facts;
    MR_CHECK_OK(look(account, region, [&](const Region& all) {
        const auto found = all.groups.find(id);
        if (found != all.groups.end())
            facts = contracts::SecurityGroupFacts{found->first, found->second.vpc_id};
    }));
    return facts;
}

Result<std::vector<contracts::SubnetFacts>> Ec2Service::default_subnets(std::string_view account,
                                                                        std::string_view region) {
    std::map<uint8_t, contracts::SubnetFacts> by_zone;
    MR_CHECK_OK(look(account, region, [&](const Region& all) {
        for (const auto& [id, subnet] : all.subnets) {
            if (subnet.default_for_zone) by_zone[subnet.zone] = facts_of(region, id, subnet);
        }
    }));
    std::vector<contracts::SubnetFacts> facts;
    for (auto& [zone, subnet] : by_zone) facts.push_back(std::move(subnet));
    return facts;
}

Result<contracts::SecurityGroupFacts> Ec2Service::default_security_group(std::string_view account,
                                                                         std::string_view region) {
    contracts::SecurityGroupFacts facts;
    MR_CHECK_OK(look(account, region, [&](const Region& all) {
        facts.vpc_id = all.default_vpc();
        facts.id = all.find_group(facts.vpc_id, "default");
    }));
    if (facts.id.empty()) return errors::no_default_vpc();
    return facts;
}

bool Ec2Service::allows_ingress(std::string_view account, std::string_view region,
                                const std::vector<std::string>& group_ids,
                                std::string_view source_ip, uint16_t port) {
    const std::optional<Address> source = parse_address(source_ip);
    if (!source) return false;
    const auto admits = [&](const Region& all) {
        for (const std::string& id : group_ids) {
            const auto group = all.groups.find(id);
            if (group == all.groups.end()) continue;
            for (const Rule& rule : group->second.rules) {
                if (rule.egress) continue;
                if (rule.protocol != kAllProtocols &&
                    (rule.protocol != kTcp || port < rule.from_port || port > rule.to_port))
                    continue;
                if (rule.from_group()) {
                    if (own_address_(source_ip)) return true;
                    continue;
                }
                const std::optional<Cidr> cidr = parse_cidr(rule.peer);
                if (cidr && cidr->contains(*source)) return true;
            }
        }
        return false;
    };
    const MutexLock lock(mutex_);
    const auto known = known_.find(partition_of(account, region));
    return admits(known == known_.end() ? first_region(account, region) : known->second);
}

}  // namespace millrace::ec2
