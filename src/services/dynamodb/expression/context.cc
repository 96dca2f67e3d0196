// Names and values of a request, and the checks around its expressions. See expression.h.
#include <algorithm>

#include "item/errors.h"
#include "services/dynamodb/expression/expression.h"

namespace millrace::dynamodb::expression {
namespace {

bool is_placeholder(std::string_view text, char mark) {
    if (text.size() < 2 || text[0] != mark) return false;
    return std::all_of(text.begin() + 1, text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_';
    });
}

Error contains_invalid_key(std::string_view parameter, std::string_view key) {
    return item::validation_error(std::string(parameter)
                                      .append(" contains invalid key: Syntax error; key: \"")
                                      .append(key)
                                      .append("\""));
}

template <class Entries>
auto find_entry(Entries& entries, std::string_view placeholder) {
    auto found = std::lower_bound(
        entries.begin(), entries.end(), placeholder,
        [](const auto& entry, std::string_view wanted) { return entry.placeholder < wanted; });
    return found != entries.end() && found->placeholder == placeholder ? &*found : nullptr;
}

template <class Entries>
Result<void> check_used(std::string_view parameter, const Entries& entries) {
    std::string unused;
    for (const auto& entry : entries) {
        if (entry.used) continue;
        if (!unused.empty()) unused.append(", ");
        unused.append(entry.placeholder);
    }
    if (unused.empty()) return {};
    return item::validation_error(std::string("Value provided in ")
                                      .append(parameter)
                                      .append(" unused in expressions: keys: {")
                                      .append(unused)
                                      .append("}"));
}

// "A", "A and B", with `word` between the last two.
std::string joined(std::span<const Parameter> parameters, bool given, std::string_view separator) {
    std::string text;
    for (const Parameter& parameter : parameters) {
        if (parameter.given != given) continue;
        if (!text.empty()) text.append(separator);
        text.append(parameter.name);
    }
    return text;
}

}  // namespace

ExpressionContext::ExpressionContext(const Names* names, const item::Item* values)
    : has_names_(names != nullptr), has_values_(values != nullptr), raw_values_(values) {
    if (names != nullptr) {
        names_.reserve(names->size());
        for (const auto& [placeholder, name] : *names) names_.push_back({placeholder, &name});
    }
    if (values != nullptr) {
        for (const item::Attribute& attribute : *values)
            values_.push_back({attribute.name, attribute.value});
    }
}

const std::string* ExpressionContext::use_name(std::string_view placeholder) {
    NameEntry* const entry = find_entry(names_, placeholder);
    if (entry == nullptr) return nullptr;
    entry->used = true;
    return entry->name;
}

item::ValueView ExpressionContext::use_value(std::string_view placeholder) {
    ValueEntry* const entry = find_entry(values_, placeholder);
    if (entry == nullptr) return {};
    entry->used = true;
    return entry->value;
}

Result<void> ExpressionContext::check_entries() const {
    size_t names_size = 0;
    if (has_names_) {
        if (names_.empty())
            return item::validation_error("ExpressionAttributeNames must not be empty");
        for (const NameEntry& entry : names_) {
            if (!is_placeholder(entry.placeholder, '#')) {
                return contains_invalid_key("ExpressionAttributeNames", entry.placeholder);
            }
            if (entry.name->empty()) {
                return item::validation_error(
                    std::string("ExpressionAttributeNames contains invalid value: Attribute name "
                                "must not be empty; key: \"")
                        .append(entry.placeholder)
                        .append("\""));
            }
            names_size += entry.placeholder.size() + entry.name->size();
        }
        if (names_size > kSubstitutionBytesMax) {
            return item::validation_error("ExpressionAttributeNames exceeds max size");
        }
    }
    if (!has_values_) return {};
    if (values_.empty())
        return item::validation_error("ExpressionAttributeValues must not be empty");
    size_t values_size = 0;
    for (const ValueEntry& entry : values_) {
        if (!is_placeholder(entry.placeholder, ':')) {
            return contains_invalid_key("ExpressionAttributeValues", entry.placeholder);
        }
        values_size += entry.placeholder.size() + item::value_size(entry.value);
    }
    if (const item::InvalidValue* const invalid = raw_values_->invalid()) {
        return item::validation_error(
            std::string("ExpressionAttributeValues contains invalid value: ")
                .append(invalid->text)
                .append(" for key ")
                .append(invalid->name));
    }
    if (values_size > kSubstitutionBytesMax) {
        return item::validation_error("ExpressionAttributeValues exceeds max size");
    }
    if (names_size + values_size > kSubstitutionBytesMax) {
        return item::validation_error(
            "Combined size of ExpressionAttributeNames and ExpressionAttributeValues exceeds max "
            "size");
    }
    return {};
}

Result<void> ExpressionContext::check_all_used() const {
    MR_CHECK_OK(check_used("ExpressionAttributeNames", names_));
    return check_used("ExpressionAttributeValues", values_);
}

Result<void> check_parameters(std::span<const Parameter> legacy,
                              std::span<const Parameter> expressions,
                              const ExpressionContext::Names* names, const item::Item* values) {
    const auto given = [](const Parameter& parameter) { return parameter.given; };
    const bool any_expression = std::any_of(expressions.begin(), expressions.end(), given);
    if (any_expression && std::any_of(legacy.begin(), legacy.end(), given)) {
        return item::validation_error(
            std::string(
                "Can not use both expression and non-expression parameters in the same request: "
                "Non-expression parameters: {")
                .append(joined(legacy, true, ", "))
                .append("} Expression parameters: {")
                .append(joined(expressions, true, ", "))
                .append("}"));
    }
    if (names != nullptr && !any_expression) {
        return item::validation_error(
            "ExpressionAttributeNames can only be specified when using expressions");
    }
    if (values != nullptr &&
        std::none_of(expressions.begin(), expressions.end(), [](const Parameter& parameter) {
            return parameter.given && parameter.takes_values;
        })) {
        std::vector<Parameter> missing;
        for (const Parameter& parameter : expressions) {
            if (parameter.takes_values) missing.push_back(parameter);
        }
        std::string text = "ExpressionAttributeValues can only be specified when using expressions";
        if (!missing.empty()) {
            text.append(": ").append(joined(missing, false, " and "));
            text.append(missing.size() == 1 ? " is null" : " are null");
        }
        return item::validation_error(std::move(text));
    }
    return ExpressionContext(names, values).check_entries();
}

}  // namespace millrace::dynamodb::expression
