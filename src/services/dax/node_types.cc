#include "services/dax/node_types.h"

namespace millrace::dax_control {
namespace {

struct NodeType {
    std::string_view name;
    uint64_t memory_mib;
};

constexpr NodeType kTypes[] = {
    {"dax.t2.small", 2048},        {"dax.t2.medium", 4096},       {"dax.t3.small", 2048},
    {"dax.t3.medium", 4096},       {"dax.r3.large", 15'616},      {"dax.r3.xlarge", 31'232},
    {"dax.r3.2xlarge", 62'464},    {"dax.r3.4xlarge", 124'928},   {"dax.r3.8xlarge", 249'856},
    {"dax.r4.large", 15'616},      {"dax.r4.xlarge", 31'232},     {"dax.r4.2xlarge", 62'464},
    {"dax.r4.4xlarge", 124'928},   {"dax.r4.8xlarge", 249'856},   {"dax.r4.16xlarge", 499'712},
    {"dax.r5.large", 16'384},      {"dax.r5.xlarge", 32'768},     {"dax.r5.2xlarge", 65'536},
    {"dax.r5.4xlarge", 131'072},   {"dax.r5.8xlarge", 262'144},   {"dax.r5.12xlarge", 393'216},
    {"dax.r5.16xlarge", 524'288},  {"dax.r5.24xlarge", 786'432},  {"dax.r7i.large", 16'384},
    {"dax.r7i.xlarge", 32'768},    {"dax.r7i.2xlarge", 65'536},   {"dax.r7i.4xlarge", 131'072},
    {"dax.r7i.8xlarge", 262'144},  {"dax.r7i.12xlarge", 393'216}, {"dax.r7i.16xlarge", 524'288},
    {"dax.r7i.24xlarge", 786'432},
};

}  // namespace

std::optional<uint64_t> memory_of_node_type(std::string_view type) {
    for (const NodeType& known : kTypes) {
        if (known.name == type) return known.memory_mib << 20;
    }
    return std::nullopt;
}

}  // namespace millrace::dax_control
