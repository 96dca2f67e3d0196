// Structures as XML elements, for the answers of Query and REST-XML. Thread-safety: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "codec/xml_writer.h"
#include "model/descriptor.h"

namespace millrace::model {

struct XmlStyle {
    bool query = false;              // Query names for members, no milliseconds in timestamps
    bool with_milliseconds = false;  // "2026-01-31T10:20:30.000Z"
    bool skip_not_in_body = true;    // leaves out headers, labels and so on
};

// The members of a structure, without an element round them. Attributes are not among them.
void append_xml_members(codec::XmlWriter& xml, const StructureDescriptor& structure,
                        const void* value, const XmlStyle& style);
// <name ...>members</name> with the structure's xml attributes and a namespace, if any.
void append_xml_structure(codec::XmlWriter& xml, std::string_view name,
                          std::string_view xml_namespace, std::string_view xml_namespace_prefix,
                          const StructureDescriptor& structure, const void* value,
                          const XmlStyle& style);

}  // namespace millrace::model
