#include "services/s3/ops/object_input.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "codec/base64.h"

namespace millrace::s3 {
namespace {

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

}  // namespace

std::string without_aws_chunked(std::string_view content_encoding) {
    std::string out;
    while (!content_encoding.empty()) {
        const size_t comma = content_encoding.find(',');
        const std::string_view item = trim(content_encoding.substr(0, comma));
        content_encoding = comma == std::string_view::npos ? std::string_view()
                                                           : content_encoding.substr(comma + 1);
        if (item.empty() || equals_ignore_case(item, "aws-chunked")) continue;
        if (!out.empty()) out += ',';
        out.append(item);
    }
    return out;
}

Result<std::map<std::string, std::string>> read_metadata(
    const std::optional<std::map<std::string, std::string>>& metadata) {
    std::map<std::string, std::string> out;
    size_t size = 0;
    if (metadata) {
        for (const auto& [name, value] : *metadata) {
            std::string key = name;
            for (char& c : key) {
                c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            }
            const std::string_view trimmed = trim(value);
            size += key.size() + trimmed.size();
            std::string& slot = out[key];
            if (!slot.empty()) slot += ',';
            slot.append(trimmed);
        }
    }
    if (size > kMetadataBytesMax) return errors::metadata_too_large(size);
    return out;
}

std::map<std::string, std::string> shown_metadata(
    const std::map<std::string, std::string>& metadata) {
    std::map<std::string, std::string> out;
    for (const auto& [name, value] : metadata) {
        const bool ascii = std::all_of(value.begin(), value.end(),
                                       [](char c) { return static_cast<unsigned char>(c) < 0x80; });
        out.emplace(name, ascii ? value : "=?UTF-8?B?" + codec::base64_encode(value) + "?=");
    }
    return out;
}

Result<std::string> read_storage_class(const std::optional<std::string>& storage_class) {
    if (!storage_class || storage_class->empty() || *storage_class == "STANDARD") {
        return std::string();
    }
    // Classes whose objects can be read at once; the label is kept, the storage is the same.
    constexpr std::array<std::string_view, 5> kReadable{
        "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"};
    if (std::find(kReadable.begin(), kReadable.end(), *storage_class) != kReadable.end()) {
        return *storage_class;
    }
    constexpr std::array<std::string_view, 6> kOther{"GLACIER", "DEEP_ARCHIVE",    "OUTPOSTS",
                                                     "SNOW",    "EXPRESS_ONEZONE", "FSX_OPENZFS"};
    if (std::find(kOther.begin(), kOther.end(), *storage_class) != kOther.end()) {
        return errors::not_implemented_header("x-amz-storage-class");
    }
    return errors::invalid_storage_class(*storage_class);
}

Result<void> check_website_redirect(const std::optional<std::string>& location) {
    if (!location || location->starts_with("/") || location->starts_with("http://") ||
        location->starts_with("https://")) {
        return {};
    }
    return errors::invalid_argument(
        "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
        "x-amz-website-redirect-location", *location);
}

Result<void> check_object_acl(const Bucket& bucket, const std::optional<std::string>& acl,
                              bool has_grants) {
    if (!acl && !has_grants) return {};
    if (bucket.ownership == ObjectOwnership::kBucketOwnerEnforced) {
        if (has_grants || *acl != "bucket-owner-full-control") return errors::acl_not_supported();
        return {};
    }
    if (has_grants) return errors::not_implemented_header("x-amz-grant-read");
    if (*acl == "private" || *acl == "bucket-owner-full-control") return {};
    const bool is_public = *acl == "public-read" || *acl == "public-read-write";
    if (is_public && bucket.public_access_block && bucket.public_access_block->block_public_acls) {
        return errors::access_denied();
    }
    return errors::not_implemented_header("x-amz-acl");
}

}  // namespace millrace::s3
