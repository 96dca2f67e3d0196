#include "services/dax/rows.h"

#include "core/bytes.h"
#include "core/check.h"

namespace millrace::dax_control {
namespace {

constexpr uint8_t kFormat = 1;

ByteReader reader_of(std::string_view bytes) {
    ByteReader reader(bytes);
    MR_ASSERT(reader.u8() == kFormat);
    return reader;
}

std::string begin_row() {
    std::string out;
    append_u8(out, kFormat);
    return out;
}

void check_end(const ByteReader& reader) { MR_ASSERT(reader.ok() && reader.at_end()); }

// Texts and flags in the order in which they stand on disk.
template <class C, class Text, class Flag>
void visit_fields(C& c, const Text& text, const Flag& flag) {
    for (auto* field : {&c.account, &c.region, &c.name, &c.description, &c.node_type, &c.role_arn,
                        &c.subnet_group, &c.parameter_group, &c.maintenance_window,
                        &c.discovery_address, &c.trouble}) {
        text(*field);
    }
    for (auto* field : {&c.encrypted_at_rest, &c.encrypted_in_transit, &c.applying_parameters,
                        &c.applying_security_groups}) {
        flag(*field);
    }
}

}  // namespace

std::string encode(const Cluster& cluster) {
    std::string out = begin_row();
    append_u8(out, static_cast<uint8_t>(cluster.status));
    append_u64(out, cluster.generation);
    append_u16(out, cluster.discovery_port);
    visit_fields(
        cluster, [&](const std::string& text) { append_bytes(out, text); },
        [&](bool flag) { append_u8(out, flag ? 1 : 0); });
    append_varint(out, cluster.security_groups.size());
    for (const std::string& group : cluster.security_groups) append_bytes(out, group);
    append_map(out, cluster.tags);
    append_varint(out, cluster.nodes.size());
    for (const Node& node : cluster.nodes) {
        append_bytes(out, node.id);
        append_bytes(out, node.availability_zone);
        append_bytes(out, node.subnet_id);
        append_u64(out, static_cast<uint64_t>(node.created_ms));
        append_u8(out, static_cast<uint8_t>(node.status));
        append_bytes(out, node.address);
        append_u16(out, node.port);
    }
    return out;
}

Cluster decode_cluster(std::string_view bytes) {
    ByteReader reader = reader_of(bytes);
    Cluster cluster;
    cluster.status = static_cast<ClusterStatus>(reader.u8());
    cluster.generation = reader.u64();
    cluster.discovery_port = reader.u16();
    visit_fields(
        cluster, [&](std::string& text) { text = reader.bytes(); },
        [&](bool& flag) { flag = reader.u8() != 0; });
    for (uint64_t n = reader.varint(); n > 0 && reader.ok(); --n)
        cluster.security_groups.emplace_back(reader.bytes());
    cluster.tags = read_map(reader);
    for (uint64_t n = reader.varint(); n > 0 && reader.ok(); --n) {
        Node& node = cluster.nodes.emplace_back();
        node.id = reader.bytes();
        node.availability_zone = reader.bytes();
        node.subnet_id = reader.bytes();
        node.created_ms = static_cast<int64_t>(reader.u64());
        node.status = static_cast<NodeStatus>(reader.u8());
        node.address = reader.bytes();
        node.port = reader.u16();
    }
    check_end(reader);
    return cluster;
}

std::string encode(const ParameterGroup& group) {
    std::string out = begin_row();
    append_bytes(out, group.name);
    append_bytes(out, group.description);
    append_u64(out, static_cast<uint64_t>(group.query_ttl_ms));
    append_u64(out, static_cast<uint64_t>(group.record_ttl_ms));
    return out;
}

ParameterGroup decode_parameter_group(std::string_view bytes) {
    ByteReader reader = reader_of(bytes);
    ParameterGroup group;
    group.name = reader.bytes();
    group.description = reader.bytes();
    group.query_ttl_ms = static_cast<int64_t>(reader.u64());
    group.record_ttl_ms = static_cast<int64_t>(reader.u64());
    check_end(reader);
    return group;
}

std::string encode(const SubnetGroup& group) {
    std::string out = begin_row();
    append_bytes(out, group.name);
    append_bytes(out, group.description);
    append_bytes(out, group.vpc_id);
    append_varint(out, group.subnets.size());
    for (const Subnet& subnet : group.subnets) {
        append_bytes(out, subnet.id);
        append_bytes(out, subnet.availability_zone);
    }
    return out;
}

SubnetGroup decode_subnet_group(std::string_view bytes) {
    ByteReader reader = reader_of(bytes);
    SubnetGroup group;
    group.name = reader.bytes();
    group.description = reader.bytes();
    group.vpc_id = reader.bytes();
    for (uint64_t n = reader.varint(); n > 0 && reader.ok(); --n) {
        Subnet& subnet = group.subnets.emplace_back();
        subnet.id = reader.bytes();
        subnet.availability_zone = reader.bytes();
    }
    check_end(reader);
    return group;
}

std::string encode(const Event& event) {
    std::string out = begin_row();
    append_u8(out, static_cast<uint8_t>(event.source_type));
    append_bytes(out, event.source);
    append_bytes(out, event.message);
    return out;
}

Event decode_event(std::string_view bytes) {
    ByteReader reader = reader_of(bytes);
    Event event;
    event.source_type = static_cast<SourceType>(reader.u8());
    event.source = reader.bytes();
    event.message = reader.bytes();
    check_end(reader);
    return event;
}

std::string partition_of(std::string_view kind, std::string_view account, std::string_view region) {
    return std::string(kind) + std::string(account) + "/" + std::string(region);
}

store::Key row_key(std::string_view kind, std::string_view account, std::string_view region,
                   std::string_view name) {
    return {store::Space::kDax, partition_of(kind, account, region), std::string(name)};
}

std::string event_sort(int64_t at_us) {
    std::string sort;
    append_u64(sort, static_cast<uint64_t>(at_us));
    return sort;
}

int64_t event_time_us(std::string_view sort) {
    return static_cast<int64_t>(ByteReader(sort).u64());
}

}  // namespace millrace::dax_control
