// Makes the small tables of functions through which the interpreters reach into C++ types.
// Used by the generated code only. Thread-safety: constant data.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/descriptor.h"

namespace millrace::model {

template <class T>
inline constexpr OptionalOps kOptionalOps{
    [](const void* optional) -> const void* {
        const auto& typed = *static_cast<const std::optional<T>*>(optional);
        return typed ? &*typed : nullptr;
    },
    [](void* optional) -> void* {
        auto& typed = *static_cast<std::optional<T>*>(optional);
        if (!typed) typed.emplace();
        return &*typed;
    },
    [](void* optional) -> void* { return &static_cast<std::optional<T>*>(optional)->emplace(); },
};

template <class T>
inline constexpr VectorOps kVectorOps{
    [](const void* vector) { return static_cast<const std::vector<T>*>(vector)->size(); },
    [](const void* vector, size_t index) -> const void* {
        return &(*static_cast<const std::vector<T>*>(vector))[index];
    },
    [](void* vector) -> void* { return &static_cast<std::vector<T>*>(vector)->emplace_back(); },
};

template <class T>
inline constexpr MapOps kMapOps{
    [](const void* map) { return static_cast<const std::map<std::string, T>*>(map)->size(); },
    [](const void* map, void* context, MapOps::Visitor visitor) {
        for (const auto& [key, value] : *static_cast<const std::map<std::string, T>*>(map)) {
            visitor(context, key, &value);
        }
    },
    [](void* map, std::string key) -> void* {
        return &(*static_cast<std::map<std::string, T>*>(map))[std::move(key)];
    },
};

}  // namespace millrace::model
