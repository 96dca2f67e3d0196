// HttpReader: what it reads, and above all what it refuses. Goal: nothing that a proxy in front of
// us could frame differently gets through. Method: heads and bodies as text, whole and byte by
// byte.
#include "net/http_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::net {
namespace {

using Status = HttpReader::Status;

// 0 when the head was read, otherwise the HTTP status of the refusal; -1: more bytes wanted. The
// head's views stay good until the next call.
int read(const std::string& request, Head& head) {
    static std::string text;
    text = request;
    HttpReader reader;
    size_t consumed = 0;
    switch (reader.read_head(text, head, consumed)) {
        case Status::kDone:
            return 0;
        case Status::kError:
            return reader.error_status();
        case Status::kNeedMore:
            return -1;
    }
    return -2;
}

int read(const std::string& text) {
    Head head;
    return read(text, head);
}

TEST(HttpReader, ReadsARequest) {
    const std::string text =
        "POST /a%20b?x=1&y HTTP/1.1\r\nHost: localhost:4566\r\nContent-Length: 5\r\n"
        "X-Amz-Target:  DynamoDB_20120810.GetItem \r\nEmpty:\r\n\r\nhelloGET";
    Head head;
    HttpReader reader;
    size_t consumed = 0;
    ASSERT_EQ(reader.read_head(text, head, consumed), Status::kDone);
    EXPECT_EQ(text.substr(consumed), "helloGET");
    EXPECT_EQ(head.request.method, "POST");
    EXPECT_EQ(head.request.target, "/a%20b?x=1&y");
    EXPECT_EQ(head.request.path, "/a%20b");
    EXPECT_EQ(head.request.query, "x=1&y");
    EXPECT_EQ(head.request.header("x-amz-target"), "DynamoDB_20120810.GetItem");
    EXPECT_TRUE(head.request.has_header("empty"));
    EXPECT_EQ(head.content_length, 5u);
    EXPECT_TRUE(head.keep_alive);
    EXPECT_FALSE(head.chunked);
}

TEST(HttpReader, ReadsByteByByte) {
    const std::string text = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    HttpReader reader;
    Head head;
    size_t consumed = 0;
    for (size_t n = 0; n < text.size(); ++n) {
        ASSERT_EQ(reader.read_head(text.substr(0, n), head, consumed), Status::kNeedMore) << n;
    }
    EXPECT_EQ(reader.read_head(text, head, consumed), Status::kDone);
    EXPECT_EQ(consumed, text.size());
}

TEST(HttpReader, KeepAliveAndVersions) {
    Head head;
    EXPECT_EQ(read("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", head), 0);
    EXPECT_FALSE(head.keep_alive);
    EXPECT_EQ(read("GET / HTTP/1.0\r\n\r\n", head), 0);
    EXPECT_FALSE(head.keep_alive);
    EXPECT_EQ(read("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", head), 0);
    EXPECT_TRUE(head.keep_alive);
    EXPECT_EQ(read("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505);
    EXPECT_EQ(read("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
}

TEST(HttpReader, AbsoluteTarget) {
    Head head;
    EXPECT_EQ(read("GET http://other/p?q HTTP/1.1\r\nHost: a\r\n\r\n", head), 0);
    EXPECT_EQ(head.request.path, "/p");
    EXPECT_EQ(head.request.query, "q");
    EXPECT_EQ(read("GET http://other HTTP/1.1\r\nHost: a\r\n\r\n", head), 0);
    EXPECT_EQ(head.request.path, "/");
    EXPECT_EQ(read("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
}

TEST(HttpReader, RefusesAmbiguousFraming) {
    const std::string start = "POST / HTTP/1.1\r\nHost: a\r\n";
    const char* const refused[] = {
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "Content-Length: 5, 5\r\n\r\n",
        "Content-Length: +5\r\n\r\n",
        "Content-Length: -5\r\n\r\n",
        "Content-Length: 0x5\r\n\r\n",
        "Content-Length: 5 5\r\n\r\n",
        "Content-Length: \r\n\r\n",
        "Content-Length: 99999999999999999999\r\n\r\n",
        "Content-Length : 5\r\n\r\n",
        " Content-Length: 5\r\n\r\n",
        "X: a\r\n b\r\n\r\n",
        "X: a\r\n\tb\r\n\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        "Host: b\r\n\r\n",
        "X: a\nY: b\r\n\r\n",
        "X: a\rY: b\r\n\r\n",
        "X\r\n\r\n",
        ": a\r\n\r\n",
        "X y: a\r\n\r\n",
    };
    for (const char* rest : refused) EXPECT_EQ(read(start + rest), 400) << rest;
    EXPECT_EQ(read(start + std::string("X: a\0b\r\n\r\n", 10)), 400);
    EXPECT_EQ(read(start + "Transfer-Encoding: gzip, chunked\r\n\r\n"), 501);
    EXPECT_EQ(read(start + "Transfer-Encoding: identity\r\n\r\n"), 501);
    EXPECT_EQ(read(start + "Transfer-Encoding: xchunked\r\n\r\n"), 501);
    EXPECT_EQ(read(start + "Expect: 200-ok\r\n\r\n"), 417);
    EXPECT_EQ(read("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
    EXPECT_EQ(read("GET / HTTP/1.1\r\n\r\n"), 400);
    EXPECT_EQ(read("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
    EXPECT_EQ(read("GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
    EXPECT_EQ(read("GET a HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
    EXPECT_EQ(read("G\tT / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
}

TEST(HttpReader, LimitsHeads) {
    const std::string start = "GET / HTTP/1.1\r\nHost: a\r\n";
    EXPECT_EQ(read(start + "X: " + std::string(kHeadBytesMax, 'x') + "\r\n\r\n"), 431);
    EXPECT_EQ(read(start + "X: " + std::string(kHeadBytesMax, 'x')), 431);
    std::string many = start;
    for (size_t i = 1; i < kHeaderCountMax; ++i) many += "X: y\r\n";
    EXPECT_EQ(read(many + "\r\n"), 0);
    EXPECT_EQ(read(many + "X: y\r\n\r\n"), 431);
}

// The decoded body, or "error".
std::string read_chunked(const std::string& body, size_t step, std::string* rest = nullptr) {
    const std::string text = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    HttpReader reader;
    Head head;
    size_t consumed = 0;
    if (reader.read_head(text, head, consumed) != Status::kDone) return "bad head";
    std::string content;
    size_t begin = 0;
    for (size_t end = std::min(step, body.size());;) {
        std::string_view piece;
        const Status status =
            reader.read_chunked(std::string_view(body).substr(begin, end - begin), piece, consumed);
        content += piece;
        begin += consumed;
        if (status == Status::kError) return "error";
        if (status == Status::kDone) {
            if (rest != nullptr) *rest = body.substr(begin);
            return content;
        }
        if (!piece.empty()) continue;
        if (end == body.size()) return "short";
        end = std::min(end + step, body.size());
    }
}

TEST(HttpReader, ReadsChunkedBodies) {
    const std::string body = "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nTrailer: z\r\n\r\nnext";
    for (size_t step = 1; step <= body.size(); ++step) {
        std::string rest;
        EXPECT_EQ(read_chunked(body, step, &rest), "hello world") << step;
        EXPECT_TRUE(std::string("next").starts_with(rest.substr(0, 4)));
    }
    for (size_t step = 1; step <= 5; ++step) EXPECT_EQ(read_chunked("0\r\n\r\n", step), "");
}

TEST(HttpReader, RefusesBrokenChunks) {
    EXPECT_EQ(read_chunked("x\r\nhello\r\n0\r\n\r\n", 100), "error");
    EXPECT_EQ(read_chunked("-5\r\nhello\r\n0\r\n\r\n", 100), "error");
    EXPECT_EQ(read_chunked("5\r\nhelloX\r\n0\r\n\r\n", 100), "error");
    EXPECT_EQ(read_chunked("fffffffffffffffff\r\nhello\r\n0\r\n\r\n", 100), "error");
    EXPECT_EQ(read_chunked("5;" + std::string(8000, 'x'), 1000), "error");
    EXPECT_EQ(read_chunked("5\r\nhello\r\n0\r\nT: " + std::string(8000, 'x'), 1000), "error");
    EXPECT_EQ(read_chunked("5\r\nhel", 100), "short");
    for (const char* body :
         {"\r\n", "5\nhello\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n",
          " 5\r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n",
          "5\r\nhello\r\n0\r\nhello\r\n\r\n", "0\r\n: x\r\n\r\n", "0\r\n x: y\r\n\r\n",
          "0\r\nx : y\r\n\r\n", "0\r\nx: y\n\r\n", "5;a=\x01\r\nhello\r\n0\r\n\r\n"}) {
        for (const size_t step : {size_t{1}, size_t{3}, size_t{100}}) {
            EXPECT_EQ(read_chunked(body, step), "error") << body;
        }
    }
}

}  // namespace
}  // namespace millrace::net
