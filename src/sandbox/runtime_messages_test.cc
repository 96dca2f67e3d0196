#include "sandbox/runtime_messages.h"

#include <gtest/gtest.h>

namespace millrace::sandbox {
namespace {

using Status = RuntimeReader::Status;

TEST(RuntimeReader, TakesRequestsOneByOne) {
    RuntimeReader reader;
    reader.append("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\nPOST /a HT");
    RuntimeRequest request;
    ASSERT_EQ(reader.take(request), Status::kRequest);
    EXPECT_EQ(request.method, "GET");
    EXPECT_EQ(request.path, "/2018-06-01/runtime/invocation/next");
    EXPECT_EQ(reader.take(request), Status::kMore);
    reader.append("TP/1.1\r\ncontent-length: 3\r\n\r\nab");
    EXPECT_EQ(reader.take(request), Status::kMore);
    reader.append("c");
    ASSERT_EQ(reader.take(request), Status::kRequest);
    EXPECT_EQ(request.body, "abc");
    EXPECT_EQ(reader.take(request), Status::kMore);
}

TEST(RuntimeReader, TakesHeaders) {
    RuntimeReader reader;
    reader.append(
        "POST /a HTTP/1.1\r\nLambda-Runtime-Function-Error-Type: Runtime.X\r\n"
        "Lambda-Runtime-Function-Response-Mode: streaming\r\nContent-Length: 0\r\n\r\n");
    RuntimeRequest request;
    ASSERT_EQ(reader.take(request), Status::kRequest);
    EXPECT_EQ(request.error_type, "Runtime.X");
    EXPECT_TRUE(request.streaming);
}

TEST(RuntimeReader, TakesChunksAndTrailersByteByByte) {
    const std::string text =
        "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n"
        "0\r\nTrailer: 1\r\n\r\n";
    RuntimeReader reader;
    RuntimeRequest request;
    for (size_t i = 0; i < text.size(); ++i) {
        ASSERT_EQ(reader.take(request), Status::kMore) << i;
        reader.append(text.substr(i, 1));
    }
    ASSERT_EQ(reader.take(request), Status::kRequest);
    EXPECT_EQ(request.body, "abc0123456789");
}

TEST(RuntimeReader, RefusesWhatIsNoRequest) {
    for (const char* text : {
             "nonsense\r\n\r\n",
             "POST /a HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
             "POST /a HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
             "POST /a HTTP/1.1\r\nContent-Length: 33554433\r\n\r\n",
             "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff0\r\n",
             "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
             "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
         }) {
        RuntimeReader reader;
        reader.append(text);
        RuntimeRequest request;
        EXPECT_EQ(reader.take(request), Status::kBad) << text;
    }
    RuntimeReader reader;
    reader.append("GET /" + std::string(RuntimeReader::kHeadBytesMax, 'x'));
    RuntimeRequest request;
    EXPECT_EQ(reader.take(request), Status::kBad);
}

TEST(RuntimeAnswer, HasNoHeaderThatACallerMade) {
    EXPECT_EQ(runtime_answer(200, {{"Lambda-Runtime-Trace-Id", "a\r\nX: b"}}, "{}"),
              "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
              "Lambda-Runtime-Trace-Id: a  X: b\r\n\r\n{}");
}

}  // namespace
}  // namespace millrace::sandbox
