// Environments and their pools, with a runtime whose behaviour the event chooses.
#include "sandbox/runner.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/one_shot.h"
#include "sandbox/testing.h"

namespace millrace::sandbox {
namespace {

namespace fs = std::filesystem;
using Answer = contracts::InvocationResult;
using Kind = contracts::InvocationResult::Kind;

constexpr const char* kBootstrap = R"(#!/usr/bin/python3 -S
import http.client, os, sys, time
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
base = "/2018-06-01/runtime/"
def call(method, path, body=None, **headers):
    api.request(method, base + path, body, headers)
    response = api.getresponse()
    return response.status, dict(response.getheaders()), response.read().decode()
if os.environ.get("INIT") == "error":
    call("POST", "init/error", '{"errorType":"Runtime.Init"}')
    sys.exit(1)
if os.environ.get("INIT") == "exit":
    sys.exit(3)
count = 0
while True:
    status, headers, event = call("GET", "invocation/next")
    count += 1
    id = headers["Lambda-Runtime-Aws-Request-Id"]
    print("event", event, flush=True)
    if event == '"count"':
        call("POST", f"invocation/{id}/response", str(count))
    elif event == '"headers"':
        names = sorted(name for name in headers if name.startswith("Lambda-"))
        call("POST", f"invocation/{id}/response", str([headers[name] for name in names if "Deadline" not in name]))
    elif event == '"error"':
        call("POST", f"invocation/{id}/error", '{"errorType":"E"}')
    elif event == '"wrong id"':
        call("POST", "invocation/other/response", "1")
        answer = call("POST", "invocation/other/response", "1")
        call("POST", f"invocation/{id}/response", str(answer[0]))
    elif event == '"large"':
        status = call("POST", f"invocation/{id}/response", "x" * 6291557)[0]
        print("answered", status, flush=True)
    elif event == '"streaming"':
        call("POST", f"invocation/{id}/response", "1", **{"Lambda-Runtime-Function-Response-Mode": "streaming"})
    elif event == '"exit"':
        sys.exit(0)
    elif event == '"nonsense"':
        api.sock.sendall(b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n")
        time.sleep(100)
    elif event == '"pipeline"':
        api.sock.setblocking(False)
        requests = b"GET /nonsense HTTP/1.1\r\n\r\n" * 10000
        at = 0
        while True:
            try:
                at = (at + api.sock.send(requests[at:])) % len(requests)
            except BlockingIOError:
                pass
            try:
                api.sock.recv(1 << 20)
            except BlockingIOError:
                pass
    elif event == '"unread"':
        call("POST", f"invocation/{id}/response", "1")
        api.sock.sendall(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n")
        time.sleep(100)
    elif event == '"sleep"':
        time.sleep(100)
)";

class Logs final : public contracts::LogSink {
public:
    void write(std::string_view, std::string_view, std::string_view group, std::string_view,
               std::vector<contracts::LogLine> lines) override {
        const MutexLock lock(mutex_);
        for (const auto& line : lines) text_ += std::string(group) + ": " + line.text + "\n";
    }
    std::string text() {
        const MutexLock lock(mutex_);
        return text_;
    }

private:
    Mutex mutex_;
    std::string text_ MR_GUARDED_BY(mutex_);
};

class RunnerTest : public testing::Test {
protected:
    RunnerTest() {
        std::string pattern = (fs::temp_directory_path() / "runner-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        std::ofstream(folder_ + "/code.zip", std::ios::binary)
            << zip_of({{"bootstrap", kBootstrap, 0755, ""}});
        RunnerOptions options;
        options.cache_folder = folder_ + "/cache";
        options.environments_max = 1;
        options.blob_path = [this](std::string_view) { return Result(folder_ + "/code.zip"); };
        runner_ = std::make_unique<SandboxRunner>(
            std::move(options), clock_, rng_, logs_, [](const contracts::FunctionSpec&) {
                return Result(contracts::Credential{"AKIA", "secret", "token", {}, nullptr});
            });
    }
    ~RunnerTest() override {
        runner_.reset();
        fs::remove_all(folder_);
    }
    static contracts::FunctionSpec spec(const std::string& name = "f") {
        contracts::FunctionSpec made;
        made.account_id = "123456789012";
        made.region = "eu-west-1";
        made.name = name;
        made.arn = "arn:aws:lambda:eu-west-1:123456789012:function:" + name;
        made.version = "$LATEST";
        made.revision = "1";
        made.runtime = "provided.al2023";
        made.code_sha256 = "abc";
        made.timeout_seconds = 30;
        made.log_group = "/aws/lambda/" + name;
        return made;
    }
    Answer run(const contracts::FunctionSpec& function, const std::string& event,
               bool want_tail = false) {
        contracts::Invocation invocation;
        invocation.request_id = "request-1";
        invocation.payload = "\"" + event + "\"";
        invocation.invoked_arn = function.arn + ":x";
        invocation.trace_id = "Root=1";
        invocation.client_context = "{\"a\":1}";
        invocation.want_log_tail = want_tail;
        const auto done = std::make_shared<OneShot<Answer>>();
        runner_->run(std::make_shared<contracts::FunctionSpec>(function), std::move(invocation),
                     [done](Answer answer) { done->give(std::move(answer)); });
        return done->wait();
    }
    Answer run(const std::string& event) { return run(spec(), event); }

    std::string folder_;
    SystemClock clock_;
    SeededRng rng_{7};
    Logs logs_;
    std::unique_ptr<SandboxRunner> runner_;
};

std::string error(const char* type, const std::string& text) {
    return std::string("{\"errorType\":\"") + type + "\",\"errorMessage\":\"" + text + "\"}";
}

TEST_F(RunnerTest, AWarmEnvironmentTakesTheNextEvent) {
    EXPECT_EQ(run("count").payload, "1");
    EXPECT_EQ(run("count").payload, "2");
    contracts::FunctionSpec changed = spec();
    changed.revision = "2";
    EXPECT_EQ(run(changed, "count").payload, "1");
}

TEST_F(RunnerTest, ARetiredOneDoesNot) {
    EXPECT_EQ(run("count").payload, "1");
    runner_->retire(spec().arn, "", "1");
    EXPECT_EQ(run("count").payload, "2");
    runner_->retire(spec().arn, "", "");
    EXPECT_EQ(run("count").payload, "1");
}

TEST_F(RunnerTest, RuntimeGetsTheHeaders) {
    EXPECT_EQ(run("headers").payload,
              "['request-1', '{\"a\":1}', '" + spec().arn + ":x', 'Root=1']");
}

TEST_F(RunnerTest, ErrorsOfTheFunction) {
    const Answer failed = run("error");
    EXPECT_EQ(failed.kind, Kind::kFunctionError);
    EXPECT_EQ(failed.payload, "{\"errorType\":\"E\"}");
    EXPECT_EQ(run("wrong id").payload, "400");
    EXPECT_EQ(run("count").payload, "3");
}

TEST_F(RunnerTest, ALargeResponseIsRefusedAndTheEnvironmentGoesOn) {
    EXPECT_EQ(run("large").payload, error("Function.ResponseSizeTooLarge",
                                          "Response payload size exceeded maximum "
                                          "allowed payload size (6291556 bytes)."));
    EXPECT_EQ(run("count").payload, "2");
    runner_->stop();
    EXPECT_NE(logs_.text().find("answered 413"), std::string::npos);
}

TEST_F(RunnerTest, ExitsAndNonsenseEndTheEnvironment) {
    EXPECT_EQ(run("exit").payload,
              error("Runtime.ExitError",
                    "RequestId: request-1 Error: Runtime exited without providing a reason"));
    EXPECT_EQ(run("nonsense").payload,
              error("Runtime.ExitError",
                    "RequestId: request-1 Error: Runtime exited with error: signal: killed"));
    EXPECT_EQ(run("streaming").kind, Kind::kFunctionError);
    EXPECT_EQ(run("count").payload, "1");
}

TEST_F(RunnerTest, ATimeoutEndsTheEnvironment) {
    contracts::FunctionSpec brief = spec();
    brief.timeout_seconds = 1;
    EXPECT_EQ(
        run(brief, "sleep").payload,
        error("Sandbox.Timedout", "RequestId: request-1 Error: Task timed out after 1.00 seconds"));
    EXPECT_EQ(run(brief, "count").payload, "1");
}

// Requests that are answered with errors for ever, and an event that is not read.
TEST_F(RunnerTest, ATimeoutEndsWhatKeepsTheRuntimeApiBusy) {
    contracts::FunctionSpec brief = spec();
    brief.timeout_seconds = 1;
    const std::string timed_out =
        error("Sandbox.Timedout", "RequestId: request-1 Error: Task timed out after 1.00 seconds");
    EXPECT_EQ(run(brief, "pipeline").payload, timed_out);
    EXPECT_EQ(run(brief, "unread").payload, "1");
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(run(brief, std::string(5'000'000, 'x')).payload, timed_out);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
    EXPECT_EQ(run(brief, "count").payload, "1");
}

TEST_F(RunnerTest, AStopEndsWhatKeepsTheRuntimeApiBusy) {
    EXPECT_EQ(run("count").payload, "1");
    contracts::Invocation invocation;
    invocation.request_id = "request-1";
    invocation.payload = "\"pipeline\"";
    const auto done = std::make_shared<OneShot<Answer>>();
    runner_->run(std::make_shared<contracts::FunctionSpec>(spec()), std::move(invocation),
                 [done](Answer answer) { done->give(std::move(answer)); });
    const auto begin = std::chrono::steady_clock::now();
    runner_->stop(std::chrono::seconds(1));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
    EXPECT_EQ(done->wait().kind, Kind::kFunctionError);
}

TEST_F(RunnerTest, ErrorsOfTheStart) {
    contracts::FunctionSpec function = spec();
    function.environment["INIT"] = "error";
    EXPECT_EQ(run(function, "count").payload, "{\"errorType\":\"Runtime.Init\"}");
    function.revision = "2";
    function.environment["INIT"] = "exit";
    EXPECT_EQ(run(function, "count").payload,
              error("Runtime.ExitError",
                    "RequestId: request-1 Error: Runtime exited with error: exit status 3"));
    function.revision = "3";
    function.runtime = "python3.12";
    EXPECT_EQ(run(function, "count").kind, Kind::kStartFailed);
    function.runtime = "provided.al2023";
    function.code_sha256 = "other";
    std::ofstream(folder_ + "/code.zip", std::ios::binary) << "no zip";
    EXPECT_EQ(run(function, "count").kind, Kind::kStartFailed);
}

TEST_F(RunnerTest, TheLogIsComplete) {
    const std::string tail = run(spec(), "count", true).log_tail;
    runner_->stop();
    EXPECT_NE(tail.find("START RequestId: request-1 Version: $LATEST\nevent \"count\"\nEND "
                        "RequestId: request-1\nREPORT RequestId: request-1\tDuration: "),
              std::string::npos)
        << tail;
    EXPECT_NE(tail.find("\tInit Duration: "), std::string::npos);
    const std::string text = logs_.text();
    EXPECT_TRUE(text.starts_with("/aws/lambda/f: INIT_START ")) << text;
    EXPECT_NE(text.find("/aws/lambda/f: REPORT RequestId: request-1\tDuration: "),
              std::string::npos);
}

TEST_F(RunnerTest, TooManyAtOnceAreThrottledAndAStopEndsThem) {
    // The limit and the few more that may be ending.
    std::vector<std::shared_ptr<OneShot<Answer>>> waiting;
    for (size_t n = 0; n < 9; ++n) {
        contracts::Invocation invocation;
        invocation.request_id = "request-1";
        invocation.payload = "\"sleep\"";
        const auto& done = waiting.emplace_back(std::make_shared<OneShot<Answer>>());
        runner_->run(std::make_shared<contracts::FunctionSpec>(spec("f" + std::to_string(n))),
                     std::move(invocation),
                     [done](Answer answer) { done->give(std::move(answer)); });
    }
    EXPECT_EQ(run("count").kind, Kind::kThrottled);
    runner_->stop();
    for (const auto& done : waiting) EXPECT_EQ(done->wait().kind, Kind::kFunctionError);
    EXPECT_EQ(run("count").kind, Kind::kThrottled);
}

}  // namespace
}  // namespace millrace::sandbox
