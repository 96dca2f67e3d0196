// Every error that STS answers with. Thread-safety: pure functions. Source: STS API Reference.
#pragma once

#include <string>
#include <utility>

#include "core/error.h"

namespace millrace::sts::errors {

inline Error make(std::string code, int status, std::string message) {
    Error error;
    error.code = std::move(code);
    error.http_status = status;
    error.message = std::move(message);
    return error;
}

}  // namespace millrace::sts::errors
