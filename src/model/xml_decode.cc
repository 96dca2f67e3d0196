#include "model/xml_decode.h"

#include <pugixml.hpp>
#include <string>

#include "model/text_values.h"

namespace millrace::model {
namespace {

// "s3:Key" -> "Key".
std::string_view local_name(std::string_view name) {
    const size_t colon = name.find(':');
    return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

// All text inside an element; comments and elements are left out.
std::string text_of(const pugi::xml_node& node) {
    std::string text;
    for (const pugi::xml_node child : node.children()) {
        if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata)
            text += child.value();
    }
    return text;
}

class Decoder {
public:
    Result<void> structure(const StructureDescriptor& descriptor, const pugi::xml_node& node,
                           void* value, int depth) const {
        if (depth > kXmlDepthMax) return malformed_xml();
        for (const MemberDescriptor& member : descriptor.members) {
            if (!member.xml_attribute) continue;
            for (const pugi::xml_attribute attribute : node.attributes()) {
                if (local_name(attribute.name()) == local_name(member.wire_name) &&
                    !scalar_from_text(*member.type, attribute.value(), member.emplace(value))) {
                    return malformed_xml();
                }
            }
        }
        for (const pugi::xml_node child : node.children()) {
            if (child.type() != pugi::node_element) continue;
            const MemberDescriptor* member = find(descriptor, local_name(child.name()));
            if (member == nullptr) continue;
            if (member->is_flattened() && member->type->kind == Kind::kList) {
                MR_CHECK_OK(this->value(*member->type->element, child,
                                        member->type->vector->append(member->get_or_emplace(value)),
                                        depth));
            } else {
                MR_CHECK_OK(
                    this->value(*member->type, child, member->get_or_emplace(value), depth));
            }
        }
        for (const MemberDescriptor& member : descriptor.members) {
            if (member.required && member.location == Location::kBody &&
                member.get(value) == nullptr)
                return malformed_xml();
        }
        return {};
    }

private:
    static const MemberDescriptor* find(const StructureDescriptor& descriptor,
                                        std::string_view name) {
        for (const MemberDescriptor& member : descriptor.members) {
            if (!member.xml_attribute && member.location == Location::kBody &&
                member.wire_name == name)
                return &member;
        }
        return nullptr;
    }

    Result<void> value(const TypeDescriptor& type, const pugi::xml_node& node, void* out,
                       int depth) const {
        switch (type.kind) {
            case Kind::kStructure:
                return structure(*type.structure, node, out, depth + 1);
            case Kind::kList:
                for (const pugi::xml_node child : node.children()) {
                    if (child.type() != pugi::node_element ||
                        local_name(child.name()) != type.element_name)
                        continue;
                    MR_CHECK_OK(value(*type.element, child, type.vector->append(out), depth + 1));
                }
                return {};
            case Kind::kMap:
                for (const pugi::xml_node entry : node.children()) {
                    const std::string key =
                        text_of(entry.child(std::string(type.key_name).c_str()));
                    MR_CHECK_OK(value(*type.element,
                                      entry.child(std::string(type.element_name).c_str()),
                                      type.map->put(out, key), depth + 1));
                }
                return {};
            default: {
                std::string text = text_of(node);
                if (type.kind != Kind::kString) trim(text);
                return scalar_from_text(type, text, out) ? Result<void>()
                                                         : Result<void>(malformed_xml());
            }
        }
    }

    static void trim(std::string& text) {
        constexpr const char* kBlanks = " \t\r\n";
        text.erase(0, std::min(text.find_first_not_of(kBlanks), text.size()));
        text.erase(text.find_last_not_of(kBlanks) + 1);
    }
};

}  // namespace

Error malformed_xml() {
    Error error;
    error.code = "MalformedXML";
    error.message =
        "The XML you provided was not well-formed or did not validate against our published schema";
    return error;
}

Result<void> decode_xml_document(const StructureDescriptor& structure, std::string_view xml,
                                 void* value) {
    pugi::xml_document document;
    const unsigned int options =
        pugi::parse_cdata | pugi::parse_escapes | pugi::parse_eol | pugi::parse_ws_pcdata_single;
    const pugi::xml_parse_result parsed =
        document.load_buffer(xml.data(), xml.size(), options, pugi::encoding_utf8);
    if (!parsed) return malformed_xml();
    const pugi::xml_node root = document.document_element();
    if (!root) return malformed_xml();
    return Decoder().structure(structure, root, value, 0);
}

}  // namespace millrace::model
