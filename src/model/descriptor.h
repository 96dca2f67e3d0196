// Descriptors: what the AWS service models say about services, operations and types, as constant
// tables that tools/model/generate.py writes at build time. The protocol interpreters
// (json_protocol.h, query_protocol.h, rest_protocol.h) and the validator (validate.h) work on
// `void*` + descriptor, so that one piece of code serves every operation.
// Thread-safety: constant data. Ownership: static; every view points to static text.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace millrace::model {

enum class Protocol : uint8_t { kAwsJson, kQuery, kRestJson, kRestXml };

enum class Kind : uint8_t {
    kString,     // std::string; enums too
    kBlob,       // std::string, decoded bytes
    kBool,       // bool
    kInt32,      // int32_t
    kInt64,      // int64_t
    kDouble,     // double; floats too
    kTimestamp,  // TimePoint
    kList,       // std::vector<T>
    kMap,        // std::map<std::string, T>
    kStructure,  // the struct
    kStream,     // Body
    kItemValue,  // item::Value: a DynamoDB attribute value
    kItem,       // item::Item: attribute values by name
};

enum class Location : uint8_t { kBody, kHeader, kHeaders, kQueryString, kUri, kStatusCode };

enum class TimestampFormat : uint8_t {
    kDefault,  // the protocol's own: epoch seconds in JSON, ISO 8601 in XML, RFC 1123 in headers
    kIso8601,
    kRfc822,
    kUnix,
    kLambda,  // ISO 8601 with "+0000" (overlay: "timestampFormat": "lambda")
};

struct StructureDescriptor;
struct TypeDescriptor;
struct OperationDescriptor;
struct ServiceDescriptor;

// How to reach into a C++ type without knowing it. One table per type, made by type_ops.h.
struct OptionalOps {
    const void* (*get)(const void* optional);  // null: empty
    void* (*get_or_emplace)(void* optional);
    void* (*emplace)(void* optional);  // drops an old value
};
struct VectorOps {
    size_t (*size)(const void* vector);
    const void* (*at)(const void* vector, size_t index);
    void* (*append)(void* vector);  // a new element at the end
};
struct MapOps {
    using Visitor = void (*)(void* context, const std::string& key, const void* value);
    size_t (*size)(const void* map);
    void (*for_each)(const void* map, void* context, Visitor visitor);  // in key order
    void* (*put)(void* map, std::string key);  // the value of that key, made when new
};

// A regular expression of the model, compiled at its first use (validate.cc).
struct PatternDescriptor {
    std::string_view text;  // as the service shows it
    std::string_view re2;   // in RE2's syntax; empty: RE2 cannot express it, never checked
    mutable std::atomic<const void*> compiled{nullptr};
};

struct Constraints {
    bool has_min = false;
    bool has_max = false;
    double min = 0;  // a number's value, or a length: characters, bytes (blobs), elements
    double max = 0;
    const PatternDescriptor* pattern = nullptr;
    std::span<const std::string_view> enum_values;  // in the order in which AWS lists them
};

struct TypeDescriptor {
    Kind kind = Kind::kString;
    std::string_view shape;  // name in the model
    const OptionalOps* optional = nullptr;
    const Constraints* constraints = nullptr;  // null: none
    TimestampFormat timestamp_format = TimestampFormat::kDefault;
    // kStructure:
    const StructureDescriptor* structure = nullptr;
    // kList: the element. kMap: the value.
    const TypeDescriptor* element = nullptr;
    const TypeDescriptor* key = nullptr;  // kMap
    const VectorOps* vector = nullptr;
    const MapOps* map = nullptr;
    bool flattened = false;  // XML and Query: no wrapper round the elements
    std::string_view element_name =
        "member";                       // XML and Query: of an element; kMap: of a value ("value")
    std::string_view key_name = "key";  // kMap
    bool validated = true;              // false: an overlay switched generic validation off
};

struct MemberDescriptor {
    std::string_view name;        // in the model: "TableName"
    std::string_view wire_name;   // JSON member, XML element, header, query key or URI label
    std::string_view query_name;  // in the Query protocol: "AttributeName"
    std::string_view path_name;   // in validation texts: "tableName"
    const TypeDescriptor* type = nullptr;
    uint32_t offset = 0;  // of the std::optional in the struct, bytes
    Location location = Location::kBody;
    TimestampFormat timestamp_format = TimestampFormat::kDefault;
    bool required = false;
    bool flattened = false;
    bool xml_attribute = false;
    bool idempotency_token = false;
    bool validated = true;
    // Validation texts: a violation of its length is reported alone; its value is not shown.
    bool reported_alone = false;
    bool value_hidden = false;
    // An xmlns (or xmlns:prefix) attribute on the member's element.
    std::string_view xml_namespace;
    std::string_view xml_namespace_prefix;

    // The member's value in `structure`, or null when it is absent.
    const void* get(const void* structure) const {
        return type->optional->get(static_cast<const std::byte*>(structure) + offset);
    }
    void* get_or_emplace(void* structure) const {
        return type->optional->get_or_emplace(static_cast<std::byte*>(structure) + offset);
    }
    void* emplace(void* structure) const {
        return type->optional->emplace(static_cast<std::byte*>(structure) + offset);
    }
    bool is_flattened() const { return flattened || type->flattened; }
};

struct StructureDescriptor {
    std::string_view name;                      // in the model
    std::string_view cpp_name;                  // "PutItemInput"
    std::span<const MemberDescriptor> members;  // in the model's order
    // The member that is the whole HTTP body, or null.
    const MemberDescriptor* payload = nullptr;
    // XML root element where the model names one; empty: by rule (rest_xml).
    std::string_view xml_name;
    std::string_view xml_namespace;
    // The body is the only member's element itself (S3's GetBucketLocation).
    bool xml_unwrapped = false;
    bool is_union = false;
    bool has_header_members = false;  // any member that is not in the body

    const MemberDescriptor* find(std::string_view member_name) const {
        for (const MemberDescriptor& member : members) {
            if (member.name == member_name) return &member;
        }
        return nullptr;
    }
};

struct UriSegment {
    enum class Type : uint8_t { kLiteral, kLabel, kGreedyLabel };
    Type type = Type::kLiteral;
    std::string_view text;  // the literal, or the label's name
};

struct QueryLiteral {
    std::string_view name;
    std::string_view value;
    bool has_value = false;  // false: "?policy", any value will do
};

struct OperationDescriptor {
    const ServiceDescriptor* service = nullptr;
    std::string_view name;
    std::string_view http_method = "POST";
    std::string_view uri = "/";  // as the model writes it
    std::span<const UriSegment> segments;
    bool trailing_slash = false;
    std::span<const QueryLiteral> query_literals;
    const StructureDescriptor* input = nullptr;   // never null; empty when the model has none
    const StructureDescriptor* output = nullptr;  // never null
    int success_status = 200;
    std::string_view result_wrapper;  // Query: "SendMessageResult"; empty: no result element
    // Root element and namespace of an XML request body.
    std::string_view input_xml_name;
    std::string_view input_xml_namespace;
    bool input_streaming = false;  // the payload is a Body
    bool output_streaming = false;
    // S3: a checksum of the body (Content-MD5 or x-amz-checksum-*) must be sent.
    bool checksum_required = false;
    bool validated = true;
};

// How a REST operation is recognised; also those that we do not serve, so that none of them is
// taken for another one ("DELETE /bucket?analytics" is no DeleteBucket).
struct RouteDescriptor {
    std::string_view name;
    std::string_view http_method;
    std::span<const UriSegment> segments;
    std::span<const QueryLiteral> query_literals;
    std::span<const std::string_view> required_query;    // names that must be in the query
    std::span<const std::string_view> required_headers;  // lower case
    const OperationDescriptor* operation = nullptr;      // null: not served
};

struct ServiceDescriptor {
    std::string_view name;          // "dynamodb": our name, and the namespace of its types
    std::string_view signing_name;  // of the credential scope
    Protocol protocol = Protocol::kAwsJson;
    std::string_view target_prefix;  // "DynamoDB_20120810"
    std::string_view json_version;   // "1.0"
    std::string_view api_version;    // "2012-08-10"
    std::string_view xml_namespace;  // of Query answers and S3 documents; empty: none
    // What goes before '#' in a JSON __type of a modelled error; empty: no '#'.
    std::string_view error_namespace;
    // JSON service that also answers the Query protocol, and sends x-amzn-query-error (SQS).
    bool query_compatible = false;
    // Query as EC2 speaks it: lists without ".member", answers without a result element, another
    // error document.
    bool ec2_query = false;
    // False: the service words its violations itself (S3, SQS).
    bool validated = true;
    std::string_view validation_code = "ValidationException";
    std::string_view validation_namespace;  // Error::json_namespace of validation errors
    std::span<const OperationDescriptor>
        operations;                           // by name; those of models/<service>.operations
    std::span<const RouteDescriptor> routes;  // REST services: every operation of the model
    // Names of all operations of the model, by name: told apart from names that nobody has.
    std::span<const std::string_view> known_operations;
};

// Null when models/<service>.operations does not list it. O(log n).
const OperationDescriptor* find_operation(const ServiceDescriptor& service, std::string_view name);
// True when the public model has it, whether we serve it or not.
bool is_known_operation(const ServiceDescriptor& service, std::string_view name);

}  // namespace millrace::model
