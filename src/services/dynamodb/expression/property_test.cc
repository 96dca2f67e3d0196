// The evaluator, projections and updates against simple references that work on opened trees and
// share no code with them.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

#include "item/json.h"
#include "item/testing.h"
#include "services/dynamodb/expression/expression.h"

namespace millrace::dynamodb::expression {
namespace {

using item::Item;
using item::MutableValue;
using item::Type;
using item::Value;
using item::testing::arbitrary_item;
using item::testing::arbitrary_value;

struct Step {
    std::string name;
    int index = -1;
};
using Steps = std::vector<Step>;

Steps arbitrary_steps() {
    Steps steps = {{*rc::gen::element(std::string("a"), std::string("b"), std::string("c")), -1}};
    const int more = *rc::gen::inRange(0, 3);
    for (int i = 0; i < more; ++i) {
        if (*rc::gen::arbitrary<bool>()) {
            steps.push_back({{}, *rc::gen::inRange(0, 4)});
        } else {
            steps.push_back(
                {*rc::gen::element(std::string("a"), std::string("b"), std::string("c")), -1});
        }
    }
    return steps;
}

std::string written(const Steps& steps) {
    std::string text = steps[0].name;
    for (size_t i = 1; i < steps.size(); ++i) {
        text +=
            steps[i].index >= 0 ? "[" + std::to_string(steps[i].index) + "]" : "." + steps[i].name;
    }
    return text;
}

// Follows steps in an opened tree.
MutableValue* follow(MutableValue& root, const Steps& steps, size_t count) {
    MutableValue* value = &root;
    for (size_t i = 0; i < count && value != nullptr; ++i) {
        if (steps[i].index >= 0) {
            MutableValue::List* const list = value->list();
            value = list != nullptr && static_cast<size_t>(steps[i].index) < list->size()
                        ? &(*list)[static_cast<size_t>(steps[i].index)]
                        : nullptr;
        } else {
            MutableValue::Map* const map = value->map();
            const auto found =
                map != nullptr ? map->find(steps[i].name) : MutableValue::Map::iterator();
            value = map != nullptr && found != map->end() ? &found->second : nullptr;
        }
    }
    return value;
}

// A random condition as text together with its truth by definition.
class ConditionMaker {
public:
    explicit ConditionMaker(const Item& item) : root_(Value::map(item)) {}

    struct Made {
        std::string text;
        bool truth;
    };

    Made condition(int depth) {
        const int kind = depth > 0 ? *rc::gen::inRange(0, 5) : 4;
        if (kind == 0) {
            const Made a = condition(depth - 1);
            const Made b = condition(depth - 1);
            return {"(" + a.text + ") AND (" + b.text + ")", a.truth && b.truth};
        }
        if (kind == 1) {
            const Made a = condition(depth - 1);
            const Made b = condition(depth - 1);
            return {"(" + a.text + ") or (" + b.text + ")", a.truth || b.truth};
        }
        if (kind == 2) {
            const Made a = condition(depth - 1);
            return {"not (" + a.text + ")", !a.truth};
        }
        return predicate();
    }

    Item values() { return values_.build(); }

private:
    struct Side {
        std::string text;
        std::optional<Value> value;
    };

    Side path() {
        const Steps steps = arbitrary_steps();
        MutableValue* const found = follow(root_, steps, steps.size());
        return {written(steps), found != nullptr ? std::optional(found->to_value()) : std::nullopt};
    }
    Side value(const Value& value) {
        const std::string name = ":v" + std::to_string(count_++);
        values_.set(name, value);
        return {name, value};
    }

    Made predicate() {
        const Side left = path();
        const int kind = *rc::gen::inRange(0, 10);
        if (kind == 0) return {"attribute_exists(" + left.text + ")", left.value.has_value()};
        if (kind == 1) return {"attribute_not_exists(" + left.text + ")", !left.value.has_value()};
        if (kind == 2) {
            const Side right = value(arbitrary_value(1));
            const bool equal = left.value && *left.value == *right.value;
            if (*rc::gen::arbitrary<bool>()) return {left.text + " = " + right.text, equal};
            return {left.text + " <> " + right.text, !equal};
        }
        if (kind == 3) {
            const Value first = arbitrary_value(1);
            const Value second =
                left.value && *rc::gen::arbitrary<bool>() ? *left.value : arbitrary_value(1);
            const Side a = value(first);
            const Side b = value(second);
            const bool in = left.value && (*left.value == first || *left.value == second);
            return {left.text + " IN (" + a.text + ", " + b.text + ")", in};
        }
        if (kind == 4) {
            const Side right = value(arbitrary_value(0));
            return {"contains(" + left.text + ", " + right.text + ")",
                    contains(left.value, *right.value)};
        }
        if (kind == 5) return begins_with(left);
        if (kind == 6) return attribute_type(left);
        if (kind == 7) return size(left);
        if (kind == 8) return between(left);
        const Side right = value(Value::number(*rc::gen::inRange<int64_t>(-3, 4)));
        const std::string op = *rc::gen::element(std::string("<"), std::string("<="),
                                                 std::string(">"), std::string(">="));
        if (!left.value || left.value->type() != Type::kNumber)
            return {left.text + " " + op + " " + right.text, false};
        int64_t a = 0;
        int64_t b = 0;
        item::number_to_int64(left.value->view().number(), a);
        item::number_to_int64(right.value->view().number(), b);
        const bool truth = op == "<" ? a < b : op == "<=" ? a <= b : op == ">" ? a > b : a >= b;
        return {left.text + " " + op + " " + right.text, truth};
    }

    Made begins_with(const Side& left) {
        const std::string text = item::testing::small_text();
        const bool binary = *rc::gen::arbitrary<bool>();
        const Side right = value(binary ? Value::binary(text) : Value::string(text));
        return {"begins_with(" + left.text + ", " + right.text + ")",
                left.value && left.value->type() == right.value->type() &&
                    left.value->view().payload().starts_with(text)};
    }
    Made attribute_type(const Side& left) {
        const auto type = static_cast<Type>(1 + *rc::gen::inRange(0, 10));
        const Side right = value(Value::string(item::type_name(type)));
        return {"attribute_type(" + left.text + ", " + right.text + ")",
                left.value && left.value->type() == type};
    }
    Made size(const Side& left) {
        const int64_t wanted = *rc::gen::inRange<int64_t>(0, 4);
        const Side right = value(Value::number(wanted));
        return {"size(" + left.text + ") = " + right.text,
                left.value && size_of(*left.value) == wanted};
    }
    // -1: it has none.
    static int64_t size_of(const Value& value) {
        if (value.type() == Type::kString || value.type() == Type::kBinary)
            return static_cast<int64_t>(value.view().payload().size());
        int64_t count = 0;
        if (item::is_set(value.type())) {
            for ([[maybe_unused]] const std::string_view element : value.view().set()) ++count;
            return count;
        }
        MutableValue opened(value);
        if (const auto* list = opened.list()) return static_cast<int64_t>(list->size());
        if (const auto* map = opened.map()) return static_cast<int64_t>(map->size());
        return -1;
    }
    Made between(const Side& left) {
        std::string low = item::testing::small_text();
        std::string high = item::testing::small_text();
        if (high < low) std::swap(low, high);
        const Side from = value(Value::string(low));
        const Side to = value(Value::string(high));
        const bool in = left.value && left.value->type() == Type::kString &&
                        left.value->view().payload() >= low && left.value->view().payload() <= high;
        return {left.text + " BETWEEN " + from.text + " AND " + to.text, in};
    }

    static bool contains(const std::optional<Value>& container, const Value& operand) {
        if (!container) return false;
        const Type type = container->type();
        const Type wanted = operand.type();
        if (type == Type::kString || type == Type::kBinary) {
            return wanted == type &&
                   std::string(container->view().payload())
                           .find(std::string(operand.view().payload())) != std::string::npos;
        }
        if (item::is_set(type)) {
            const Type element_type = type == Type::kStringSet   ? Type::kString
                                      : type == Type::kNumberSet ? Type::kNumber
                                                                 : Type::kBinary;
            if (wanted != element_type) return false;
            for (const std::string_view element : container->view().set()) {
                if (element == operand.view().payload()) return true;
            }
            return false;
        }
        for (const item::ValueView& element : container->view().list()) {
            if (element == operand.view()) return true;
        }
        return false;
    }

    MutableValue root_;
    item::ItemBuilder values_;
    int count_ = 0;
};

TEST(ExpressionProperty, ConditionsAgreeWithTheReference) {
    EXPECT_TRUE(rc::check([] {
        const Item item = arbitrary_item(3);
        ConditionMaker maker(item);
        const ConditionMaker::Made made = maker.condition(3);
        const Item values = maker.values();
        ExpressionContext context(nullptr, &values);
        const Result<Condition> condition = parse_condition(made.text, Kind::kCondition, context);
        RC_LOG() << made.text << "\n"
                 << item::to_json(values) << "\n"
                 << item::to_json(item) << "\n";
        RC_ASSERT(condition.has_value());
        RC_ASSERT(evaluate(*condition, item) == made.truth);
        RC_ASSERT(context.check_all_used().has_value());
    }));
}

TEST(ExpressionProperty, OneProjectedPathIsWhatIsThere) {
    EXPECT_TRUE(rc::check([] {
        const Item item = arbitrary_item(3);
        const Steps steps = arbitrary_steps();
        ExpressionContext context;
        const Result<Projection> projection = parse_projection(written(steps), context);
        RC_ASSERT(projection.has_value());
        const Item picked = project(*projection, item);
        RC_ASSERT(item::valid_item(picked.bytes()));
        MutableValue root{Value::map(item)};
        const MutableValue* const there = follow(root, steps, steps.size());
        // In what was picked, list elements stand alone: every index is 0.
        Steps alone = steps;
        for (Step& step : alone) step.index = step.index >= 0 ? 0 : -1;
        MutableValue picked_root{Value::map(picked)};
        const MutableValue* const got = follow(picked_root, alone, alone.size());
        RC_ASSERT((there != nullptr) == (got != nullptr));
        RC_ASSERT((there != nullptr) == !picked.empty());
        if (there != nullptr) RC_ASSERT(there->to_value() == got->to_value());
    }));
}

TEST(ExpressionProperty, OneUpdatedPathAgreesWithTheReference) {
    EXPECT_TRUE(rc::check([] {
        const Item item = arbitrary_item(3);
        const Steps steps = arbitrary_steps();
        const bool set = *rc::gen::arbitrary<bool>();
        item::ItemBuilder builder;
        const Value value = arbitrary_value(2);
        if (set) builder.set(":v", value);
        const Item values = builder.build();
        ExpressionContext context(nullptr, set ? &values : nullptr);
        const Result<Update> update = parse_update(
            (set ? "SET " : "REMOVE ") + written(steps) + (set ? " = :v" : ""), context);
        RC_ASSERT(update.has_value());
        const Result<Item> result = apply(*update, item);

        MutableValue root{Value::map(item)};
        MutableValue* const parent = follow(root, steps, steps.size() - 1);
        const Step& last = steps.back();
        MutableValue::List* const list =
            parent != nullptr && last.index >= 0 ? parent->list() : nullptr;
        MutableValue::Map* const map =
            parent != nullptr && last.index < 0 ? parent->map() : nullptr;
        if (list == nullptr && map == nullptr) {
            RC_ASSERT(!result.has_value());
            return;
        }
        if (map != nullptr && set) {
            map->insert_or_assign(last.name, MutableValue(value));
        } else if (map != nullptr) {
            map->erase(last.name);
        } else {
            const auto index = static_cast<size_t>(last.index);
            if (set && index < list->size()) {
                (*list)[index] = MutableValue(value);
            } else if (set) {
                list->push_back(MutableValue(value));
            } else if (index < list->size()) {
                list->erase(list->begin() + last.index);
            }
        }
        RC_ASSERT(result.has_value());
        RC_ASSERT(item::valid_item(result->bytes()));
        RC_ASSERT(Value::map(*result) == root.to_value());
    }));
}

// Numbers as integers, sets as std::set: the clauses that calculate.
TEST(ExpressionProperty, CalculatingClausesAgreeWithTheReference) {
    EXPECT_TRUE(rc::check([] {
        const auto number = [] { return *rc::gen::inRange<int64_t>(-50, 50); };
        const auto words = [] {
            const int chosen = *rc::gen::inRange(1, 16);
            std::set<std::string> words;
            for (int i = 0; i < 4; ++i) {
                if ((chosen >> i & 1) != 0)
                    words.insert(std::string(1, static_cast<char>('a' + i)));
            }
            return words;
        };
        const auto set_of = [](const std::set<std::string>& elements) {
            return Value::set(Type::kStringSet, {elements.begin(), elements.end()});
        };
        const bool has = *rc::gen::arbitrary<bool>();
        const int64_t n = number();
        const int64_t added = number();
        std::set<std::string> set = words();
        const std::set<std::string> operand = words();
        item::ItemBuilder before;
        item::ItemBuilder given;
        item::ItemBuilder after;
        if (has) before.set("n", Value::number(n)).set("s", set_of(set));
        if (!has) set.clear();
        const bool deletes = *rc::gen::arbitrary<bool>();
        given.set(":n", Value::number(added)).set(":s", set_of(operand));
        const int form = *rc::gen::inRange(0, 3);
        std::string text = form == 0   ? "ADD n :n"
                           : form == 1 ? "SET n = if_not_exists(n, :zero) + :n"
                                       : "SET n = if_not_exists(n, :zero) - :n";
        if (form != 0) given.set(":zero", Value::number(0));
        after.set("n", Value::number((has ? n : 0) + (form == 2 ? -added : added)));
        text += std::string(deletes ? " DELETE" : form == 0 ? "," : " ADD") + " s :s";
        for (const std::string& element : operand) {
            if (deletes) {
                set.erase(element);
            } else {
                set.insert(element);
            }
        }
        if (!set.empty()) after.set("s", set_of(set));
        const Item values = given.build();
        ExpressionContext context(nullptr, &values);
        const Result<Update> update = parse_update(text, context);
        RC_LOG() << text;
        RC_ASSERT(update.has_value());
        const Result<Item> result = apply(*update, before.build());
        RC_ASSERT(result.has_value());
        RC_ASSERT(item::to_json(*result) == item::to_json(after.build()));
    }));
}

TEST(ExpressionProperty, AnyTextIsRefusedOrParsed) {
    EXPECT_TRUE(rc::check([] {
        const std::vector<std::string> words =
            *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
                "a", "#n", ":v", "(", ")", ",", ".", "[", "]", "1", "=", "<>", "<", "AND", "OR",
                "NOT", "IN", "BETWEEN", "size", "contains", "SET", "REMOVE", "ADD", "DELETE",
                "if_not_exists", "list_append", "+", "-", "name", "é", "\""));
        std::string text;
        for (const std::string& word : words) text += word + " ";
        const ExpressionContext::Names names = {{"#n", "b"}};
        const Item values = *item::parse_json_item(R"({":v":{"N":"1"}})");
        ExpressionContext context(&names, &values);
        const Item item = arbitrary_item(2);
        if (const auto condition = parse_condition(text, Kind::kFilter, context))
            (void)evaluate(*condition, item);
        if (const auto update = parse_update(text, context)) (void)apply(*update, item);
        if (const auto projection = parse_projection(text, context))
            (void)project(*projection, item);
        (void)parse_key_condition(text, context);
    }));
}

}  // namespace
}  // namespace millrace::dynamodb::expression
