// TagResource, UntagResource, ListTagsOfResource of tables. IAM: the actions of these names.
// Source: DynamoDB API Reference.
#include "services/dynamodb/operations.h"

namespace millrace::dynamodb {
namespace {

constexpr size_t kTagsMax = 50;

Result<TableRef> tagged(DynamoDbService& service, OpContext& context, const std::string& arn) {
    const auto address = parse_table_address(arn, context.account(), context.region());
    TableRef table = address && arn.starts_with("arn:")
                         ? service.catalog().load(context.txn(), *address)
                         : nullptr;
    if (!table) return errors::tagged_not_found(arn);
    return table;
}

}  // namespace

Result<void> check_tags(const std::vector<model::dynamodb::Tag>& tags) {
    for (const auto& tag : tags) {
        if (tag.key->starts_with("aws:")) {
            return errors::validation(
                "One or more parameter values were invalid: Tag keys must not begin with aws:");
        }
    }
    return {};
}

Result<void> check_tag_count(const Table& table) {
    if (table.tags.size() <= kTagsMax) return {};
    return errors::validation(
        "One or more parameter values were invalid: Too many tags: 50 are the most for a "
        "resource");
}

Result<void> TagResource::check(const Input& input) { return check_tags(*input.tags); }
Result<void> TagResource::authorize(DynamoDbService& service, OpContext& context,
                                    const Input& input, AuthzRequests& requests) {
    ask(service, context, input.resource_arn, "TagResource", requests);
    return {};
}
Outcome<TagResource::Output> TagResource::run(DynamoDbService& service, OpContext& context,
                                              const Input& input) {
    MR_TRY(const TableRef found, tagged(service, context, *input.resource_arn));
    Table table = *found;
    for (const auto& tag : *input.tags) table.tags[*tag.key] = *tag.value;
    MR_CHECK_OK(check_tag_count(table));
    service.catalog().put(context.txn(), table);
    return Output{};
}

Result<void> UntagResource::check(const Input&) { return {}; }
Result<void> UntagResource::authorize(DynamoDbService& service, OpContext& context,
                                      const Input& input, AuthzRequests& requests) {
    ask(service, context, input.resource_arn, "UntagResource", requests);
    return {};
}
Outcome<UntagResource::Output> UntagResource::run(DynamoDbService& service, OpContext& context,
                                                  const Input& input) {
    MR_TRY(const TableRef found, tagged(service, context, *input.resource_arn));
    Table table = *found;
    for (const std::string& key : *input.tag_keys) table.tags.erase(key);
    service.catalog().put(context.txn(), table);
    return Output{};
}

Result<void> ListTagsOfResource::check(const Input&) { return {}; }
Result<void> ListTagsOfResource::authorize(DynamoDbService& service, OpContext& context,
                                           const Input& input, AuthzRequests& requests) {
    ask(service, context, input.resource_arn, "ListTagsOfResource", requests);
    return {};
}
Outcome<ListTagsOfResource::Output> ListTagsOfResource::run(DynamoDbService& service,
                                                            OpContext& context,
                                                            const Input& input) {
    MR_TRY(const TableRef table, tagged(service, context, *input.resource_arn));
    Output output;
    output.tags.emplace();
    for (const auto& [key, value] : table->tags) {
        auto& tag = output.tags->emplace_back();
        tag.key = key;
        tag.value = value;
    }
    return output;
}

}  // namespace millrace::dynamodb
