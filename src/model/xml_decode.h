// Reading XML documents into structures: S3's request bodies. Thread-safety: pure functions.
#pragma once

#include <string_view>

#include "core/error.h"
#include "core/result.h"
#include "model/descriptor.h"

namespace millrace::model {

// Elements inside elements; deeper documents are refused.
inline constexpr int kXmlDepthMax = 32;

// MalformedXML (400): not well-formed, a text of the wrong type, or a required member is missing.
Error malformed_xml();
// The root's name does not matter, nor do namespaces and unknown elements. No entities but XML's
// own five, no document type, nothing external.
Result<void> decode_xml_document(const StructureDescriptor& structure, std::string_view xml,
                                 void* value);

}  // namespace millrace::model
