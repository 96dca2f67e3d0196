// Calls: the data plane's methods, from decoded requests over the caches to answers. All of them
// block on the upstream or the store: they run on the node's pool.
// Thread-safety: one per request, confined to it, though another request's thread may end it.
// Ownership: refers to the node.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "contracts/operation.h"
#include "dax/cache/cache.h"
#include "dax/node/node.h"
#include "dax/wire/methods.h"
#include "dax/wire/requests.h"

namespace millrace::dax {

// The caller's rights, which transactions need more than one of.
using Allow = std::function<Result<void>(std::string_view action)>;

class Calls final : private Directory {
public:
    // `info`: as whom the tables are used. `caller`: who must have rights on them, too; null:
    // nobody is asked.
    Calls(Node& node, const contracts::RequestInfo& info, const contracts::RequestInfo* caller)
        : node_(node), info_(info), caller_(caller) {}

    // Everything but authorizeConnection and endpoints. `arguments`: behind service and method.
    // Appends the answer, which may be an error, and calls `done`, after which nothing here is
    // touched. A query that another request is reading already is answered by that one's thread,
    // perhaps after this returned.
    void answer(std::string& out, Method method, std::string_view arguments, const Allow& allow,
                const std::function<void()>& done);
    // Has the caller, where he is asked, the right to read the item himself?
    Result<void> check_get_item(const GetItemRequest& request, const TableInfo& table);
    // GetItem's upstream read: what the item cache keeps, and the capacity that it cost.
    Result<CachedBytes> read_item_bytes(const GetItemRequest& request, const TableInfo& table,
                                        Capacity& capacity);
    // Can answer_item do without the store?
    bool answers_at_once(const GetItemRequest& request, const std::string& stored);
    // The answer from what the cache keeps.
    Result<void> answer_item(std::string& out, const GetItemRequest& request,
                             const TableInfo& table, const std::string& stored,
                             const Capacity& capacity);

private:
    class OpenWrites;

    Result<std::shared_ptr<const KeySchema>> key_schema(std::string_view table) override;
    Result<AttributeNamesRef> names(int64_t list_id) override;
    Result<int64_t> list_id(const AttributeNames& names) override;

    // False: `done` is called later.
    Result<bool> dispatch(std::string& out, Method method, cbor::Reader& reader, const Allow& allow,
                          const std::function<void()>& done);
    Result<void> define(std::string& out, Method method, cbor::Reader& reader);
    Result<void> get_item(std::string& out, cbor::Reader& reader);
    Result<void> put_item(std::string& out, cbor::Reader& reader);
    Result<void> update_item(std::string& out, cbor::Reader& reader);
    Result<void> delete_item(std::string& out, cbor::Reader& reader);
    // False: the answer comes from another's read, which calls `done`.
    template <class Output, class Request>
    Result<bool> page(std::string& out, Request& request, std::string_view operation,
                      const std::function<void()>& done);
    template <class Output, class Request>
    Result<CachedBytes> read_page(Request& request, std::string_view operation, Capacity& capacity);
    Result<void> batch_get_item(std::string& out, cbor::Reader& reader);
    Result<void> batch_write_item(std::string& out, cbor::Reader& reader);
    Result<void> transact_get_items(std::string& out, cbor::Reader& reader);
    Result<void> transact_write_items(std::string& out, cbor::Reader& reader, const Allow& allow);

    void answer_error(std::string& out, const Error& error);
    // The same for the whole request, also when the table is made again meanwhile.
    Result<TableInfoRef> table_info(std::string_view name);
    // Neither by its name nor by its ARN may a table come twice.
    template <class Names>
    Result<void> check_tables_differ(const Names& names);
    // `item` was decoded by the table's schema.
    Result<std::string> cache_key(std::string_view table, item::ItemView item);
    // What the item cache keeps of an item; null when it cannot be encoded.
    CachedBytes stored_form(const KeySchema& schema, item::ItemView item);

    template <class Output, class Input>
    Result<Output> upstream(std::string_view operation, Input input);
    template <class Input>
    Result<void> check_caller(std::string_view operation, const Input& input);
    Result<void> check_batch_get(const BatchGetItemRequest& request);
    // The one way of every write to the table. Refused, it leaves the cache as it was.
    template <class Output, class Input>
    Result<Output> write(std::string_view operation, Input input, OpenWrites& writes);

    Node& node_;
    const contracts::RequestInfo& info_;
    const contracts::RequestInfo* const caller_;
    std::vector<std::pair<std::string, TableInfoRef>> tables_;
    // Set by transact_write_items, for the reasons of its error.
    std::optional<TransactWriteItemsRequest> transaction_;
};

}  // namespace millrace::dax
