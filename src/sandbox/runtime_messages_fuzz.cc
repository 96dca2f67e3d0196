// Whatever a runtime sends, in whatever pieces: no request is larger than allowed.
#include <cstdlib>

#include "sandbox/runtime_messages.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using millrace::sandbox::RuntimeReader;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const size_t piece = size == 0 ? 1 : 1 + data[0] % 64;
    RuntimeReader reader;
    millrace::sandbox::RuntimeRequest request;
    for (size_t at = 0; at < size; at += piece) {
        reader.append(text.substr(at, piece));
        RuntimeReader::Status status = RuntimeReader::Status::kMore;
        while ((status = reader.take(request)) == RuntimeReader::Status::kRequest) {
            if (request.body.size() > RuntimeReader::kBodyBytesMax) std::abort();
        }
        if (status == RuntimeReader::Status::kBad) break;
    }
    return 0;
}
