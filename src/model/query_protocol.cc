#include "model/query_protocol.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "codec/xml_writer.h"
#include "model/text_values.h"
#include "model/xml_values.h"

namespace millrace::model {
namespace {

// Structures inside structures; deeper names are not looked at.
constexpr int kDepthMax = 32;

Error malformed(std::string message) {
    Error error;
    error.code = "MalformedInput";
    error.message = std::move(message);
    return error;
}

// As EC2 words it.
Error invalid_value(std::string_view name, std::string_view text) {
    Error error;
    error.code = "InvalidParameterValue";
    error.message = "Value (" + std::string(text) + ") for parameter " + std::string(name) +
                    " is invalid. The value has the wrong type.";
    return error;
}

// The parameters by name, so that "everything below Tags.member" is one range.
class Form {
public:
    explicit Form(const codec::FormPairs& pairs) {
        sorted_.reserve(pairs.size());
        for (const auto& pair : pairs) sorted_.push_back(&pair);
        // Equal names stay in the order in which they came: by address.
        std::sort(sorted_.begin(), sorted_.end(), [](const auto* a, const auto* b) {
            const int order = a->first.compare(b->first);
            return order != 0 ? order < 0 : a < b;
        });
    }

    // The first value of that name, or null.
    const std::string* find(std::string_view name) const {
        const auto found = lower_bound(name);
        return found != sorted_.end() && (*found)->first == name ? &(*found)->second : nullptr;
    }
    bool has_below(std::string_view prefix_with_dot) const {
        const auto found = lower_bound(prefix_with_dot);
        return found != sorted_.end() && (*found)->first.starts_with(prefix_with_dot);
    }
    // The numbers N of "prefix.N" and "prefix.N.anything", ascending.
    std::vector<uint32_t> indexes(std::string_view prefix_with_dot) const {
        std::vector<uint32_t> found;
        for (auto it = lower_bound(prefix_with_dot); it != sorted_.end(); ++it) {
            std::string_view rest = (*it)->first;
            if (!rest.starts_with(prefix_with_dot)) break;
            rest.remove_prefix(prefix_with_dot.size());
            uint32_t index = 0;
            const auto result = std::from_chars(rest.data(), rest.data() + rest.size(), index);
            if (result.ec != std::errc()) continue;
            if (result.ptr != rest.data() + rest.size() && *result.ptr != '.') continue;
            found.push_back(index);
        }
        std::sort(found.begin(), found.end());
        found.erase(std::unique(found.begin(), found.end()), found.end());
        return found;
    }

private:
    using Sorted = std::vector<const std::pair<std::string, std::string>*>;
    Sorted::const_iterator lower_bound(std::string_view name) const {
        return std::lower_bound(
            sorted_.begin(), sorted_.end(), name,
            [](const auto* pair, std::string_view wanted) { return pair->first < wanted; });
    }
    Sorted sorted_;
};

class Decoder {
public:
    Decoder(const Form& form, const ServiceDescriptor& service) : form_(form), service_(service) {}

    // `prefix`: "" or "Tags.member.1."; every name below it belongs to the structure.
    Result<void> structure(const StructureDescriptor& descriptor, const std::string& prefix,
                           void* value, int depth) const {
        if (depth > kDepthMax) return malformed("Parameters are nested too deeply");
        for (const MemberDescriptor& member : descriptor.members) {
            const std::string name = prefix + std::string(member.query_name);
            const bool flattened = member.is_flattened() || service_.ec2_query;
            if (!present(*member.type, flattened, name)) continue;
            MR_CHECK_OK(this->value(*member.type, flattened, name, member.emplace(value), depth));
        }
        return {};
    }

private:
    bool present(const TypeDescriptor& type, bool flattened, const std::string& name) const {
        if (is_scalar(type)) return form_.find(name) != nullptr;
        if (form_.has_below(name + ".")) return true;
        // "Tags=" is how clients write an empty list.
        const std::string* text = form_.find(name);
        return text != nullptr && text->empty() && !flattened && type.kind != Kind::kStructure;
    }

    Result<void> value(const TypeDescriptor& type, bool flattened, const std::string& name,
                       void* out, int depth) const {
        switch (type.kind) {
            case Kind::kList: {
                const std::string prefix = flattened ? name + "." : list_prefix(name, type);
                for (const uint32_t index : form_.indexes(prefix)) {
                    MR_CHECK_OK(value(*type.element, type.element->flattened,
                                      prefix + std::to_string(index), type.vector->append(out),
                                      depth + 1));
                }
                return {};
            }
            case Kind::kMap: {
                const std::string prefix = flattened ? name + "." : name + ".entry.";
                for (const uint32_t index : form_.indexes(prefix)) {
                    const std::string entry = prefix + std::to_string(index) + ".";
                    const std::string* key = form_.find(entry + std::string(type.key_name));
                    void* slot = type.map->put(out, key == nullptr ? std::string() : *key);
                    const std::string value_name = entry + std::string(type.element_name);
                    if (!present(*type.element, type.element->flattened, value_name)) continue;
                    MR_CHECK_OK(
                        value(*type.element, type.element->flattened, value_name, slot, depth + 1));
                }
                return {};
            }
            case Kind::kStructure:
                return structure(*type.structure, name + ".", out, depth + 1);
            default:
                break;
        }
        const std::string* text = form_.find(name);
        if (text == nullptr) return {};
        if (!scalar_from_text(type, *text, out)) {
            if (service_.ec2_query) return invalid_value(name, *text);
            return malformed("Invalid value for parameter " + name + ": " + *text);
        }
        return {};
    }

    // Clients write ".member.N"; the element's own name is understood too.
    std::string list_prefix(const std::string& name, const TypeDescriptor& type) const {
        std::string prefix = name + ".member.";
        if (type.element_name == "member" || form_.has_below(prefix)) return prefix;
        return name + "." + std::string(type.element_name) + ".";
    }

    const Form& form_;
    const ServiceDescriptor& service_;
};

void begin_answer(HttpResponse& response) { response.add_header("Content-Type", "text/xml"); }

}  // namespace

Result<void> decode_query_request(const OperationDescriptor& operation,
                                  const codec::FormPairs& form, void* input) {
    const Form sorted(form);
    return Decoder(sorted, *operation.service).structure(*operation.input, {}, input, 0);
}

void encode_query_response(const OperationDescriptor& operation, const void* output,
                           std::string_view request_id, HttpResponse& response) {
    response.status = operation.success_status;
    begin_answer(response);
    std::string body;
    codec::XmlWriter xml(body);
    const std::string root = std::string(operation.name) + "Response";
    if (operation.service->query_compatible) body += "<?xml version=\"1.0\"?>";
    if (operation.service->ec2_query) {
        xml.declaration();
        xml.open(root, operation.service->xml_namespace);
        xml.element("requestId", request_id);
        if (operation.output->members.empty()) xml.element("return", true);
        append_xml_members(xml, *operation.output, output, XmlStyle{.with_milliseconds = true});
        xml.close(root);
        response.body = Body{.bytes = std::move(body), .blob_id = {}};
        return;
    }
    xml.open(root, operation.service->xml_namespace);
    if (!operation.result_wrapper.empty()) {
        xml.open(operation.result_wrapper);
        const XmlStyle style{.query = true};
        append_xml_members(xml, *operation.output, output, style);
        xml.close(operation.result_wrapper);
    }
    xml.open("ResponseMetadata");
    xml.element("RequestId", request_id);
    xml.close("ResponseMetadata");
    xml.close(root);
    response.body = Body{.bytes = std::move(body), .blob_id = {}};
}

void encode_query_error(const ServiceDescriptor& service, const Error& error,
                        std::string_view request_id, HttpResponse& response) {
    response.status = error.http_status;
    begin_answer(response);
    std::string body;
    codec::XmlWriter xml(body);
    if (service.ec2_query) {
        xml.declaration();
        xml.open("Response");
        xml.open("Errors");
        xml.open("Error");
        xml.element("Code", std::string_view(error.code));
        xml.element("Message", std::string_view(error.message));
        xml.close("Error");
        xml.close("Errors");
        xml.element("RequestID", request_id);
        xml.close("Response");
        response.body = Body{.bytes = std::move(body), .blob_id = {}};
        return;
    }
    if (service.query_compatible) body += "<?xml version=\"1.0\"?>";
    xml.open("ErrorResponse", service.xml_namespace);
    xml.open("Error");
    xml.element("Type", std::string_view(error.http_status >= 500 ? "Receiver" : "Sender"));
    xml.element("Code", std::string_view(error.query_code.empty() ? error.code : error.query_code));
    xml.element("Message", std::string_view(error.message));
    for (const auto& [name, text] : error.fields) xml.element(name, std::string_view(text));
    if (service.query_compatible) body += "<Detail/>";
    xml.close("Error");
    xml.element("RequestId", request_id);
    xml.close("ErrorResponse");
    response.body = Body{.bytes = std::move(body), .blob_id = {}};
}

}  // namespace millrace::model
