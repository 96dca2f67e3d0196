#include "services/dynamodb/access.h"

#include <algorithm>

#include "auth/policy.h"
#include "codec/base64.h"

namespace millrace::dynamodb {
namespace {

bool looks_at_items(const std::shared_ptr<const contracts::PolicyDocument>& policy) {
    if (!policy) return false;
    for (const auth::Statement& statement : policy->statements) {
        for (const auth::Condition& condition : statement.conditions) {
            if (condition.key.starts_with("dynamodb:")) return true;
        }
    }
    return false;
}

bool looks_at_items(const contracts::Caller& caller) {
    const auto any = [](const auto& policies) {
        return std::any_of(policies.begin(), policies.end(),
                           [](const auto& policy) { return looks_at_items(policy); });
    };
    return any(caller.identity_policies) || any(caller.session_policies) ||
           looks_at_items(caller.permissions_boundary);
}

}  // namespace

void Touched::leading_key(item::ValueView value) {
    if (!value) return;
    if (value.is(item::Type::kString)) {
        leading_keys.emplace(value.string());
    } else if (value.is(item::Type::kNumber)) {
        leading_keys.insert(item::number_text(value.number()));
    } else if (value.is(item::Type::kBinary)) {
        leading_keys.insert(codec::base64_encode(value.binary()));
    }
}

void Touched::item(const std::optional<item::Item>& item) {
    if (!item) return;
    if (table != nullptr) leading_key(item->find(table->keys.hash.name));
    for (const item::Attribute& attribute : *item) name(attribute.name);
}

void Touched::condition(const std::optional<std::string>& text, expression::Kind kind,
                        expression::ExpressionContext& context) {
    if (!text) return;
    const auto parsed = expression::parse_condition(*text, kind, context);
    if (parsed) names(parsed->attribute_names());
}

void Touched::update(const std::optional<std::string>& text,
                     expression::ExpressionContext& context) {
    if (!text) return;
    const auto parsed = expression::parse_update(*text, context);
    if (parsed) names(parsed->attribute_names());
}

void Touched::projection(const std::optional<std::string>& text,
                         const std::optional<std::vector<std::string>>& attributes_to_get,
                         expression::ExpressionContext& context) {
    if (select.empty())
        select = text || attributes_to_get ? "SPECIFIC_ATTRIBUTES" : "ALL_ATTRIBUTES";
    if (attributes_to_get) attributes.insert(attributes_to_get->begin(), attributes_to_get->end());
    if (!text) return;
    const auto parsed = expression::parse_projection(*text, context);
    if (parsed) names(parsed->attribute_names());
}

void Touched::key_conditions(const LegacyConditions& conditions) {
    names_of(conditions);
    if (!conditions || table == nullptr) return;
    const auto hash = conditions->find((index ? index->keys : table->keys).hash.name);
    if (hash == conditions->end() || !hash->second.attribute_value_list) return;
    for (const item::Value& value : *hash->second.attribute_value_list) leading_key(value);
}

void Touched::key_condition(const std::optional<std::string>& text,
                            expression::ExpressionContext& context) {
    if (!text) return;
    const auto parsed = expression::parse_key_condition(*text, context);
    if (!parsed) return;
    for (const auto& term : parsed->terms) {
        name(term.name);
        if (table == nullptr) continue;
        if (term.name != (index ? index->keys : table->keys).hash.name) continue;
        for (const item::ValueView value : term.values) leading_key(value);
    }
}

void ask_for_items(DynamoDbService& service, OpContext& context,
                   const std::optional<std::string>& table, std::string_view action,
                   AuthzRequests& requests, const std::function<void(Touched&)>& describe) {
    const size_t before = requests.size();
    ask(service, context, table, action, requests);
    if (requests.size() == before) return;
    if (!looks_at_items(context.caller()) && !looks_at_items(requests.back().resource_policy))
        return;
    const auto address = parse_table_address(*table, context.account(), context.region());
    const TableRef definition = service.catalog().find(context.txn(), *address);
    Touched touched;
    touched.table = definition.get();
    describe(touched);
    auto& conditions = requests.back().conditions;
    const auto add = [&](std::string_view key, std::string_view value) {
        if (!value.empty())
            conditions.emplace_back(key, std::vector<std::string>{std::string(value)});
    };
    if (!touched.leading_keys.empty()) {
        conditions.emplace_back(
            "dynamodb:leadingkeys",
            std::vector<std::string>(touched.leading_keys.begin(), touched.leading_keys.end()));
    }
    if (!touched.attributes.empty()) {
        conditions.emplace_back(
            "dynamodb:attributes",
            std::vector<std::string>(touched.attributes.begin(), touched.attributes.end()));
    }
    add("dynamodb:select", touched.select);
    add("dynamodb:returnvalues", touched.return_values);
    add("dynamodb:returnconsumedcapacity", touched.return_consumed_capacity);
    add("dynamodb:enclosingoperation", touched.enclosing);
    if (touched.full_table_scan)
        add("dynamodb:fulltablescan", *touched.full_table_scan ? "true" : "false");
}

}  // namespace millrace::dynamodb
