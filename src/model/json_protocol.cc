#include "model/json_protocol.h"

#include <simdjson.h>

#include <limits>

#include "codec/base64.h"
#include "codec/json_writer.h"
#include "core/body.h"
#include "core/time.h"
#include "item/item.h"
#include "item/json.h"
#include "model/timestamps.h"

namespace millrace::model {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

// A parser keeps the memory of the largest document that it has seen: larger ones get their own.
constexpr size_t kKeptParserBytesMax = 1U << 20;
constexpr size_t kParserBytesInitial = 64U << 10;

Error serialization_error(std::string message) {
    Error error;
    error.code = "SerializationException";
    error.message = std::move(message);
    error.json_namespace = "com.amazon.coral.service";
    error.capital_message = true;
    return error;
}

// The names that AWS's (Java) services give to types in SerializationException texts.
std::string_view java_type(Kind kind) {
    switch (kind) {
        case Kind::kBool:
            return "Boolean";
        case Kind::kInt32:
            return "Integer";
        case Kind::kInt64:
            return "Long";
        case Kind::kDouble:
            return "Double";
        case Kind::kTimestamp:
            return "Date";
        default:
            return "String";
    }
}

// "NUMBER_VALUE cannot be converted to String" and its relatives, for a value that does not fit.
Error wrong_type(const TypeDescriptor& type, element json) {
    const Kind kind = type.kind;
    const bool wants_scalar = kind != Kind::kList && kind != Kind::kMap &&
                              kind != Kind::kStructure && kind != Kind::kItem &&
                              kind != Kind::kItemValue;
    switch (json.type()) {
        case element_type::OBJECT:
            return serialization_error("Start of structure or map found where not expected");
        case element_type::ARRAY: {
            if (kind == Kind::kBlob) {
                return serialization_error(
                    "Unrecognized collection type class java.nio.ByteBuffer");
            }
            if (!wants_scalar)
                return serialization_error("Unrecognized collection type class " +
                                           std::string(type.shape));
            return serialization_error("Unrecognized collection type class java.lang." +
                                       std::string(java_type(kind)));
        }
        default:
            break;
    }
    if (!wants_scalar) return serialization_error("Unexpected field type");
    if (kind == Kind::kBlob)
        return serialization_error("only base-64-encoded strings are convertible to bytes");
    std::string_view found;
    switch (json.type()) {
        case element_type::STRING:
            if (kind == Kind::kBool)
                return serialization_error("Unexpected token received from parser");
            found = "STRING_VALUE";
            break;
        case element_type::BOOL:
            found = json.get_bool().value_unsafe() ? "TRUE_VALUE" : "FALSE_VALUE";
            break;
        case element_type::DOUBLE:
            found = "DECIMAL_VALUE";
            break;
        default:
            found = "NUMBER_VALUE";
            break;
    }
    return serialization_error(std::string(found) + " cannot be converted to " +
                               std::string(java_type(kind)));
}

// Why a text is no base64, in AWS's words.
std::string base64_complaint(std::string_view text) {
    if (text.size() % 4 != 0) {
        return "Base64 encoded length is expected a multiple of 4 bytes but found: " +
               std::to_string(text.size());
    }
    for (const char c : text.substr(0, text.size() - (text.ends_with("==")  ? 2
                                                      : text.ends_with('=') ? 1
                                                                            : 0))) {
        const bool allowed = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                             (c >= '0' && c <= '9') || c == '+' || c == '/';
        if (!allowed) return std::string("Invalid Base64 character: '") + c + "'";
    }
    return "Invalid last non-pad Base64 character dectected";
}

class Decoder {
public:
    explicit Decoder(bool all_members) : all_members_(all_members) {}

    Result<void> structure(const StructureDescriptor& descriptor, simdjson::dom::object object,
                           void* value) const {
        const std::span<const MemberDescriptor> members = descriptor.members;
        size_t expected = 0;  // clients mostly send members in the model's order
        for (const auto field : object) {
            if (field.value.type() == element_type::NULL_VALUE) continue;
            const MemberDescriptor* member = find(members, field.key, expected);
            if (member == nullptr || (!all_members_ && member->location != Location::kBody))
                continue;
            MR_CHECK_OK(this->value(*member->type, member->timestamp_format, field.value,
                                    member->emplace(value)));
        }
        return {};
    }

private:
    static const MemberDescriptor* find(std::span<const MemberDescriptor> members,
                                        std::string_view name, size_t& expected) {
        const size_t count = members.size();
        for (size_t i = 0, at = expected; i < count; ++i, ++at) {
            if (at >= count) at -= count;
            if (members[at].wire_name == name) {
                expected = at + 1 < count ? at + 1 : 0;
                return &members[at];
            }
        }
        return nullptr;
    }

    Result<void> value(const TypeDescriptor& type, TimestampFormat format, element json,
                       void* out) const {
        switch (type.kind) {
            case Kind::kString: {
                std::string_view text;
                if (json.get(text) != simdjson::SUCCESS) return wrong_type(type, json);
                static_cast<std::string*>(out)->assign(text);
                return {};
            }
            case Kind::kBlob: {
                std::string_view text;
                if (json.get(text) != simdjson::SUCCESS) return wrong_type(type, json);
                std::optional<std::string> bytes = codec::base64_decode(text);
                if (!bytes) return serialization_error(base64_complaint(text));
                *static_cast<std::string*>(out) = std::move(*bytes);
                return {};
            }
            case Kind::kBool: {
                bool flag = false;
                if (json.get(flag) != simdjson::SUCCESS) return wrong_type(type, json);
                *static_cast<bool*>(out) = flag;
                return {};
            }
            case Kind::kInt32:
            case Kind::kInt64:
                return integer(type, json, out);
            case Kind::kDouble:
                return floating(type, json, out);
            case Kind::kTimestamp:
                return timestamp(type, format, json, out);
            case Kind::kList: {
                simdjson::dom::array array;
                if (json.get(array) != simdjson::SUCCESS) return wrong_type(type, json);
                for (const element item : array) {
                    void* slot = type.vector->append(out);
                    if (item.type() == element_type::NULL_VALUE) continue;
                    MR_CHECK_OK(value(*type.element, TimestampFormat::kDefault, item, slot));
                }
                return {};
            }
            case Kind::kMap: {
                simdjson::dom::object object;
                if (json.get(object) != simdjson::SUCCESS) return wrong_type(type, json);
                for (const auto field : object) {
                    if (field.value.type() == element_type::NULL_VALUE) continue;
                    void* slot = type.map->put(out, std::string(field.key));
                    MR_CHECK_OK(value(*type.element, TimestampFormat::kDefault, field.value, slot));
                }
                return {};
            }
            case Kind::kStructure: {
                simdjson::dom::object object;
                if (json.get(object) != simdjson::SUCCESS) return wrong_type(type, json);
                return structure(*type.structure, object, out);
            }
            case Kind::kItemValue: {
                MR_TRY(*static_cast<item::Value*>(out), item::decode_json_value(&json));
                return {};
            }
            case Kind::kItem: {
                MR_TRY(*static_cast<item::Item*>(out), item::decode_json_item(&json));
                return {};
            }
            case Kind::kStream:
                return {};
        }
        return {};
    }

    static Result<void> integer(const TypeDescriptor& type, element json, void* out) {
        int64_t number = 0;
        if (json.type() == element_type::DOUBLE) {
            const double floating = json.get_double().value_unsafe();
            if (!(floating > -9.2e18 && floating < 9.2e18)) return wrong_type(type, json);
            number = static_cast<int64_t>(floating);
        } else if (json.get(number) != simdjson::SUCCESS) {
            return wrong_type(type, json);
        }
        if (type.kind == Kind::kInt64) {
            *static_cast<int64_t*>(out) = number;
            return {};
        }
        if (number < std::numeric_limits<int32_t>::min() ||
            number > std::numeric_limits<int32_t>::max()) {
            return wrong_type(type, json);
        }
        *static_cast<int32_t*>(out) = static_cast<int32_t>(number);
        return {};
    }

    static Result<void> floating(const TypeDescriptor& type, element json, void* out) {
        auto& number = *static_cast<double*>(out);
        if (json.type() == element_type::STRING) {
            const std::string_view text = json.get_string().value_unsafe();
            if (text == "NaN")
                number = std::numeric_limits<double>::quiet_NaN();
            else if (text == "Infinity")
                number = std::numeric_limits<double>::infinity();
            else if (text == "-Infinity")
                number = -std::numeric_limits<double>::infinity();
            else
                return wrong_type(type, json);
            return {};
        }
        if (json.get(number) != simdjson::SUCCESS) return wrong_type(type, json);
        return {};
    }

    static Result<void> timestamp(const TypeDescriptor& type, TimestampFormat format, element json,
                                  void* out) {
        std::optional<TimePoint> time;
        if (json.type() == element_type::STRING) {
            const std::string_view text = json.get_string().value_unsafe();
            const TimestampFormat wanted =
                format == TimestampFormat::kDefault ? type.timestamp_format : format;
            if (wanted == TimestampFormat::kDefault || wanted == TimestampFormat::kUnix)
                return wrong_type(type, json);
            time = parse_timestamp(text);
        } else {
            double seconds = 0;
            if (json.get(seconds) != simdjson::SUCCESS) return wrong_type(type, json);
            time = from_epoch_seconds(seconds);
        }
        if (!time) return wrong_type(type, json);
        *static_cast<TimePoint*>(out) = *time;
        return {};
    }

    bool all_members_;
};

class Encoder {
public:
    Encoder(std::string& out, bool all_members) : out_(out), all_members_(all_members) {}

    void structure(const StructureDescriptor& descriptor, const void* value) {
        out_.push_back('{');
        bool first = true;
        for (const MemberDescriptor& member : descriptor.members) {
            if (!all_members_ && member.location != Location::kBody) continue;
            const void* present = member.get(value);
            if (present == nullptr || member.type->kind == Kind::kStream) continue;
            out_ += first ? "\"" : ",\"";
            first = false;
            out_ += member.wire_name;  // model names need no escapes
            out_ += "\":";
            this->value(*member.type, member.timestamp_format, present);
        }
        out_.push_back('}');
    }

    void value(const TypeDescriptor& type, TimestampFormat format, const void* value) {
        switch (type.kind) {
            case Kind::kString:
                codec::append_json_string(out_, *static_cast<const std::string*>(value));
                break;
            case Kind::kBlob:
                out_.push_back('"');
                codec::append_base64(out_, *static_cast<const std::string*>(value));
                out_.push_back('"');
                break;
            case Kind::kBool:
                out_ += *static_cast<const bool*>(value) ? "true" : "false";
                break;
            case Kind::kInt32:
                codec::append_int(out_, *static_cast<const int32_t*>(value));
                break;
            case Kind::kInt64:
                codec::append_int(out_, *static_cast<const int64_t*>(value));
                break;
            case Kind::kDouble:
                codec::append_double(out_, *static_cast<const double*>(value));
                break;
            case Kind::kTimestamp:
                timestamp(type, format, *static_cast<const TimePoint*>(value));
                break;
            case Kind::kList: {
                out_.push_back('[');
                const size_t count = type.vector->size(value);
                for (size_t i = 0; i < count; ++i) {
                    if (i != 0) out_.push_back(',');
                    this->value(*type.element, TimestampFormat::kDefault,
                                type.vector->at(value, i));
                }
                out_.push_back(']');
                break;
            }
            case Kind::kMap: {
                out_.push_back('{');
                struct Context {
                    Encoder* encoder;
                    const TypeDescriptor* type;
                    bool first;
                } context{this, type.element, true};
                type.map->for_each(
                    value, &context, [](void* opaque, const std::string& key, const void* element) {
                        auto& c = *static_cast<Context*>(opaque);
                        if (!c.first) c.encoder->out_.push_back(',');
                        c.first = false;
                        codec::append_json_string(c.encoder->out_, key);
                        c.encoder->out_.push_back(':');
                        c.encoder->value(*c.type, TimestampFormat::kDefault, element);
                    });
                out_.push_back('}');
                break;
            }
            case Kind::kStructure:
                structure(*type.structure, value);
                break;
            case Kind::kItemValue:
                item::append_json(out_, static_cast<const item::Value*>(value)->view());
                break;
            case Kind::kItem:
                item::append_json(out_, static_cast<const item::Item*>(value)->view());
                break;
            case Kind::kStream:
                out_ += "null";
                break;
        }
    }

private:
    void timestamp(const TypeDescriptor& type, TimestampFormat format, TimePoint time) {
        switch (format == TimestampFormat::kDefault ? type.timestamp_format : format) {
            case TimestampFormat::kDefault:
            case TimestampFormat::kUnix:
                codec::append_epoch_seconds(out_, epoch_ms(time));
                break;
            case TimestampFormat::kIso8601:
                codec::append_json_string(out_, format_iso8601_ms(time));
                break;
            case TimestampFormat::kRfc822:
                codec::append_json_string(out_, format_http_date(time));
                break;
            case TimestampFormat::kLambda:
                codec::append_json_string(out_, format_lambda(time));
                break;
        }
    }

    std::string& out_;
    bool all_members_;
};

Result<void> decode_with(simdjson::dom::parser& parser, const StructureDescriptor& structure,
                         std::string_view json, void* value, bool all_members) {
    element root;
    if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS)
        return serialization_error("");
    simdjson::dom::object object;
    if (root.get(object) != simdjson::SUCCESS) {
        return serialization_error(root.is_array() ? "Unrecognized collection type class " +
                                                         std::string(structure.name)
                                                   : "Unexpected token received from parser");
    }
    return Decoder(all_members).structure(structure, object, value);
}

}  // namespace

Result<void> decode_json(const StructureDescriptor& structure, std::string_view json, void* value,
                         bool all_members) {
    if (json.size() > kKeptParserBytesMax) {
        simdjson::dom::parser parser;
        if (parser.allocate(json.size(), kJsonNestingMax) != simdjson::SUCCESS)
            return serialization_error("");
        return decode_with(parser, structure, json, value, all_members);
    }
    thread_local simdjson::dom::parser parser(kKeptParserBytesMax);
    if (parser.capacity() < json.size() || parser.max_depth() != kJsonNestingMax) {
        const size_t capacity = std::max({json.size(), kParserBytesInitial, parser.capacity() * 2});
        if (parser.allocate(std::min(capacity, kKeptParserBytesMax), kJsonNestingMax) !=
            simdjson::SUCCESS) {
            return serialization_error("");
        }
    }
    return decode_with(parser, structure, json, value, all_members);
}

void append_json(std::string& out, const StructureDescriptor& structure, const void* value,
                 bool all_members) {
    Encoder(out, all_members).structure(structure, value);
}

Result<void> decode_json_request(const OperationDescriptor& operation, std::string_view body,
                                 void* input) {
    return decode_json(*operation.input, body, input);
}

namespace {

std::string content_type(const ServiceDescriptor& service) {
    return "application/x-amz-json-" + std::string(service.json_version);
}

}  // namespace

void encode_json_response(const OperationDescriptor& operation, const void* output,
                          HttpResponse& response) {
    response.status = operation.success_status;
    response.add_header("Content-Type", content_type(*operation.service));
    std::string body;
    body.reserve(256);
    append_json(body, *operation.output, output);
    response.body = Body{.bytes = std::move(body), .blob_id = {}};
}

void encode_json_error(const ServiceDescriptor& service, const Error& error,
                       HttpResponse& response) {
    response.status = error.http_status;
    response.add_header("Content-Type", content_type(service));
    if (service.query_compatible) {
        // Older clients' codes; SDKs show them in place of the shape's name.
        const std::string& code = error.query_code.empty() ? error.code : error.query_code;
        response.add_header("x-amzn-query-error",
                            code + (error.http_status >= 500 ? ";Receiver" : ";Sender"));
    }
    const std::string_view name_space = error.json_namespace.empty()
                                            ? service.error_namespace
                                            : std::string_view(error.json_namespace);
    std::string type(name_space);
    if (!type.empty()) type += '#';
    type += error.code;
    std::string body;
    codec::JsonWriter json(body);
    json.begin_object();
    json.member("__type", type);
    // A body that is no JSON is answered without a text.
    if (!error.message.empty() || error.code != "SerializationException") {
        json.member(error.capital_message ? "Message" : "message", error.message);
    }
    for (const auto& [name, raw] : error.json_fields) {
        json.key(name);
        json.raw(raw);
    }
    json.end_object();
    response.body = Body{.bytes = std::move(body), .blob_id = {}};
}

}  // namespace millrace::model
