// The managed policies of AWS that people attach, with their published documents. Those that name
// services we lack still say the same. Thread-safety: constant data.
// Source: AWS Managed Policy Reference Guide.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "services/iam/entity.h"

namespace millrace::iam {

// `path_and_name`: "/service-role/AWSLambdaBasicExecutionRole".
std::optional<ManagedPolicy> aws_managed_policy(std::string_view path_and_name);
std::vector<ManagedPolicy> all_aws_managed_policies();

}  // namespace millrace::iam
