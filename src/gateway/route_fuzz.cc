// route and route_form on arbitrary heads: no crash, and what they find hangs together.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "codec/url.h"
#include "gateway/route.h"
#include "gateway/test_services.h"
#include "model/rest_protocol.h"

// The input: method, target, then header lines "name:value", separated by line feeds; the last part
// is a form.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace millrace;
    static const gateway::ServiceTable services(gateway::all_models());
    const std::string bytes(reinterpret_cast<const char*>(data), size);
    std::string_view rest = bytes;
    const auto next = [&] {
        const size_t end = rest.find('\n');
        const std::string_view line = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
        return line;
    };
    HttpRequest request;
    request.method = next();
    request.target = next();
    const size_t question = request.target.find('?');
    request.path = request.target.substr(0, question);
    if (question != std::string_view::npos) request.query = request.target.substr(question + 1);
    std::string_view form_text;
    while (!rest.empty()) {
        const std::string_view line = next();
        const size_t colon = line.find(':');
        if (colon == std::string_view::npos) {
            form_text = line;
            break;
        }
        request.headers.push_back({line.substr(0, colon), line.substr(colon + 1)});
    }
    const gateway::Route found = gateway::route(services, request);
    const bool needs_service =
        found.kind == gateway::RouteKind::kRest || found.kind == gateway::RouteKind::kWebsite;
    if (needs_service && found.service == nullptr) std::abort();
    if (found.kind == gateway::RouteKind::kRest) {
        const model::RestMatch match = model::match_rest(
            *found.service->entry.model, request.method, found.path, request.query, request);
        if (match.operation != nullptr && match.name != match.operation->name) std::abort();
    }
    if (const auto form = codec::parse_form(form_text)) {
        gateway::route_form(services, request, *form);
    }
    return 0;
}
