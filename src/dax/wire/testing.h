// A Directory of fixed tables and lists. Thread-safety: none. Only in tests.
#pragma once

#include <map>
#include <string>

#include "dax/wire/errors.h"
#include "dax/wire/values.h"

namespace millrace::dax::testing {

class FixedDirectory final : public Directory {
public:
    void add_table(const std::string& name, KeySchema schema) {
        tables_[name] = std::make_shared<const KeySchema>(std::move(schema));
    }
    void add_list(int64_t id, AttributeNames names) {
        ids_[names] = id;
        lists_[id] = std::make_shared<const AttributeNames>(std::move(names));
    }
    Result<std::shared_ptr<const KeySchema>> key_schema(std::string_view table) override {
        const auto found = tables_.find(std::string(table));
        if (found == tables_.end())
            return errors::make("ResourceNotFoundException", "Requested resource not found");
        return found->second;
    }
    Result<AttributeNamesRef> names(int64_t id) override {
        const auto found = lists_.find(id);
        if (found == lists_.end()) return errors::unknown_list();
        return found->second;
    }
    Result<int64_t> list_id(const AttributeNames& names) override {
        const auto found = ids_.find(names);
        if (found != ids_.end()) return found->second;
        const int64_t id = lists_.empty() ? 2 : lists_.rbegin()->first + 1;
        add_list(id, names);
        return id;
    }

private:
    std::map<std::string, std::shared_ptr<const KeySchema>> tables_;
    std::map<int64_t, AttributeNamesRef> lists_;
    std::map<AttributeNames, int64_t> ids_;
};

}  // namespace millrace::dax::testing
