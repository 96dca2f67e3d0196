#include "page.h"

#include <algorithm>
#include <tuple>

namespace pinehead {
namespace {

std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

constexpr const char* kHead = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Pinehead Records: Top Orders</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 56rem; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #ccc; padding: .35rem .6rem; text-align: left; }
th:last-child, td:last-child { text-align: right; font-variant-numeric: tabular-nums; }
</style>
</head>
<body>
<h1>Pinehead Records: Top Orders</h1>
<table>
<thead><tr><th>Album</th><th>Artist</th><th># Sold</th></tr></thead>
<tbody>
)";

}  // namespace

void rank(std::vector<Row>& rows) {
    // Bytes of UTF-8 sort as code points do.
    std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
        return std::tie(b.order_count, a.album, a.artist) <
               std::tie(a.order_count, b.album, b.artist);
    });
}

std::string render_page(const std::vector<Row>& rows) {
    std::string page = kHead;
    for (const Row& row : rows) {
        page += "<tr><td>" + escaped(row.album) + "</td><td>" + escaped(row.artist) + "</td><td>" +
                std::to_string(row.order_count) + "</td></tr>\n";
    }
    return page + "</tbody>\n</table>\n</body>\n</html>\n";
}

}  // namespace pinehead
