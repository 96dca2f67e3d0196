#include "gateway/request.h"

#include "contracts/request_facts.h"
#include "gateway/errors.h"
#include "model/validate.h"

namespace millrace::gateway {
namespace {

using contracts::CheckOrder;

Result<void> validate(Request& request) {
    MR_CHECK_OK(model::validate(*request.operation->model, request.call->input()));
    return request.call->check();
}

Result<void> authorize(Request& request, contracts::OpContext& context,
                       const contracts::Authorizer& authorizer) {
    if (request.operation->traits.authorized_always) return {};
    contracts::AuthzRequests wanted;
    MR_CHECK_OK(request.call->authorize(context, wanted));
    const contracts::RequestFacts facts = contracts::facts_of(request.info, context.now());
    for (const contracts::AuthzRequest& one : wanted) {
        const contracts::Decision decision = authorizer.decide(context.caller(), one, facts);
        if (!decision.allowed())
            return request.service->entry.denied(context.caller(), one, decision);
    }
    return {};
}

Result<void> check(Request& request, contracts::OpContext& context,
                   const contracts::Authorizer& authorizer) {
    if (request.service->entry.check_order == CheckOrder::kAuthorizeThenValidate) {
        MR_CHECK_OK(authorize(request, context, authorizer));
        return validate(request);
    }
    MR_CHECK_OK(validate(request));
    return authorize(request, context, authorizer);
}

}  // namespace

Attempt run_operation(Request& request, const std::string& resume_token, store::Store& store,
                      const contracts::Authorizer& authorizer, const Clock& clock, Rng& rng) {
    Attempt attempt;
    attempt.result = store.run([&](store::Txn& txn) {
        attempt.error.reset();
        attempt.wait.reset();
        contracts::OpContext context(txn, clock, rng, request.info);
        context.resume_token = resume_token;
        // A resumed operation was checked before; its rights are looked at anew.
        Result<void> checked = check(request, context, authorizer);
        if (!checked) {
            attempt.error = std::move(checked.error());
            return store::TxnDecision::kRollback;
        }
        auto outcome = request.call->run(context);
        attempt.wakes = context.take_wakes();
        attempt.headers = std::move(context.response_headers);
        attempt.http_status = context.http_status;
        if (outcome.is_error()) {
            attempt.error = std::move(outcome.error());
            return store::TxnDecision::kRollback;
        }
        if (outcome.is_wait()) attempt.wait = std::move(outcome.wait());
        return store::TxnDecision::kCommit;
    });
    return attempt;
}

std::optional<Error> check_ahead(Request& request, store::Store& store,
                                 const contracts::Authorizer& authorizer, const Clock& clock,
                                 Rng& rng) {
    std::optional<Error> error;
    const store::RunResult result = store.run([&](store::Txn& txn) {
        contracts::OpContext context(txn, clock, rng, request.info);
        const Result<void> checked = check(request, context, authorizer);
        error = checked ? std::nullopt : std::optional<Error>(checked.error());
        return store::TxnDecision::kRollback;
    });
    if (result.status != store::CommitStatus::kOk)
        return store_error(result.status, request.service, request.protocol);
    return error;
}

}  // namespace millrace::gateway
