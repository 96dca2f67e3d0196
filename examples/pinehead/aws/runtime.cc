#include "aws/runtime.h"

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "aws/http_client.h"

namespace pinehead {

int run_lambda(const std::function<json::value(const json::value& event)>& handler) {
    const char* api =
        std::getenv("AWS_LAMBDA_RUNTIME_API");  // NOLINT(concurrency-mt-unsafe): nothing sets it
    if (api == nullptr) {
        std::fputs(
            "bootstrap: AWS_LAMBDA_RUNTIME_API is not set; this program runs as a Lambda "
            "function\n",
            stderr);
        return 1;
    }
    HttpClient client("http://" + std::string(api));
    const std::string base = "/2018-06-01/runtime/invocation/";
    for (;;) {
        HttpAnswer next = client.send("GET", base + "next", {}, {}, std::chrono::milliseconds(0));
        if (next.status != 200) return 1;
        const std::string id = next.headers["lambda-runtime-aws-request-id"];
        std::string path = base + id + "/response";
        std::string answer;
        std::map<std::string, std::string> headers{{"content-type", "application/json"}};
        try {
            answer = json::serialize(handler(json::parse(next.body)));
        } catch (const std::exception& error) {
            std::fprintf(stderr, "ERROR %s\n", error.what());
            path = base + id + "/error";
            headers["lambda-runtime-function-error-type"] = "Function.Error";
            answer = json::serialize(
                json::object{{"errorType", "Function.Error"}, {"errorMessage", error.what()}});
        }
        client.send("POST", path, headers, answer, std::chrono::milliseconds(10'000));
    }
}

}  // namespace pinehead
