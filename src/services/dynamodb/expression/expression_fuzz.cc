// libFuzzer: the first line is an expression, parsed as every kind; the rest is an item as DynamoDB
// JSON on which it is run. What an update makes must be a valid item.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/check.h"
#include "item/json.h"
#include "services/dynamodb/expression/expression.h"

namespace {

using namespace millrace;
using namespace millrace::dynamodb::expression;

void run(std::string_view text, const item::Item& item) {
    static const ExpressionContext::Names kNames = {{"#a", "a"}, {"#b", "b.c"}};
    static const item::Item kValues = *item::parse_json_item(
        R"({":n":{"N":"-1.5"},":s":{"S":"a"},":l":{"L":[{"S":"a"}]},":ss":{"SS":["a","b"]},":m":{"M":{"a":{"N":"1"}}}})");
    ExpressionContext context(&kNames, &kValues);
    for (const Kind kind : {Kind::kCondition, Kind::kFilter}) {
        if (const auto condition = parse_condition(text, kind, context))
            (void)evaluate(*condition, item);
    }
    if (const auto projection = parse_projection(text, context)) {
        MR_ASSERT(item::valid_item(project(*projection, item).bytes()));
    }
    if (const auto update = parse_update(text, context)) {
        if (const auto result = apply(*update, item)) {
            MR_ASSERT(item::valid_item(result->bytes()));
            MR_ASSERT(item::valid_item(project_updated(*update, *result, true).bytes()));
        }
    }
    if (const auto condition = parse_key_condition(text, context)) {
        (void)bind_key_condition(*condition,
                                 {"a", item::Type::kString, "b.c", item::Type::kNumber});
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const size_t line = input.find('\n');
    item::Item item;
    if (line != std::string_view::npos) {
        if (auto parsed = item::parse_json_item(input.substr(line + 1));
            parsed && parsed->invalid() == nullptr) {
            item = std::move(*parsed);
        }
    }
    run(input.substr(0, line), item);
    return 0;
}
