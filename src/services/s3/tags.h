// Tags of objects and buckets: parsing x-amz-tagging, checking a tag set.
// Thread-safety: pure functions.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "model/generated/s3.h"
#include "services/s3/bucket.h"

namespace millrace::s3 {

inline constexpr size_t kObjectTagsMax = 10;
inline constexpr size_t kBucketTagsMax = 50;

Result<Tags> check_tags(const std::optional<std::vector<model::s3::Tag>>& tag_set,
                        size_t count_max);
// "a=1&b=2", percent-encoded.
Result<Tags> parse_tagging_header(std::string_view header);
std::vector<model::s3::Tag> to_model(const Tags& tags);

}  // namespace millrace::s3
