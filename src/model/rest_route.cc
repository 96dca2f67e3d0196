// Which operation a method, path and query mean.
#include "core/check.h"
#include "model/rest_protocol.h"

namespace millrace::model {
namespace {

// Paths with more segments than any URI pattern has are no operation of ours; a greedy label takes
// any number.
constexpr size_t kSegmentsMax = 16;

struct Path {
    std::vector<std::string_view> segments;  // still encoded
    std::vector<size_t> starts;              // of each in the path
    std::string_view text;                   // without the leading '/'
};

// "/bucket/a//b" -> "bucket", "a", "", "b". A trailing '/' makes no segment of its own.
Path split(std::string_view path) {
    Path split_path;
    if (path.starts_with('/')) path.remove_prefix(1);
    split_path.text = path;
    size_t begin = 0;
    while (begin < path.size() && split_path.segments.size() <= kSegmentsMax) {
        size_t end = path.find('/', begin);
        if (end == std::string_view::npos) end = path.size();
        split_path.segments.push_back(path.substr(begin, end - begin));
        split_path.starts.push_back(begin);
        begin = end + 1;
    }
    return split_path;
}

bool segments_match(std::span<const UriSegment> pattern, const Path& path) {
    for (size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i].type == UriSegment::Type::kGreedyLabel) {
            MR_DCHECK(i + 1 == pattern.size());
            return i < path.starts.size();
        }
        if (i >= path.segments.size() || path.segments[i].empty()) return false;
        if (pattern[i].type == UriSegment::Type::kLiteral && path.segments[i] != pattern[i].text)
            return false;
    }
    return path.segments.size() == pattern.size();
}

bool has_name(const codec::FormPairs& query, std::string_view name) {
    for (const auto& pair : query) {
        if (pair.first == name) return true;
    }
    return false;
}

bool literals_match(std::span<const QueryLiteral> literals, const codec::FormPairs& query) {
    for (const QueryLiteral& literal : literals) {
        bool found = false;
        for (const auto& [name, value] : query) {
            if (name == literal.name && (!literal.has_value || value == literal.value))
                found = true;
        }
        if (!found) return false;
    }
    return true;
}

// How well a route that matches fits: query literals count most, then required parameters and
// headers that are there; a route that lacks one of those comes last.
int fitness(const RouteDescriptor& route, const codec::FormPairs& query,
            const HttpRequest& request) {
    int score = static_cast<int>(route.query_literals.size()) * 1000;
    bool complete = true;
    for (const std::string_view name : route.required_query) {
        if (has_name(query, name))
            score += 10;
        else
            complete = false;
    }
    for (const std::string_view name : route.required_headers) {
        if (request.has_header(name))
            score += 10;
        else
            complete = false;
    }
    if (!complete) score -= 500;
    // Of two alike (ListBuckets and ListDirectoryBuckets) the one that is served.
    return score * 2 + (route.operation != nullptr ? 1 : 0);
}

}  // namespace

std::string_view RestMatch::label(std::string_view label_name) const {
    for (const auto& [name_of_label, value] : labels) {
        if (name_of_label == label_name) return value;
    }
    return {};
}

RestMatch match_rest(const ServiceDescriptor& service, std::string_view method,
                     std::string_view path, std::string_view query, const HttpRequest& request) {
    RestMatch match;
    if (auto pairs = codec::parse_form(query)) match.query = std::move(*pairs);
    const Path parts = split(path);
    const RouteDescriptor* best = nullptr;
    int best_fitness = 0;
    for (const RouteDescriptor& route : service.routes) {
        if (route.http_method != method || !segments_match(route.segments, parts) ||
            !literals_match(route.query_literals, match.query)) {
            continue;
        }
        const int route_fitness = fitness(route, match.query, request);
        if (best == nullptr || route_fitness > best_fitness) {
            best = &route;
            best_fitness = route_fitness;
        }
    }
    if (best == nullptr) return match;
    match.operation = best->operation;
    match.name = best->name;
    for (size_t i = 0; i < best->segments.size(); ++i) {
        const UriSegment& segment = best->segments[i];
        if (segment.type == UriSegment::Type::kLiteral) continue;
        const std::string_view raw = segment.type == UriSegment::Type::kGreedyLabel
                                         ? parts.text.substr(parts.starts[i])
                                         : parts.segments[i];
        match.labels.emplace_back(segment.text, codec::url_decode(raw));
    }
    return match;
}

}  // namespace millrace::model
