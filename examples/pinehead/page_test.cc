// The page: ranked with ties in a fixed order, nothing from an order is markup.
#include "page.h"

#include <gtest/gtest.h>

namespace pinehead {
namespace {

TEST(Page, RankedWithFixedTies) {
    std::vector<Row> rows{{"B", "x", 1}, {"A", "y", 1}, {"A", "x", 1},
                          {"C", "z", 3}, {"É", "x", 1}, {"a", "x", 1}};
    rank(rows);
    std::string order;
    for (const Row& row : rows) order += row.album + row.artist + " ";
    EXPECT_EQ(order, "Cz Ax Ay Bx ax Éx ");
}

TEST(Page, EscapesEverything) {
    const std::string page = render_page({{"<script>alert('1')</script>", "A & \"B\"", 2}});
    EXPECT_EQ(page.find("<script"), std::string::npos);
    EXPECT_NE(page.find("<td>&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;</td><td>A &amp; "
                        "&quot;B&quot;</td><td>2</td>"),
              std::string::npos);
    EXPECT_NE(page.find("<meta charset=\"utf-8\">"), std::string::npos);
}

}  // namespace
}  // namespace pinehead
