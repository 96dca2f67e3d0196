// The bytes recorded between official clients and a server, testdata/vectors.json, and the tables
// of that run. Thread-safety: none. Only in tests.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "codec/hex.h"
#include "codec/json.h"
#include "dax/wire/cbor.h"
#include "dax/wire/testing.h"
#include "model/generated/dynamodb.h"

namespace millrace::dax::testing {

using codec::JsonValue;
using item::Type;

inline const JsonValue& recorded() {
    static const JsonValue kAll = [] {
        std::ifstream file(MR_DAX_VECTORS);
        std::stringstream text;
        text << file.rdbuf();
        return codec::parse_json(text.str()).value();
    }();
    return kAll;
}
inline std::string text_of(const JsonValue& value, std::string_view name) {
    return std::string(value.find_string(name).value_or(""));
}
inline std::string bytes_of(const JsonValue& value, std::string_view name = "hex") {
    return codec::hex_decode(text_of(value, name)).value();
}
inline std::string hex(std::string_view bytes) { return codec::hex_encode(bytes); }

inline FixedDirectory toy_directory() {
    FixedDirectory directory;
    const KeyPart s{"pk", Type::kString};
    const KeyPart n{"pk", Type::kNumber};
    const KeyPart b{"pk", Type::kBinary};
    directory.add_table("ToyHS", {s, {}});
    directory.add_table("ToyHN", {n, {}});
    directory.add_table("ToyHB", {b, {}});
    directory.add_table("ToySS", {s, KeyPart{"sk", Type::kString}});
    directory.add_table("ToySN", {s, KeyPart{"sk", Type::kNumber}});
    directory.add_table("ToySB", {s, KeyPart{"sk", Type::kBinary}});
    directory.add_table("ToyNN", {n, KeyPart{"sk", Type::kNumber}});
    directory.add_table("ToyBN", {b, KeyPart{"sk", Type::kNumber}});
    for (const auto& [id, names] : recorded().find("attribute_lists_of_the_run")->members()) {
        AttributeNames list;
        for (const JsonValue& name : names.elements()) list.push_back(name.as_string());
        directory.add_list(std::stoll(id), std::move(list));
    }
    return directory;
}

// Most lists of the run are not recorded: any names will do, as many as there are values.
inline std::string_view learn(FixedDirectory& directory, std::string_view value) {
    cbor::Reader reader(value);
    const int64_t id = reader.integer();
    if (id == kEmptyListId || directory.names(id)) return value;
    AttributeNames names;
    const auto add = [&] {
        names.push_back("list" + std::to_string(id) + static_cast<char>('a' + names.size()));
    };
    if (reader.peek().major == cbor::Major::kMap && reader.peek().indefinite) {
        for (auto all = reader.map(); reader.more(all); add()) {
            (void)reader.integer();
            (void)reader.item();
        }
    } else {
        for (; !reader.at_end(); add()) (void)reader.item();
    }
    directory.add_list(id, names);
    return value;
}

inline std::optional<model::dynamodb::ConsumedCapacity> read_capacity(std::string_view bytes) {
    cbor::Reader reader(bytes);
    model::dynamodb::ConsumedCapacity capacity;
    capacity.table_name = std::string(reader.text());
    capacity.capacity_units = reader.number();
    if (!reader.take_null()) capacity.table.emplace().capacity_units = reader.number();
    for (auto* indexes : {&capacity.global_secondary_indexes, &capacity.local_secondary_indexes}) {
        if (reader.take_null()) continue;
        indexes->emplace();
        for (auto all = reader.map(); reader.more(all);) {
            const std::string name(reader.text());
            (**indexes)[name].capacity_units = reader.number();
        }
    }
    EXPECT_TRUE(reader.ok() && reader.at_end());
    return capacity;
}

}  // namespace millrace::dax::testing
