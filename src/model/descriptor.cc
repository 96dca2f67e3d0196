#include "model/descriptor.h"

#include <algorithm>

namespace millrace::model {

const OperationDescriptor* find_operation(const ServiceDescriptor& service, std::string_view name) {
    const auto found =
        std::lower_bound(service.operations.begin(), service.operations.end(), name,
                         [](const OperationDescriptor& operation, std::string_view wanted) {
                             return operation.name < wanted;
                         });
    if (found == service.operations.end() || found->name != name) return nullptr;
    return &*found;
}

bool is_known_operation(const ServiceDescriptor& service, std::string_view name) {
    return std::binary_search(service.known_operations.begin(), service.known_operations.end(),
                              name);
}

}  // namespace millrace::model
