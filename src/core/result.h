// Result<T>: a value or an Error, with the interface of std::expected (not yet in our standard
// library). Thread-safety: a plain value.
#pragma once

#include <optional>
#include <utility>
#include <variant>

#include "core/check.h"
#include "core/error.h"

namespace millrace {

template <class T>
class [[nodiscard]] Result {
public:
    using value_type = T;
    Result(T value)
        : state_(std::in_place_index<0>, std::move(value)) {
    }  // NOLINT(google-explicit-constructor)
    Result(Error error)
        : state_(std::in_place_index<1>, std::move(error)) {
    }  // NOLINT(google-explicit-constructor)

    bool has_value() const { return state_.index() == 0; }
    explicit operator bool() const { return has_value(); }
    T& value() & {
        MR_ASSERT(has_value());
        return std::get<0>(state_);
    }
    const T& value() const& {
        MR_ASSERT(has_value());
        return std::get<0>(state_);
    }
    T&& value() && {
        MR_ASSERT(has_value());
        return std::get<0>(std::move(state_));
    }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }
    Error& error() {
        MR_ASSERT(!has_value());
        return std::get<1>(state_);
    }
    const Error& error() const {
        MR_ASSERT(!has_value());
        return std::get<1>(state_);
    }

private:
    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)
    bool has_value() const { return !error_.has_value(); }
    explicit operator bool() const { return has_value(); }
    Error& error() {
        MR_ASSERT(error_.has_value());
        return *error_;
    }
    const Error& error() const {
        MR_ASSERT(error_.has_value());
        return *error_;
    }

private:
    std::optional<Error> error_;
};

}  // namespace millrace

#define MR_CONCAT_INNER(a, b) a##b
#define MR_CONCAT(a, b) MR_CONCAT_INNER(a, b)

// MR_TRY(auto x, f()): x becomes f()'s value, or the function returns f()'s error.
// Never together with co_await on one line.
#define MR_TRY_INNER(temporary, declaration, expression) \
    auto temporary = (expression);                       \
    if (!temporary) return std::move(temporary.error()); \
    declaration = *std::move(temporary)
#define MR_TRY(declaration, expression) \
    MR_TRY_INNER(MR_CONCAT(mr_result_, __LINE__), declaration, expression)
// MR_CHECK_OK(f()): the function returns f()'s error, if it has one.
#define MR_CHECK_OK(expression) \
    if (auto mr_status = (expression); !mr_status) return std::move(mr_status.error())
