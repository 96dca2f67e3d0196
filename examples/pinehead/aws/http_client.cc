#include "aws/http_client.h"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <cctype>
#include <stdexcept>
#include <variant>

namespace pinehead {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

// Where Amazon Linux and Debian keep their certificates.
constexpr const char* kCertificateFiles[] = {"/etc/pki/tls/certs/ca-bundle.crt",
                                             "/etc/ssl/certs/ca-certificates.crt"};

// The connection broke before an answer began: safe to say that nothing was answered.
struct ConnectionLost : std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace

struct HttpClient::Connection {
    asio::io_context io;
    asio::ssl::context tls{asio::ssl::context::tls_client};
    std::unique_ptr<asio::ip::tcp::socket> plain;
    std::unique_ptr<asio::ssl::stream<asio::ip::tcp::socket>> secure;
    beast::flat_buffer buffer;

    asio::ip::tcp::socket& socket() { return secure ? secure->next_layer() : *plain; }
};

HttpClient::HttpClient(const std::string& url) {
    const size_t scheme_end = url.find("://");
    if (scheme_end == std::string::npos) throw std::runtime_error("not a URL: " + url);
    secure_ = url.substr(0, scheme_end) == "https";
    host_ = url.substr(scheme_end + 3);
    host_ = host_.substr(0, host_.find('/'));
    const size_t colon = host_.rfind(':');
    name_ = host_.substr(0, colon);
    port_ = colon == std::string::npos ? (secure_ ? "443" : "80") : host_.substr(colon + 1);
}

HttpClient::~HttpClient() = default;

HttpAnswer HttpClient::send(const std::string& method, const std::string& target,
                            const std::map<std::string, std::string>& headers,
                            const std::string& body, std::chrono::milliseconds timeout) {
    const bool reused = connection_ != nullptr;
    try {
        return send_once(method, target, headers, body, timeout);
    } catch (const ConnectionLost&) {
        connection_.reset();
        if (!reused) throw;
    } catch (...) {
        connection_.reset();
        throw;
    }
    return send_once(method, target, headers, body, timeout);
}

HttpAnswer HttpClient::send_once(const std::string& method, const std::string& target,
                                 const std::map<std::string, std::string>& headers,
                                 const std::string& body, std::chrono::milliseconds timeout) {
    if (!connection_) {
        auto fresh = std::make_unique<Connection>();
        asio::ip::tcp::resolver resolver(fresh->io);
        const auto addresses = resolver.resolve(name_, port_);
        if (secure_) {
            for (const char* file : kCertificateFiles) {
                if (::access(file, R_OK) == 0) fresh->tls.load_verify_file(file);
            }
            fresh->tls.set_verify_mode(asio::ssl::verify_peer);
            fresh->secure =
                std::make_unique<asio::ssl::stream<asio::ip::tcp::socket>>(fresh->io, fresh->tls);
            fresh->secure->set_verify_callback(asio::ssl::host_name_verification(name_));
            if (SSL_set_tlsext_host_name(fresh->secure->native_handle(), name_.c_str()) != 1) {
                throw std::runtime_error("TLS: cannot set the server name");
            }
            asio::connect(fresh->secure->next_layer(), addresses);
            fresh->secure->handshake(asio::ssl::stream_base::client);
        } else {
            fresh->plain = std::make_unique<asio::ip::tcp::socket>(fresh->io);
            asio::connect(*fresh->plain, addresses);
        }
        fresh->socket().set_option(asio::ip::tcp::no_delay(true));
        connection_ = std::move(fresh);
    }
    timeval limit{};
    limit.tv_sec = timeout.count() / 1000;
    limit.tv_usec = timeout.count() % 1000 * 1000;
    const int fd = connection_->socket().native_handle();
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);

    http::request<http::string_body> request{http::string_to_verb(method), target, 11};
    request.set(http::field::host, host_);
    for (const auto& [name, value] : headers) {
        if (name != "host") request.set(name, value);
    }
    request.body() = body;
    request.prepare_payload();
    http::response_parser<http::string_body> parser;
    parser.body_limit(64 << 20);
    if (method == "HEAD") parser.skip(true);
    beast::error_code error;
    if (connection_->secure) {
        http::write(*connection_->secure, request, error);
        if (!error) http::read(*connection_->secure, connection_->buffer, parser, error);
    } else {
        http::write(*connection_->plain, request, error);
        if (!error) http::read(*connection_->plain, connection_->buffer, parser, error);
    }
    if (error) {
        const std::string text = method + " " + host_ + ": " + error.message();
        if (!parser.got_some() && error != asio::error::try_again &&
            error != asio::error::timed_out) {
            throw ConnectionLost(text);
        }
        throw std::runtime_error(text);
    }
    HttpAnswer answer;
    answer.status = static_cast<int>(parser.get().result_int());
    for (const auto& field : parser.get()) {
        std::string name(field.name_string());
        for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        answer.headers.emplace(std::move(name), field.value());
    }
    answer.body = std::move(parser.get().body());
    if (!parser.get().keep_alive()) connection_.reset();
    return answer;
}

}  // namespace pinehead
