// What is in the indexes is what a recomputation from the items says, whatever is done to items and
// indexes.
#include <algorithm>
#include <map>
#include <set>

#include "services/dynamodb/testing.h"
#include "services/dynamodb/workers/index_builder.h"

namespace millrace::dynamodb {
namespace {

using testing::from_json;
using testing::Server;

using Texts = std::map<std::string, std::string>;  // attribute: its value as JSON

// An index, as the reference sees it.
struct IndexPlan {
    std::string name;
    bool global = true;
    std::vector<std::pair<std::string, char>> hash;  // name and type
    std::vector<std::pair<std::string, char>> sort;
    std::string projection = "ALL";
    std::set<std::string> included;

    std::vector<std::pair<std::string, char>> keys() const {
        auto all = hash;
        all.insert(all.end(), sort.begin(), sort.end());
        return all;
    }
    // Nothing: the item is not in the index.
    std::optional<Texts> entry_of(const Texts& item) const {
        std::set<std::string> shown = included;
        shown.insert({"pk", "sk"});
        for (const auto& [key, type] : keys()) {
            const auto found = item.find(key);
            if (found == item.end() || found->second[2] != type) return std::nullopt;
            shown.insert(key);
        }
        if (projection == "ALL") return item;
        Texts entry;
        for (const auto& [attribute, value] : item) {
            if (shown.contains(attribute)) entry[attribute] = value;
        }
        return entry;
    }
};

std::set<std::string> attributes(int from, int to) {
    std::set<std::string> names;
    for (int i = from; i < to; ++i) names.insert("p" + std::to_string(i));
    return names;
}

// Of the table from its beginning: local ones, and global ones that project 20 attributes each.
std::vector<IndexPlan> first_plans() {
    std::vector<IndexPlan> plans = {
        {"lsi-keys", false, {{"pk", 'S'}}, {{"a", 'S'}}, "KEYS_ONLY", {}},
        {"lsi-some", false, {{"pk", 'S'}}, {{"n", 'N'}}, "INCLUDE", {"x", "m"}}};
    for (int i = 0; i < 4; ++i) {
        plans.push_back({"wide-" + std::to_string(i),
                         true,
                         {{"a", 'S'}},
                         {},
                         "INCLUDE",
                         attributes(20 * i, 20 * (i + 1))});
    }
    return plans;
}
// Made and removed again. With those above, 100 projected attributes: the most.
std::vector<IndexPlan> later_plans() {
    IndexPlan many{"gsi-some", true, {{"a", 'S'}}, {{"n", 'N'}}, "INCLUDE", attributes(0, 17)};
    many.included.insert("x");
    return {
        {"gsi-all", true, {{"n", 'N'}}, {}, "ALL", {}},
        std::move(many),
        {"gsi-multi", true, {{"a", 'S'}, {"b", 'B'}}, {{"n", 'N'}, {"sk", 'N'}}, "KEYS_ONLY", {}}};
}

std::string json_of(const Texts& item) {
    std::string json;
    for (const auto& [attribute, value] : item)
        json += (json.empty() ? "{\"" : ",\"") + attribute + "\":" + value;
    return json + "}";
}

template <class Request>
void describe(const IndexPlan& plan, Request& request) {
    request.index_name = plan.name;
    request.key_schema.emplace();
    for (const auto& [key, type] : plan.hash)
        request.key_schema->push_back({.attribute_name = key, .key_type = "HASH"});
    for (const auto& [key, type] : plan.sort)
        request.key_schema->push_back({.attribute_name = key, .key_type = "RANGE"});
    request.projection.emplace().projection_type = plan.projection;
    if (plan.projection == "INCLUDE")
        request.projection->non_key_attributes.emplace(plan.included.begin(), plan.included.end());
}

class IndexContents : public ::testing::TestWithParam<uint64_t> {
protected:
    void SetUp() override {
        CreateTable::Input input;
        input.table_name = "tbl";
        input.billing_mode = "PAY_PER_REQUEST";
        input.key_schema = {{{.attribute_name = "pk", .key_type = "HASH"},
                             {.attribute_name = "sk", .key_type = "RANGE"}}};
        input.attribute_definitions =
            definitions({{"pk", 'S'}, {"sk", 'N'}, {"a", 'S'}, {"n", 'N'}});
        input.local_secondary_indexes.emplace();
        input.global_secondary_indexes.emplace();
        for (const IndexPlan& plan : first_plans()) {
            if (plan.global) {
                describe(plan, input.global_secondary_indexes->emplace_back());
            } else {
                describe(plan, input.local_secondary_indexes->emplace_back());
            }
        }
        const auto made = server_.run<CreateTable>(input);
        ASSERT_TRUE(made) << made.error().message;
        plans_ = first_plans();
    }

    static std::vector<model::dynamodb::AttributeDefinition> definitions(
        const std::vector<std::pair<std::string, char>>& keys) {
        std::vector<model::dynamodb::AttributeDefinition> out;
        for (const auto& [name, type] : keys)
            out.push_back({.attribute_name = name, .attribute_type = std::string(1, type)});
        return out;
    }

    size_t below(size_t n) { return rng_.next_u64() % n; }

    void create(const IndexPlan& plan) {
        UpdateTable::Input input;
        input.table_name = "tbl";
        input.attribute_definitions = definitions(plan.keys());
        describe(plan,
                 input.global_secondary_index_updates.emplace().emplace_back().create.emplace());
        const auto made = server_.run<UpdateTable>(input);
        ASSERT_TRUE(made) << made.error().message;
        plans_.push_back(plan);
    }
    static UpdateTable::Input one_more() {
        UpdateTable::Input input;
        input.table_name = "tbl";
        describe({"gsi-more", true, {{"a", 'S'}}, {}, "INCLUDE", {"more"}},
                 input.global_secondary_index_updates.emplace().emplace_back().create.emplace());
        return input;
    }
    void remove(const std::string& name) {
        UpdateTable::Input input;
        input.table_name = "tbl";
        input.global_secondary_index_updates.emplace().emplace_back().delete_.emplace().index_name =
            name;
        ASSERT_TRUE(server_.run<UpdateTable>(input));
        std::erase_if(plans_, [&](const IndexPlan& plan) { return plan.name == name; });
    }

    Texts key() {
        return {{"pk", R"({"S":")" + std::string(1, static_cast<char>('a' + below(4))) + "\"}"},
                {"sk", R"({"N":")" + std::to_string(below(12)) + "\"}"}};
    }
    // A value of an attribute that may be a key; of the wrong type only while no index refuses it.
    std::string value(const std::string& attribute) {
        const char small = static_cast<char>('0' + below(3));
        bool keyed = attribute == "a" || attribute == "n";
        for (const IndexPlan& plan : plans_) {
            for (const auto& [name, type] : plan.keys()) keyed = keyed || name == attribute;
        }
        if (!keyed && below(3) == 0) return R"({"L":[{"NULL":true}]})";
        if (attribute == "n") return std::string(R"({"N":")") + small + ".5\"}";
        if (attribute == "b") return std::string(R"({"B":"A)") + "AQg"[small - '0'] + "==\"}";
        return std::string(R"({"S":")") + small + "\"}";
    }
    Texts item() {
        Texts item = key();
        for (const char* attribute : {"a", "n", "b", "x", "m", "p7", "other"}) {
            if (below(4) != 0) item[attribute] = value(attribute);
        }
        return item;
    }

    // One update: an attribute is set, another removed.
    template <class Update>
    Texts update(Update& request) {
        const Texts key = this->key();
        const char* const names[] = {"a", "n", "b", "x", "m", "p7"};
        const std::string set = names[below(6)];
        const std::string removed = names[below(6)];
        request.table_name = "tbl";
        request.key = from_json(json_of(key));
        const std::string value = this->value(set);
        request.update_expression = "SET #s = :v" + std::string(removed == set ? "" : " REMOVE #r");
        request.expression_attribute_names.emplace()["#s"] = set;
        if (removed != set) (*request.expression_attribute_names)["#r"] = removed;
        request.expression_attribute_values = from_json(R"({":v":)" + value + "}");
        Texts after = items_.contains(json_of(key)) ? items_[json_of(key)] : key;
        after.erase(removed);
        after[set] = value;
        return after;
    }
    // An item from before an index may have what cannot be its key: no update leaves it so.
    bool violates(const Texts& item) const {
        for (const IndexPlan& plan : plans_) {
            for (const auto& [key, type] : plan.keys()) {
                const auto found = item.find(key);
                if (found != item.end() && found->second[2] != type) return true;
            }
        }
        return false;
    }
    void keep(const Texts& item) {
        items_[json_of({{"pk", item.at("pk")}, {"sk", item.at("sk")}})] = item;
    }

    void write() {
        const Texts put = item();
        const Texts gone = key();
        switch (below(5)) {
            case 0: {
                ASSERT_TRUE(server_.put("tbl", json_of(put)));
                return keep(put);
            }
            case 1: {
                UpdateItem::Input input;
                const Texts after = update(input);
                const auto done = server_.run<UpdateItem>(input);
                ASSERT_EQ(done.has_value(), !violates(after));
                if (done) keep(after);
                return;
            }
            case 2: {
                DeleteItem::Input input;
                input.table_name = "tbl";
                input.key = from_json(json_of(gone));
                ASSERT_TRUE(server_.run<DeleteItem>(input));
                items_.erase(json_of(gone));
                return;
            }
            case 3: {
                if (same_key(put, gone)) return;
                BatchWriteItem::Input input;
                auto& requests = input.request_items.emplace()["tbl"];
                requests.emplace_back().put_request.emplace().item = from_json(json_of(put));
                requests.emplace_back().delete_request.emplace().key = from_json(json_of(gone));
                ASSERT_TRUE(server_.run<BatchWriteItem>(input));
                break;
            }
            default: {
                TransactWriteItems::Input input;
                input.transact_items.emplace();
                auto& first = input.transact_items->emplace_back().put.emplace();
                first.table_name = "tbl";
                first.item = from_json(json_of(put));
                auto& second = input.transact_items->emplace_back().delete_.emplace();
                second.table_name = "tbl";
                second.key = from_json(json_of(gone));
                auto& third = input.transact_items->emplace_back().update.emplace();
                const Texts after = update(third);
                if (same_key(put, gone) || same_key(put, after) || same_key(gone, after)) {
                    EXPECT_FALSE(server_.run<TransactWriteItems>(input));
                    return;
                }
                const auto done = server_.run<TransactWriteItems>(input);
                ASSERT_EQ(done.has_value(), !violates(after));
                if (!done) return;
                keep(after);
            }
        }
        keep(put);
        items_.erase(json_of(gone));
    }
    static bool same_key(const Texts& a, const Texts& b) {
        return a.at("pk") == b.at("pk") && a.at("sk") == b.at("sk");
    }

    template <class Op>
    void read_all(typename Op::Input input, std::multiset<std::string>& found) {
        input.limit = 5;
        do {
            const auto page = server_.run<Op>(input);
            ASSERT_TRUE(page) << page.error().message;
            for (const item::Item& item : *page->items) found.insert(item::to_json(item));
            input.exclusive_start_key = page->last_evaluated_key;
        } while (input.exclusive_start_key);
    }

    void compare(const IndexPlan& plan) {
        std::multiset<std::string> wanted;
        std::map<std::string, std::multiset<std::string>> by_hash;  // by the query's values
        for (const auto& [key, item] : items_) {
            const auto entry = plan.entry_of(item);
            if (!entry) continue;
            const std::string text = item::to_json(from_json(json_of(*entry)));
            wanted.insert(text);
            Texts values;
            for (const auto& [name, type] : plan.hash) values[":" + name] = item.at(name);
            by_hash[json_of(values)].insert(text);
        }
        std::multiset<std::string> scanned;
        Scan::Input scan;
        scan.table_name = "tbl";
        scan.index_name = plan.name;
        read_all<Scan>(scan, scanned);
        EXPECT_EQ(scanned, wanted) << plan.name;
        for (const auto& [values, entries] : by_hash) {
            Query::Input query;
            query.table_name = "tbl";
            query.index_name = plan.name;
            query.scan_index_forward = below(2) == 0;
            std::string condition;
            for (const auto& [name, type] : plan.hash)
                condition += (condition.empty() ? "" : " AND ") + name + " = :" + name;
            query.key_condition_expression = condition;
            query.expression_attribute_values = from_json(values);
            std::multiset<std::string> queried;
            read_all<Query>(query, queried);
            EXPECT_EQ(queried, entries) << plan.name << " " << values;
        }
    }

    Server server_;
    SeededRng rng_{GetParam()};
    IndexBuilder builder_{server_.service};
    std::map<std::string, Texts> items_;
    std::vector<IndexPlan> plans_;
};

TEST_P(IndexContents, AreWhatTheItemsSay) {
    for (int cycle = 0; cycle < 6; ++cycle) {
        for (const IndexPlan& plan : later_plans()) {
            for (int i = 0; i < 25; ++i) write();
            create(plan);
            // Written while it is filled.
            for (int i = 0; i < 10; ++i) {
                write();
                if (i % 4 == 3) builder_.step(server_.clock.now());
            }
            server_.work(builder_);
        }
        EXPECT_FALSE(server_.run<UpdateTable>(one_more()));
        for (int i = 0; i < 40; ++i) {
            write();
            if (i % 10 == 0) compare(plans_[below(plans_.size())]);
        }
        for (const IndexPlan& plan : plans_) compare(plan);
        for (const IndexPlan& plan : later_plans()) {
            remove(plan.name);
            write();
            server_.work(builder_);
        }
        size_t entries = 0;
        for (const IndexPlan& plan : plans_) {
            for (const auto& [key, item] : items_)
                entries += plan.global && plan.entry_of(item) ? 1 : 0;
        }
        EXPECT_EQ(server_.rows(store::Space::kGsi), entries) << "nothing is left of removed ones";
        if (HasFailure()) return;
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, IndexContents, ::testing::Values(1, 2, 3));

}  // namespace
}  // namespace millrace::dynamodb
