// Appends XML text to a string. Thread-safety: a plain value. Ownership: refers to the caller's
// string.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::codec {

// Text between tags or in a quoted attribute: & < > " become entities; carriage return and other
// control characters become numeric references (as AWS sends them, e.g. "&#x1;"); bytes that are no
// UTF-8 become U+FFFD.
void append_xml_text(std::string& out, std::string_view text);

class XmlWriter {
public:
    explicit XmlWriter(std::string& out) : out_(out) {}
    // <?xml version="1.0" encoding="UTF-8"?> and a line feed.
    void declaration() { out_ += "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"; }
    void open(std::string_view name);
    // <name xmlns="ns">; without a namespace like open(name).
    void open(std::string_view name, std::string_view xml_namespace);
    // Start of a tag whose attributes follow; end with finish_tag().
    void begin_tag(std::string_view name);
    void attribute(std::string_view name, std::string_view value);
    void finish_tag() { out_ += '>'; }
    void close(std::string_view name);
    void text(std::string_view value) { append_xml_text(out_, value); }
    void raw(std::string_view xml) { out_ += xml; }
    void element(std::string_view name, std::string_view value);
    void element(std::string_view name, int64_t value);
    void element(std::string_view name, bool value);
    std::string& out() { return out_; }

private:
    std::string& out_;
};

}  // namespace millrace::codec
