// HttpClient: a synchronous HTTP/1.1 client over one kept-alive connection, plain or TLS.
// Thread-safety: confined to one thread. Errors of the network are std::runtime_error.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>

namespace pinehead {

struct HttpAnswer {
    int status = 0;
    std::map<std::string, std::string> headers;  // lower-case names
    std::string body;
};

class HttpClient {
public:
    // `url`: "http://127.0.0.1:4566" or "https://dynamodb.us-east-1.amazonaws.com"; no path.
    explicit HttpClient(const std::string& url);
    ~HttpClient();

    const std::string& host() const { return host_; }  // as the Host header has it
    // `timeout` zero: waits for ever (the Runtime API's next). A connection that the other side
    // closed while it was idle is opened again, once.
    HttpAnswer send(const std::string& method, const std::string& target,
                    const std::map<std::string, std::string>& headers, const std::string& body,
                    std::chrono::milliseconds timeout);

private:
    struct Connection;
    HttpAnswer send_once(const std::string& method, const std::string& target,
                         const std::map<std::string, std::string>& headers, const std::string& body,
                         std::chrono::milliseconds timeout);

    bool secure_ = false;
    std::string name_;
    std::string port_;
    std::string host_;
    std::unique_ptr<Connection> connection_;
};

}  // namespace pinehead
