#include "services/iam/operations.h"

#include "auth/evaluate.h"
#include "codec/base64.h"
#include "codec/url.h"

namespace millrace::iam {
namespace {

constexpr size_t kPageDefault = 100;

}  // namespace

contracts::ServiceEntry IamService::entry() {
    contracts::ServiceEntry entry;
    entry.model = &model::iam::kService;
#define MR_IAM_ENTRY(Name, access_) \
    entry.operations.push_back(contracts::make_operation<Name>(*this, model::iam::kService));
    MR_IAM_OPERATIONS(MR_IAM_ENTRY)
#undef MR_IAM_ENTRY
    entry.denied = [](const contracts::Caller& caller, const contracts::AuthzRequest& request,
                      const contracts::Decision& decision) {
        return errors::access_denied(auth::denied_text(caller, request, decision));
    };
    entry.unknown_operation = errors::unknown_operation;
    return entry;
}

std::string shown_document(std::string_view document) { return codec::url_encode(document); }

Result<Page> list_page(store::Txn& txn, std::string_view partition,
                       const std::optional<std::string>& marker, std::optional<int32_t> items_max,
                       const std::function<bool(std::string_view row)>& take) {
    std::string from;
    if (marker) {
        const auto last = codec::base64_decode(*marker);
        if (!last) return errors::invalid_marker();
        from = *last + '\0';
    }
    const size_t most = items_max ? static_cast<size_t>(*items_max) : kPageDefault;
    size_t taken = 0;
    std::string last;
    Page page;
    txn.scan({store::Space::kIam, partition, from, ""},
             [&](std::string_view sort, std::string_view row) {
                 if (taken == most) {
                     page.truncated = true;
                     page.marker = codec::base64_encode(last);
                     return false;
                 }
                 if (take(row)) {
                     taken += 1;
                     last = sort;
                 }
                 return true;
             });
    return page;
}

}  // namespace millrace::iam
