#include "model/xml_values.h"

#include "model/text_values.h"

namespace millrace::model {
namespace {

class Encoder {
public:
    Encoder(codec::XmlWriter& xml, const XmlStyle& style) : xml_(xml), style_(style) {}

    void members(const StructureDescriptor& structure, const void* value) {
        for (const MemberDescriptor& member : structure.members) {
            if (member.xml_attribute ||
                (style_.skip_not_in_body && member.location != Location::kBody))
                continue;
            if (const void* present = member.get(value)) this->member(member, present);
        }
    }

    void structure(std::string_view name, std::string_view xml_namespace, std::string_view prefix,
                   const StructureDescriptor& descriptor, const void* value) {
        xml_.begin_tag(name);
        if (!xml_namespace.empty()) {
            xml_.attribute(prefix.empty() ? std::string("xmlns") : "xmlns:" + std::string(prefix),
                           xml_namespace);
        }
        for (const MemberDescriptor& member : descriptor.members) {
            if (!member.xml_attribute) continue;
            if (const void* present = member.get(value))
                xml_.attribute(member.wire_name,
                               text(*member.type, member.timestamp_format, present));
        }
        xml_.finish_tag();
        members(descriptor, value);
        xml_.close(name);
    }

private:
    void member(const MemberDescriptor& member, const void* value) {
        const TypeDescriptor& type = *member.type;
        const std::string_view name = style_.query ? member.query_name : member.wire_name;
        switch (type.kind) {
            case Kind::kList: {
                const bool flattened = member.is_flattened();
                if (!flattened) xml_.open(name);
                const std::string_view element_name = flattened ? name : type.element_name;
                const size_t count = type.vector->size(value);
                for (size_t i = 0; i < count; ++i)
                    element(element_name, *type.element, type.vector->at(value, i));
                if (!flattened) xml_.close(name);
                break;
            }
            case Kind::kMap: {
                const bool flattened = member.is_flattened();
                if (!flattened) xml_.open(name);
                struct Context {
                    Encoder* encoder;
                    const TypeDescriptor* type;
                    std::string_view entry;
                } context{this, &type, flattened ? name : std::string_view("entry")};
                type.map->for_each(
                    value, &context, [](void* opaque, const std::string& key, const void* element) {
                        const auto& c = *static_cast<Context*>(opaque);
                        codec::XmlWriter& xml = c.encoder->xml_;
                        xml.open(c.entry);
                        xml.element(c.type->key_name, key);
                        c.encoder->element(c.type->element_name, *c.type->element, element);
                        xml.close(c.entry);
                    });
                if (!flattened) xml_.close(name);
                break;
            }
            case Kind::kStructure:
                structure(name, member.xml_namespace, member.xml_namespace_prefix, *type.structure,
                          value);
                break;
            default:
                xml_.element(name, text(type, member.timestamp_format, value));
        }
    }

    // An element of a list or a value of a map: it has no member of its own.
    void element(std::string_view name, const TypeDescriptor& type, const void* value) {
        if (type.kind == Kind::kStructure) {
            structure(name, {}, {}, *type.structure, value);
        } else if (type.kind == Kind::kList) {
            xml_.open(name);
            const size_t count = type.vector->size(value);
            for (size_t i = 0; i < count; ++i)
                element(type.element_name, *type.element, type.vector->at(value, i));
            xml_.close(name);
        } else {
            xml_.element(name, text(type, TimestampFormat::kDefault, value));
        }
    }

    std::string text(const TypeDescriptor& type, TimestampFormat format, const void* value) const {
        std::string out;
        append_scalar(out, type, format, TimestampFormat::kIso8601, value,
                      style_.with_milliseconds);
        return out;
    }

    codec::XmlWriter& xml_;
    const XmlStyle& style_;
};

}  // namespace

void append_xml_members(codec::XmlWriter& xml, const StructureDescriptor& structure,
                        const void* value, const XmlStyle& style) {
    Encoder(xml, style).members(structure, value);
}

void append_xml_structure(codec::XmlWriter& xml, std::string_view name,
                          std::string_view xml_namespace, std::string_view xml_namespace_prefix,
                          const StructureDescriptor& structure, const void* value,
                          const XmlStyle& style) {
    Encoder(xml, style).structure(name, xml_namespace, xml_namespace_prefix, structure, value);
}

}  // namespace millrace::model
