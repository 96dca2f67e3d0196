// The leaderboard as a page. Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pinehead {

struct Row {
    std::string album;
    std::string artist;
    int64_t order_count = 0;
};

// Most sold first; equal counts by album, then artist, as code points.
void rank(std::vector<Row>& rows);
// The page for ranked rows, UTF-8. Every text is escaped.
std::string render_page(const std::vector<Row>& rows);

}  // namespace pinehead
