#include "codec/xml_writer.h"

#include "codec/json_writer.h"
#include "codec/utf8.h"

namespace millrace::codec {

void append_xml_text(std::string& out, std::string_view text) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    size_t i = 0;
    while (i < text.size()) {
        const auto byte = static_cast<uint8_t>(text[i]);
        if (byte >= 0x80) {
            const size_t start = i;
            if (next_code_point(text, i) == 0xfffd && i == start + 1) {
                out += "\xef\xbf\xbd";
            } else {
                out.append(text, start, i - start);
            }
            continue;
        }
        ++i;
        switch (byte) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\t':
            case '\n':
                out.push_back(static_cast<char>(byte));
                break;
            default:
                if (byte >= 0x20 && byte != 0x7f) {
                    out.push_back(static_cast<char>(byte));
                    break;
                }
                out += "&#x";
                if (byte >= 16) out.push_back(kDigits[byte >> 4]);
                out.push_back(kDigits[byte & 15]);
                out.push_back(';');
        }
    }
}

void XmlWriter::open(std::string_view name) {
    out_ += '<';
    out_ += name;
    out_ += '>';
}
void XmlWriter::open(std::string_view name, std::string_view xml_namespace) {
    begin_tag(name);
    if (!xml_namespace.empty()) attribute("xmlns", xml_namespace);
    finish_tag();
}
void XmlWriter::begin_tag(std::string_view name) {
    out_ += '<';
    out_ += name;
}
void XmlWriter::attribute(std::string_view name, std::string_view value) {
    out_ += ' ';
    out_ += name;
    out_ += "=\"";
    append_xml_text(out_, value);
    out_ += '"';
}
void XmlWriter::close(std::string_view name) {
    out_ += "</";
    out_ += name;
    out_ += '>';
}
void XmlWriter::element(std::string_view name, std::string_view value) {
    open(name);
    text(value);
    close(name);
}
void XmlWriter::element(std::string_view name, int64_t value) {
    open(name);
    append_int(out_, value);
    close(name);
}
void XmlWriter::element(std::string_view name, bool value) {
    open(name);
    out_ += value ? "true" : "false";
    close(name);
}

}  // namespace millrace::codec
