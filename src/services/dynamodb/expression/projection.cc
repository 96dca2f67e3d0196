// ProjectionExpression: parsing, overlapping paths, picking attributes. See expression.h.
#include <algorithm>

#include "core/bytes.h"
#include "services/dynamodb/expression/paths.h"
#include "services/dynamodb/expression/syntax.h"

namespace millrace::dynamodb::expression {
namespace {

using item::ItemView;
using item::Type;
using item::ValueView;

class ProjectionParser final : public Parser {
public:
    using Parser::Parser;

    Result<Projection> parse() {
        if (!start() || !parse_paths() || !check_reserved_words()) return take_error();
        for (SyntaxNode& node : nodes_) {
            if (!resolve_names(node)) return take_error();
        }
        std::vector<const Path*> paths;
        for (const SyntaxNode& node : nodes_) paths.push_back(&node.path);
        if (const auto clash = find_path_clash(paths)) {
            fail(*clash);
            return take_error();
        }
        Projection projection;
        for (SyntaxNode& node : nodes_) projection.paths.push_back(std::move(node.path));
        return projection;
    }

private:
    bool is_keyword(const Token&) const override { return false; }

    bool parse_paths() {
        do {
            if (parse_path() == kFailed) return false;
        } while (accept_symbol(","));
        if (peek().kind == TokenKind::kEnd) return true;
        fail_syntax();
        return false;
    }
};

// Paths ascending: a path before those that go on from it, names before indexes.
using Paths = std::span<const Path* const>;

bool path_less(const Path* a, const Path* b) {
    return std::lexicographical_compare(
        a->begin(), a->end(), b->begin(), b->end(), [](const PathElement& x, const PathElement& y) {
            return x.index != y.index ? x.index < y.index : x.name < y.name;
        });
}

bool pick(std::string& out, ValueView value, Paths paths, size_t depth);

// Appends the entries that the paths pick from a map.
void pick_entries(std::string& out, ItemView map, Paths paths, size_t depth) {
    size_t from = 0;
    for (const item::Attribute& attribute : map) {
        const auto name_at = [&](size_t i) { return std::string_view((*paths[i])[depth].name); };
        const auto is_name = [&](size_t i) {
            return i < paths.size() && !(*paths[i])[depth].is_index();
        };
        while (is_name(from) && name_at(from) < attribute.name) ++from;
        if (!is_name(from)) return;
        size_t to = from;
        while (is_name(to) && name_at(to) == attribute.name) ++to;
        if (to == from) continue;
        const size_t entry = out.size();
        append_bytes(out, attribute.name);
        if (!pick(out, attribute.value, paths.subspan(from, to - from), depth + 1))
            out.resize(entry);
        from = to;
    }
}

// Appends what the paths pick from the value; false, with nothing appended, if that is nothing.
bool pick(std::string& out, ValueView value, Paths paths, size_t depth) {
    if (!value.has_value()) return false;
    if (paths.front()->size() == depth) {
        out.append(value.bytes());
        return true;
    }
    const size_t begin = out.size();
    if (value.is(Type::kMap)) {
        pick_entries(out, value.map(), paths, depth);
    } else if (value.is(Type::kList)) {
        size_t from = 0;
        int32_t index = 0;
        for (const ValueView& element : value.list()) {
            while (from < paths.size() && (*paths[from])[depth].index < index) ++from;
            if (from == paths.size()) break;
            size_t to = from;
            while (to < paths.size() && (*paths[to])[depth].index == index) ++to;
            if (to != from) pick(out, element, paths.subspan(from, to - from), depth + 1);
            ++index;
        }
    }
    if (out.size() == begin) return false;
    item::wrap_value(out, begin, value.type());
    return true;
}

enum class Relation : uint8_t { kApart, kOverlap, kConflict };

Relation relation(const Path& a, const Path& b) {
    for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        if (a[i].is_index() != b[i].is_index()) return Relation::kConflict;
        if (a[i] != b[i]) return Relation::kApart;
    }
    return Relation::kOverlap;
}

}  // namespace

std::optional<std::string> find_path_clash(const std::vector<const Path*>& paths) {
    // Ascending, paths that clash are neighbours: the usual answer, none, is found without
    // comparing every pair.
    std::vector<const Path*> sorted = paths;
    std::sort(sorted.begin(), sorted.end(), path_less);
    const auto clash = std::adjacent_find(
        sorted.begin(), sorted.end(),
        [](const Path* a, const Path* b) { return relation(*a, *b) != Relation::kApart; });
    if (clash == sorted.end()) return std::nullopt;
    for (const Relation wanted : {Relation::kOverlap, Relation::kConflict}) {
        for (size_t second = 1; second < paths.size(); ++second) {
            for (size_t first = 0; first < second; ++first) {
                if (relation(*paths[first], *paths[second]) != wanted) continue;
                return std::string("Two document paths ")
                    .append(wanted == Relation::kOverlap ? "overlap" : "conflict")
                    .append(
                        " with each other; must remove or rewrite one of these paths; path one: ")
                    .append(path_text(*paths[first]))
                    .append(", path two: ")
                    .append(path_text(*paths[second]));
            }
        }
    }
    return std::nullopt;
}

Result<Projection> parse_projection(std::string_view text, ExpressionContext& context) {
    return ProjectionParser(text, Kind::kProjection, context).parse();
}

item::Item project(const Projection& projection, ItemView item) {
    std::vector<const Path*> paths;
    paths.reserve(projection.paths.size());
    for (const Path& path : projection.paths) paths.push_back(&path);
    std::sort(paths.begin(), paths.end(), path_less);
    std::string out;
    pick_entries(out, item, paths, 0);
    return item::Item::from_bytes(std::move(out));
}

}  // namespace millrace::dynamodb::expression
