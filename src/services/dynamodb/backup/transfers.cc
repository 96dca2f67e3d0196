#include "services/dynamodb/backup/transfers.h"

namespace millrace::dynamodb {

Result<std::string> read_page_token(const std::string& token) {
    auto bytes = codec::hex_decode(token);
    if (!bytes) return errors::validation("Invalid NextToken");
    bytes->erase(bytes->find_last_not_of('\0') + 1);
    return *std::move(bytes);
}

}  // namespace millrace::dynamodb
