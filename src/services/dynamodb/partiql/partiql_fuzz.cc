// libFuzzer: a statement with two parameters, parsed and translated as every kind of request.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "services/dynamodb/partiql/translate.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace millrace;
    using namespace millrace::dynamodb;
    static const std::vector<item::Value> kParameters = {item::Value::string("a"),
                                                         item::Value::number(1)};
    KeyAttributes keys;
    keys.hash = {"pk", item::Type::kString};
    keys.sort = KeyAttribute{"sk", item::Type::kNumber};
    const auto statement =
        partiql::parse(std::string_view(reinterpret_cast<const char*>(data), size), &kParameters);
    if (!statement) return 0;
    (void)partiql::plan_reading(*statement, keys);
    (void)partiql::plan_item(*statement, keys);
    partiql::Writer writer;
    if (statement->where) (void)writer.condition(*statement->where);
    (void)writer.update(*statement);
    return 0;
}
