// Random values for the tests of this room and of the expression language.
// Thread-safety: as RapidCheck: one thread. Only in tests.
#pragma once

#include <rapidcheck.h>

#include <string>
#include <vector>

#include "item/item.h"

namespace millrace::item::testing {

inline std::string small_text() {
    return *rc::gen::resize(
        4, rc::gen::container<std::string>(rc::gen::element('a', 'b', 'c', '\x00', '"')));
}

// Any type, small alphabets so that equal and overlapping values are common.
inline Value arbitrary_value(int depth) {
    const int kinds = depth > 0 ? 10 : 8;
    const auto type = static_cast<Type>(1 + *rc::gen::inRange(0, kinds));
    switch (type) {
        case Type::kString:
            return Value::string(small_text());
        case Type::kBinary:
            return Value::binary(small_text());
        case Type::kNumber:
            return Value::number(*rc::gen::inRange<int64_t>(-3, 4));
        case Type::kBool:
            return Value::boolean(*rc::gen::arbitrary<bool>());
        case Type::kNull:
            return Value::null();
        case Type::kStringSet:
        case Type::kNumberSet:
        case Type::kBinarySet: {
            std::vector<std::string> elements;
            const int count = *rc::gen::inRange(1, 4);
            for (int i = 0; i < count; ++i) {
                elements.push_back(
                    type == Type::kNumberSet
                        ? std::string(Number::from_int(*rc::gen::inRange<int64_t>(-3, 4)).bytes())
                        : small_text());
            }
            return Value::set(type, {elements.begin(), elements.end()});
        }
        case Type::kList: {
            std::vector<Value> elements;
            const int count = *rc::gen::inRange(0, 4);
            for (int i = 0; i < count; ++i) elements.push_back(arbitrary_value(depth - 1));
            const std::vector<ValueView> views(elements.begin(), elements.end());
            return Value::list(views);
        }
        case Type::kMap: {
            ItemBuilder builder;
            const int count = *rc::gen::inRange(0, 4);
            for (int i = 0; i < count; ++i) {
                builder.set(*rc::gen::element(std::string("a"), std::string("b"), std::string("c")),
                            arbitrary_value(depth - 1));
            }
            return Value::map(builder.build());
        }
    }
    return Value::null();
}

inline Item arbitrary_item(int depth) {
    ItemBuilder builder;
    const int count = *rc::gen::inRange(0, 5);
    for (int i = 0; i < count; ++i) {
        builder.set(*rc::gen::element(std::string("a"), std::string("b"), std::string("c"),
                                      std::string("d")),
                    arbitrary_value(depth));
    }
    return builder.build();
}

// Opens every list and map inside.
inline void open_all(MutableValue& value) {
    if (MutableValue::List* const list = value.list()) {
        for (MutableValue& element : *list) open_all(element);
    } else if (MutableValue::Map* const map = value.map()) {
        for (auto& [name, element] : *map) open_all(element);
    }
}

}  // namespace millrace::item::testing
