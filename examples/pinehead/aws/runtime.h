// The Lambda Runtime API: fetches one event after the other and hands it to a handler.
// Source: "Using the Lambda runtime API for custom runtimes", AWS Lambda Developer Guide.
#pragma once

#include <functional>

#include "aws/json.h"

namespace pinehead {

// Never returns while the environment lives. What the handler throws is reported as its error.
int run_lambda(const std::function<json::value(const json::value& event)>& handler);

}  // namespace pinehead
