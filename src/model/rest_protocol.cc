#include "model/rest_protocol.h"

#include <algorithm>

#include "codec/json_writer.h"
#include "codec/xml_writer.h"
#include "core/time.h"
#include "model/json_protocol.h"
#include "model/text_values.h"
#include "model/xml_decode.h"
#include "model/xml_values.h"

namespace millrace::model {
namespace {

bool is_xml(const ServiceDescriptor& service) { return service.protocol == Protocol::kRestXml; }

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// A query parameter or header whose text is not of the member's type.
Error bad_text(const ServiceDescriptor& service, const MemberDescriptor& member,
               std::string_view text) {
    Error error;
    if (!is_xml(service)) {
        error.code = "InvalidParameterValueException";
        error.message = "Invalid value for " + std::string(member.name) + ": " + std::string(text);
        return error;
    }
    error.code = "InvalidArgument";
    const bool integer = member.type->kind == Kind::kInt32 || member.type->kind == Kind::kInt64;
    error.message = integer ? "Provided " + std::string(member.wire_name) +
                                  " not an integer or within integer range"
                            : "Invalid value for " + std::string(member.wire_name);
    error.fields = {{"ArgumentName", std::string(member.wire_name)},
                    {"ArgumentValue", std::string(text)}};
    return error;
}

class Decoder {
public:
    Decoder(const RestMatch& match, const HttpRequest& request)
        : match_(match), service_(*match.operation->service), request_(request) {}

    Result<void> parameters(void* input) const {
        for (const MemberDescriptor& member : match_.operation->input->members) {
            switch (member.location) {
                case Location::kUri:
                    MR_CHECK_OK(uri(member, input));
                    break;
                case Location::kQueryString:
                    MR_CHECK_OK(query(member, input));
                    break;
                case Location::kHeader:
                    MR_CHECK_OK(header(member, input));
                    break;
                case Location::kHeaders:
                    headers(member, input);
                    break;
                case Location::kStatusCode:
                case Location::kBody:
                    break;
            }
        }
        return {};
    }

    Result<void> body(Body& body, void* input) const {
        const StructureDescriptor& structure = *match_.operation->input;
        const MemberDescriptor* payload = structure.payload;
        if (payload == nullptr) {
            if (is_xml(service_) || body.bytes.empty() || !has_body_members(structure)) return {};
            return json(structure, body.bytes, input);
        }
        switch (payload->type->kind) {
            case Kind::kStream:
                *static_cast<Body*>(payload->emplace(input)) = std::move(body);
                return {};
            case Kind::kBlob:
            case Kind::kString:
                if (!body.bytes.empty())
                    *static_cast<std::string*>(payload->emplace(input)) = std::move(body.bytes);
                return {};
            case Kind::kStructure:
                // S3 tells an absent document from a broken one.
                if (body.bytes.empty()) return {};
                if (!is_xml(service_))
                    return json(*payload->type->structure, body.bytes, payload->emplace(input));
                return decode_xml_document(*payload->type->structure, body.bytes,
                                           payload->emplace(input));
            default:
                return {};
        }
    }

private:
    static bool has_body_members(const StructureDescriptor& structure) {
        return std::any_of(
            structure.members.begin(), structure.members.end(),
            [](const MemberDescriptor& member) { return member.location == Location::kBody; });
    }

    // Lambda's own code for what AWS JSON calls a SerializationException.
    static Result<void> json(const StructureDescriptor& structure, std::string_view text,
                             void* value) {
        Result<void> decoded = decode_json(structure, text, value);
        if (decoded) return {};
        Error error = std::move(decoded.error());
        if (error.message.empty()) {
            error.code = "InvalidRequestContentException";
            error.message = "Could not parse request body into json";
            error.capital_message = false;
        }
        error.json_namespace.clear();
        return error;
    }

    Result<void> scalar(const MemberDescriptor& member, std::string_view text, void* input) const {
        if (!scalar_from_text(*member.type, text, member.emplace(input)))
            return bad_text(service_, member, text);
        return {};
    }

    Result<void> uri(const MemberDescriptor& member, void* input) const {
        for (const auto& [name, value] : match_.labels) {
            if (name == member.wire_name) return scalar(member, value, input);
        }
        return {};
    }

    Result<void> query(const MemberDescriptor& member, void* input) const {
        if (member.type->kind == Kind::kMap) return {};
        for (const auto& [name, value] : match_.query) {
            if (name != member.wire_name) continue;
            if (member.type->kind != Kind::kList) {
                // An empty number or flag is as good as none ("?max-keys=").
                if (value.empty() && member.type->kind != Kind::kString) return {};
                return scalar(member, value, input);
            }
            void* list = member.get_or_emplace(input);
            if (!scalar_from_text(*member.type->element, value,
                                  member.type->vector->append(list))) {
                return bad_text(service_, member, value);
            }
        }
        return {};
    }

    Result<void> header(const MemberDescriptor& member, void* input) const {
        if (member.type->kind == Kind::kList) {
            for (const HttpHeader& header : request_.headers) {
                if (equals_ignore_case(header.name, member.wire_name))
                    MR_CHECK_OK(header_list(member, header.value, input));
            }
            return {};
        }
        if (!request_.has_header(member.wire_name)) return {};
        const std::string_view text = trim(request_.header(member.wire_name));
        if (member.type->kind == Kind::kString) return scalar(member, text, input);
        if (text.empty()) return {};
        if (member.type->kind == Kind::kTimestamp) {
            // A date that cannot be read is as good as none (RFC 9110, conditional requests).
            TimePoint time;
            if (scalar_from_text(*member.type, text, &time))
                *static_cast<TimePoint*>(member.emplace(input)) = time;
            return {};
        }
        return scalar(member, text, input);
    }

    Result<void> header_list(const MemberDescriptor& member, std::string_view text,
                             void* input) const {
        void* list = member.get_or_emplace(input);
        while (!text.empty()) {
            const size_t comma = text.find(',');
            const std::string_view part = trim(text.substr(0, comma));
            text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
            if (part.empty()) continue;
            if (!scalar_from_text(*member.type->element, part, member.type->vector->append(list))) {
                return bad_text(service_, member, part);
            }
        }
        return {};
    }

    // x-amz-meta-*: names in lower case without the prefix; repeated headers are joined with a
    // comma.
    void headers(const MemberDescriptor& member, void* input) const {
        const std::string prefix = lower(member.wire_name);
        for (const HttpHeader& header : request_.headers) {
            if (header.name.size() < prefix.size() ||
                !equals_ignore_case(header.name.substr(0, prefix.size()), prefix))
                continue;
            void* map = member.get_or_emplace(input);
            auto& value = *static_cast<std::string*>(
                member.type->map->put(map, lower(header.name.substr(prefix.size()))));
            if (!value.empty()) value += ',';
            value += trim(header.value);
        }
    }

    const RestMatch& match_;
    const ServiceDescriptor& service_;
    const HttpRequest& request_;
};

// Headers and status of an answer.
void encode_parameters(const StructureDescriptor& structure, const void* output,
                       HttpResponse& response) {
    for (const MemberDescriptor& member : structure.members) {
        if (member.location == Location::kBody) continue;
        const void* value = member.get(output);
        if (value == nullptr) continue;
        if (member.location == Location::kStatusCode) {
            response.status = *static_cast<const int32_t*>(value);
        } else if (member.location == Location::kHeaders) {
            struct Context {
                HttpResponse* response;
                std::string_view prefix;
            } context{&response, member.wire_name};
            member.type->map->for_each(
                value, &context, [](void* opaque, const std::string& key, const void* text) {
                    const auto& c = *static_cast<Context*>(opaque);
                    c.response->add_header(std::string(c.prefix) + key,
                                           *static_cast<const std::string*>(text));
                });
        } else if (member.location == Location::kHeader) {
            std::string text;
            if (member.type->kind == Kind::kList) {
                const size_t count = member.type->vector->size(value);
                for (size_t i = 0; i < count; ++i) {
                    if (i != 0) text += ",";
                    append_scalar(text, *member.type->element, TimestampFormat::kDefault,
                                  TimestampFormat::kRfc822, member.type->vector->at(value, i),
                                  true);
                }
            } else {
                append_scalar(text, *member.type, member.timestamp_format, TimestampFormat::kRfc822,
                              value, true);
            }
            response.add_header(std::string(member.wire_name), std::move(text));
        }
    }
}

bool has_header(const HttpResponse& response, std::string_view name) {
    return std::any_of(response.headers.begin(), response.headers.end(),
                       [&](const auto& header) { return equals_ignore_case(header.first, name); });
}

void set_body(HttpResponse& response, std::string bytes, std::string_view type) {
    response.body = Body{.bytes = std::move(bytes), .blob_id = {}};
    if (!has_header(response, "Content-Type"))
        response.add_header("Content-Type", std::string(type));
}

void encode_xml_body(const OperationDescriptor& operation, const void* output,
                     HttpResponse& response) {
    const StructureDescriptor& structure = *operation.output;
    const XmlStyle style{.with_milliseconds = true};
    const std::string_view xml_namespace = operation.service->xml_namespace;
    std::string body;
    codec::XmlWriter xml(body);
    if (structure.payload != nullptr) {
        const void* value = structure.payload->get(output);
        if (value == nullptr) return;
        xml.declaration();
        const StructureDescriptor& inner = *structure.payload->type->structure;
        // The document is named after the payload's element, unless the model names it.
        const std::string_view root =
            !inner.xml_name.empty() ? inner.xml_name : structure.payload->wire_name;
        append_xml_structure(xml, root, xml_namespace, {}, inner, value, style);
        set_body(response, std::move(body), "application/xml");
        return;
    }
    const bool any = std::any_of(
        structure.members.begin(), structure.members.end(),
        [](const MemberDescriptor& member) { return member.location == Location::kBody; });
    if (!any) return;
    xml.declaration();
    if (structure.xml_unwrapped && structure.members.size() == 1) {
        // <LocationConstraint xmlns="...">eu-west-1</LocationConstraint>; empty in us-east-1.
        const MemberDescriptor& member = structure.members[0];
        xml.open(member.wire_name, xml_namespace);
        if (const void* value = member.get(output)) {
            std::string text;
            append_scalar(text, *member.type, member.timestamp_format, TimestampFormat::kIso8601,
                          value, true);
            xml.text(text);
        }
        xml.close(member.wire_name);
    } else {
        const std::string_view root =
            !structure.xml_name.empty() ? structure.xml_name : structure.name;
        append_xml_structure(xml, root, xml_namespace, {}, structure, output, style);
    }
    set_body(response, std::move(body), "application/xml");
}

void encode_json_body(const OperationDescriptor& operation, const void* output,
                      HttpResponse& response) {
    const StructureDescriptor& structure = *operation.output;
    std::string body;
    if (structure.payload != nullptr) {
        const void* value = structure.payload->get(output);
        if (value == nullptr) return;
        append_json(body, *structure.payload->type->structure, value);
    } else {
        if (response.status == 204) return;
        const bool any = std::any_of(
            structure.members.begin(), structure.members.end(),
            [](const MemberDescriptor& member) { return member.location == Location::kBody; });
        if (!any) return;
        append_json(body, structure, output);
    }
    set_body(response, std::move(body), "application/json");
}

}  // namespace

Result<void> decode_rest_request(const RestMatch& match, const HttpRequest& request, Body& body,
                                 void* input) {
    const Decoder decoder(match, request);
    MR_CHECK_OK(decoder.parameters(input));
    return decoder.body(body, input);
}

void encode_rest_response(const OperationDescriptor& operation, void* output,
                          HttpResponse& response) {
    response.status = operation.success_status;
    encode_parameters(*operation.output, output, response);
    const MemberDescriptor* payload = operation.output->payload;
    if (payload != nullptr && payload->type->kind != Kind::kStructure) {
        const void* value = payload->get(output);
        if (value == nullptr) return;
        if (payload->type->kind == Kind::kStream) {
            response.body = std::move(*static_cast<Body*>(payload->get_or_emplace(output)));
        } else {
            auto& bytes = *static_cast<std::string*>(payload->get_or_emplace(output));
            set_body(response, std::move(bytes),
                     is_xml(*operation.service) && payload->type->kind == Kind::kBlob
                         ? "binary/octet-stream"
                         : "application/json");
        }
        return;
    }
    if (is_xml(*operation.service))
        encode_xml_body(operation, output, response);
    else
        encode_json_body(operation, output, response);
}

void encode_rest_json_error(const ServiceDescriptor&, const Error& error, HttpResponse& response) {
    response.status = error.http_status;
    response.add_header("Content-Type", "application/json");
    response.add_header("x-amzn-ErrorType", error.code);
    std::string body;
    codec::JsonWriter json(body);
    json.begin_object();
    json.member("Type", error.http_status >= 500 ? "Service" : "User");
    json.member(error.capital_message ? "Message" : "message", error.message);
    for (const auto& [name, raw] : error.json_fields) {
        json.key(name);
        json.raw(raw);
    }
    json.end_object();
    response.body = Body{.bytes = std::move(body), .blob_id = {}};
}

void encode_rest_xml_error(const ServiceDescriptor&, const Error& error,
                           std::string_view request_id, std::string_view host_id,
                           HttpResponse& response) {
    response.status = error.http_status;
    if (error.http_status == 304) return;
    response.add_header("Content-Type", "application/xml");
    std::string body;
    codec::XmlWriter xml(body);
    xml.declaration();
    xml.open("Error");
    xml.element("Code", std::string_view(error.code));
    xml.element("Message", std::string_view(error.message));
    for (const auto& [name, text] : error.fields) xml.element(name, std::string_view(text));
    xml.element("RequestId", request_id);
    xml.element("HostId", host_id);
    xml.close("Error");
    response.body = Body{.bytes = std::move(body), .blob_id = {}};
}

void append_xml_document(std::string& out, const StructureDescriptor& structure,
                         std::string_view root_name, std::string_view xml_namespace,
                         const void* value) {
    codec::XmlWriter xml(out);
    xml.declaration();
    const XmlStyle style{.with_milliseconds = true};
    append_xml_structure(xml, root_name, xml_namespace, {}, structure, value, style);
}

}  // namespace millrace::model
