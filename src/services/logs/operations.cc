#include "services/logs/operations.h"

#include "auth/evaluate.h"

namespace millrace::logs {

contracts::ServiceEntry LogsService::entry() {
    contracts::ServiceEntry entry;
    entry.model = &model::logs::kService;
    entry.check_order = contracts::CheckOrder::kAuthorizeThenValidate;
#define MR_LOGS_ENTRY(Name, cost, access) \
    entry.operations.push_back(contracts::make_operation<Name>(*this, model::logs::kService));
    MR_LOGS_OPERATIONS(MR_LOGS_ENTRY)
#undef MR_LOGS_ENTRY
    entry.denied = [](const contracts::Caller& caller, const contracts::AuthzRequest& request,
                      const contracts::Decision& decision) {
        return errors::make("AccessDeniedException", auth::denied_text(caller, request, decision));
    };
    entry.unknown_operation = [](std::string_view) {
        return errors::make("UnknownOperationException", "");
    };
    return entry;
}

}  // namespace millrace::logs
