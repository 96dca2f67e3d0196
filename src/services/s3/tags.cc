#include "services/s3/tags.h"

#include <fmt/format.h>

#include <algorithm>

#include "codec/url.h"
#include "codec/utf8.h"
#include "services/s3/errors.h"

namespace millrace::s3 {
namespace {

// Letters of any language, digits, blanks and + - = . _ : / @: of ASCII, the rest is refused.
bool allowed_characters(std::string_view text) {
    if (!codec::is_valid_utf8(text)) return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
               (byte >= 'A' && byte <= 'Z') ||
               std::string_view(" +-=._:/@").find(c) != std::string_view::npos;
    });
}

Result<void> check_all(const Tags& tags, size_t count_max) {
    if (tags.size() > count_max) {
        // Source: answers of PutObjectTagging and PutBucketTagging.
        return errors::bad_request(
            count_max == kObjectTagsMax
                ? "Object tags cannot be greater than 10"
                : fmt::format("Bucket tag count cannot be greater than {}", count_max));
    }
    for (size_t i = 0; i < tags.size(); ++i) {
        const auto& [key, value] = tags[i];
        if (key.empty() || !allowed_characters(key) || codec::utf16_length(key) > 128) {
            return errors::invalid_tag("The TagKey you have provided is invalid");
        }
        if (!allowed_characters(value) || codec::utf16_length(value) > 256) {
            return errors::invalid_tag("The TagValue you have provided is invalid");
        }
        if (key.starts_with("aws:")) {
            return errors::invalid_tag(count_max == kObjectTagsMax
                                           ? "Your TagKey cannot be prefixed with aws:"
                                           : "System tags cannot be added/updated by requester");
        }
        for (size_t j = 0; j < i; ++j) {
            if (tags[j].first == key) {
                return errors::invalid_tag("Cannot provide multiple Tags with the same key");
            }
        }
    }
    return {};
}

}  // namespace

Result<Tags> check_tags(const std::optional<std::vector<model::s3::Tag>>& tag_set,
                        size_t count_max) {
    Tags tags;
    if (!tag_set) return errors::malformed_xml();
    for (const model::s3::Tag& tag : *tag_set) {
        if (!tag.key || !tag.value) return errors::malformed_xml();
        tags.emplace_back(*tag.key, *tag.value);
    }
    MR_CHECK_OK(check_all(tags, count_max));
    return tags;
}

Result<Tags> parse_tagging_header(std::string_view header) {
    const auto pairs = codec::parse_form(header, 1000);
    if (!pairs || !codec::is_well_formed_url(header)) {
        return errors::invalid_argument(
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query "
            "parameters without tag name duplicates.",
            "x-amz-tagging", header);
    }
    Tags tags(pairs->begin(), pairs->end());
    for (size_t i = 0; i < tags.size(); ++i) {
        for (size_t j = 0; j < i; ++j) {
            if (tags[j].first == tags[i].first) {
                return errors::invalid_argument(
                    "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL "
                    "query parameters without tag name duplicates.",
                    "x-amz-tagging", header);
            }
        }
    }
    MR_CHECK_OK(check_all(tags, kObjectTagsMax));
    return tags;
}

std::vector<model::s3::Tag> to_model(const Tags& tags) {
    std::vector<model::s3::Tag> out;
    out.reserve(tags.size());
    for (const auto& [key, value] : tags) {
        model::s3::Tag tag;
        tag.key = key;
        tag.value = value;
        out.push_back(std::move(tag));
    }
    return out;
}

}  // namespace millrace::s3
