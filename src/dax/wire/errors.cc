#include "dax/wire/errors.h"

#include "codec/json.h"
#include "dax/wire/cbor.h"
#include "item/json.h"

namespace millrace::dax::errors {
namespace {

struct Numbers {
    std::string_view code;
    std::vector<int> numbers;
};

const std::vector<int>& numbers_of(std::string_view code) {
    static const std::vector<Numbers> kKnown = {
        {"ProvisionedThroughputExceededException", {4, 37, 38, 39, 40}},
        {"ResourceNotFoundException", {4, 37, 38, 39, 41}},
        {"ConditionalCheckFailedException", {4, 37, 38, 39, 43}},
        {"ResourceInUseException", {4, 37, 38, 39, 45}},
        {"ValidationException", {4, 37, 38, 39, 46}},
        {"SerializationException", {4, 37, 38, 39, 46}},
        {"InternalServerError", {4, 37, 38, 39, 47}},
        {"ItemCollectionSizeLimitExceededException", {4, 37, 38, 39, 48}},
        {"LimitExceededException", {4, 37, 38, 39, 49}},
        {"ThrottlingException", {4, 37, 38, 39, 50}},
        {"TransactionConflictException", {4, 37, 38, 39, 57}},
        {"TransactionCanceledException", {4, 37, 38, 39, 58}},
        {"TransactionInProgressException", {4, 37, 38, 39, 59}},
        {"IdempotentParameterMismatchException", {4, 37, 38, 39, 60}},
        {"RequestLimitExceeded", {4, 37, 38, 39, 61}},
        {"AccessDeniedException", {4, 37, 38, 42}},
        {"UnknownOperationException", {4, 37, 38, 44}},
        {"MissingAuthenticationTokenException", {4, 23, 31, 33}},
        {"UnrecognizedClientException", {4, 23, 31, 32}},
        {"InvalidSignatureException", {4, 23, 31, 32}},
        {"ExpiredTokenException", {4, 23, 31, 32}},
    };
    // A number that no client knows: they go by the code's text.
    static const std::vector<int> kOther = {4, 37, 38, 39, 99};
    for (const Numbers& known : kKnown) {
        if (known.code == code) return known.numbers;
    }
    return kOther;
}

void append_text_or_null(std::string& out, std::string_view text) {
    if (text.empty()) {
        cbor::append_null(out);
    } else {
        cbor::append_text(out, text);
    }
}

// Three entries per action: code, message, item.
void append_reasons(std::string& out, const std::vector<codec::JsonValue>& reasons,
                    const TransactWriteItemsRequest& transaction, Directory& directory) {
    cbor::append_array(out, 3 * transaction.schemas.size());
    for (size_t i = 0; i < transaction.schemas.size(); ++i) {
        const codec::JsonValue* reason = i < reasons.size() ? &reasons[i] : nullptr;
        const auto text = [reason](std::string_view name) {
            return reason == nullptr ? std::string_view()
                                     : reason->find_string(name).value_or(std::string_view());
        };
        const std::string_view code = text("Code");
        cbor::append_text(out, code.empty() ? "None" : code);
        append_text_or_null(out, text("Message"));
        const codec::JsonValue* json = reason == nullptr ? nullptr : reason->find("Item");
        std::string value;
        if (json != nullptr) {
            const auto item = item::parse_json_item(json->to_json());
            const bool encoded =
                item && append_item(value, directory, *transaction.schemas[i], *item).has_value();
            if (!encoded) value.clear();
        }
        if (value.empty()) {
            cbor::append_null(out);
        } else {
            cbor::append_bytes(out, value);
        }
    }
}

}  // namespace

void encode(std::string& out, const Error& error, std::string_view request_id,
            const TransactWriteItemsRequest* transaction, Directory* directory) {
    const std::vector<int>& numbers = numbers_of(error.code);
    cbor::append_array(out, numbers.size());
    for (const int number : numbers) cbor::append_int(out, number);
    cbor::append_text(out, error.message);
    std::optional<codec::JsonValue> reasons;
    if (transaction != nullptr) {
        for (const auto& [name, json] : error.json_fields) {
            if (name != "CancellationReasons") continue;
            if (auto parsed = codec::parse_json(json)) reasons = std::move(*parsed);
        }
    }
    cbor::append_array(out, reasons ? 4 : 3);
    append_text_or_null(out, request_id);
    append_text_or_null(out, error.code);
    cbor::append_int(out, error.http_status);
    if (reasons) append_reasons(out, reasons->elements(), *transaction, *directory);
}

}  // namespace millrace::dax::errors
