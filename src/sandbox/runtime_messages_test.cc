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
             "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
             "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
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
    reader.clear();
    reader.append("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;" +
                  std::string(RuntimeReader::kLineBytesMax, 'x'));
    EXPECT_EQ(reader.take(request), Status::kBad);
}

// Whatever its length, and however it comes: nothing is kept, and the next request is found.
TEST(RuntimeReader, KeepsNoBodyThatIsTooLarge) {
    const std::string piece(64 * 1024, 'x');
    constexpr size_t kPieces = 200;
    RuntimeReader reader;
    RuntimeRequest request;
    reader.append("POST /a HTTP/1.1\r\nContent-Length: " + std::to_string(kPieces * piece.size()) +
                  "\r\n\r\n");
    for (size_t i = 0; i < kPieces; ++i) {
        ASSERT_EQ(reader.take(request), Status::kMore);
        reader.append(piece);
    }
    ASSERT_EQ(reader.take(request), Status::kRequest);
    EXPECT_TRUE(request.too_large);
    EXPECT_EQ(request.body, "");
    reader.append("POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (size_t i = 0; i < kPieces; ++i) {
        reader.append("10000\r\n" + piece + "\r\n");
        ASSERT_EQ(reader.take(request), Status::kMore);
    }
    reader.append("0\r\n\r\nGET /c HTTP/1.1\r\n\r\n");
    ASSERT_EQ(reader.take(request), Status::kRequest);
    EXPECT_EQ(request.path, "/b");
    EXPECT_TRUE(request.too_large);
    ASSERT_EQ(reader.take(request), Status::kRequest);
    EXPECT_EQ(request.path, "/c");
    EXPECT_FALSE(request.too_large);
    reader.append("POST /d HTTP/1.1\r\nContent-Length: 6291556\r\n\r\n" +
                  std::string(RuntimeReader::kBodyBytesMax, 'x'));
    ASSERT_EQ(reader.take(request), Status::kRequest);
    EXPECT_FALSE(request.too_large);
    EXPECT_EQ(request.body.size(), RuntimeReader::kBodyBytesMax);
}

// Minutes, if what was parsed once were parsed again.
TEST(RuntimeReader, TakesSmallChunksInSmallPiecesInTime) {
    RuntimeReader reader;
    RuntimeRequest request;
    reader.append("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
    constexpr size_t kChunks = 1'000'000;
    for (size_t i = 0; i < kChunks; ++i) {
        reader.append("1\r\nx\r\n");
        ASSERT_EQ(reader.take(request), Status::kMore);
    }
    reader.append("0\r\n\r\n");
    ASSERT_EQ(reader.take(request), Status::kRequest);
    EXPECT_EQ(request.body.size(), kChunks);
}

TEST(RuntimeAnswer, HasNoHeaderThatACallerMade) {
    EXPECT_EQ(runtime_answer(200, {{"Lambda-Runtime-Trace-Id", "a\r\nX: b"}}, "{}"),
              "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
              "Lambda-Runtime-Trace-Id: a  X: b\r\n\r\n{}");
}

}  // namespace
}  // namespace millrace::sandbox
