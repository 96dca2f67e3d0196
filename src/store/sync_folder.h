// A new or renamed file survives a power cut only when its folder was synced. Thread-safety: pure.
#pragma once

#include <filesystem>

namespace millrace::store {

// False: errno says why.
bool sync_folder(const std::filesystem::path& path);

}  // namespace millrace::store
