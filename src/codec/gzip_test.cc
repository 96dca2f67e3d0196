#include "codec/gzip.h"

#include <gtest/gtest.h>

namespace millrace::codec {
namespace {

std::string read_all(GzipReader& reader, std::string_view bytes, size_t piece, size_t room) {
    std::string out;
    for (bool more = true; more;) {
        std::string_view part = bytes.substr(0, piece);
        const size_t given = part.size();
        std::string some;
        if (!reader.read(part, some, room)) return "no gzip";
        out += some;
        bytes.remove_prefix(given - part.size());
        more = !bytes.empty() || !some.empty();
    }
    return out;
}

TEST(GzipReader, ReadsStreamsInPieces) {
    std::string text;
    for (int i = 0; i < 50'000; ++i) text += "line " + std::to_string(i) + "\n";
    const std::string packed = gzip(text) + gzip("and one more");
    for (const size_t piece : {size_t{1}, size_t{1000}, packed.size()}) {
        GzipReader reader;
        EXPECT_EQ(read_all(reader, packed, piece, 1), text + "and one more");
        EXPECT_TRUE(reader.at_end());
    }
    GzipReader cut;
    read_all(cut, std::string_view(packed).substr(0, 500), 500, 1 << 20);
    EXPECT_FALSE(cut.at_end());
    GzipReader wrong;
    EXPECT_EQ(read_all(wrong, "no gzip at all", 100, 100), "no gzip");
}

TEST(GzipReader, StopsWhenThereIsRoomForNoMore) {
    const std::string packed = gzip(std::string(50'000'000, 'x'));
    GzipReader reader;
    std::string_view rest = packed;
    std::string out;
    ASSERT_TRUE(reader.read(rest, out, 1 << 20));
    EXPECT_LT(out.size(), size_t{2} << 20);
    EXPECT_FALSE(rest.empty());
}

}  // namespace
}  // namespace millrace::codec
