#include "auth/policy.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <set>
#include <utility>

#include "auth/pattern.h"
#include "codec/json.h"
#include "core/check.h"
#include "core/log.h"

namespace millrace::auth {
namespace {

using codec::JsonValue;

constexpr size_t kStatementsMax = 1000;
constexpr size_t kValuesMax = 2000;  // of one element of one statement

Error malformed(std::string text) {
    return {.code = "MalformedPolicyDocument", .http_status = 400, .message = std::move(text)};
}

struct OperatorName {
    std::string_view name;
    ConditionOperator op;
};
using enum ConditionOperator;
constexpr std::array kOperators = {
    OperatorName{"StringEquals", kStringEquals},
    OperatorName{"StringNotEquals", kStringNotEquals},
    OperatorName{"StringEqualsIgnoreCase", kStringEqualsIgnoreCase},
    OperatorName{"StringNotEqualsIgnoreCase", kStringNotEqualsIgnoreCase},
    OperatorName{"StringLike", kStringLike},
    OperatorName{"StringNotLike", kStringNotLike},
    OperatorName{"NumericEquals", kNumericEquals},
    OperatorName{"NumericNotEquals", kNumericNotEquals},
    OperatorName{"NumericLessThan", kNumericLessThan},
    OperatorName{"NumericLessThanEquals", kNumericLessThanEquals},
    OperatorName{"NumericGreaterThan", kNumericGreaterThan},
    OperatorName{"NumericGreaterThanEquals", kNumericGreaterThanEquals},
    OperatorName{"DateEquals", kDateEquals},
    OperatorName{"DateNotEquals", kDateNotEquals},
    OperatorName{"DateLessThan", kDateLessThan},
    OperatorName{"DateLessThanEquals", kDateLessThanEquals},
    OperatorName{"DateGreaterThan", kDateGreaterThan},
    OperatorName{"DateGreaterThanEquals", kDateGreaterThanEquals},
    OperatorName{"Bool", kBool},
    OperatorName{"BinaryEquals", kBinaryEquals},
    OperatorName{"IpAddress", kIpAddress},
    OperatorName{"NotIpAddress", kNotIpAddress},
    OperatorName{"ArnEquals", kArnEquals},
    OperatorName{"ArnLike", kArnLike},
    OperatorName{"ArnNotEquals", kArnNotEquals},
    OperatorName{"ArnNotLike", kArnNotLike},
    OperatorName{"Null", kNull},
};

bool starts_with_ignore_case(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() && equals_lower(text.substr(0, prefix.size()), prefix);
}

bool all_digits(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Parses one document. A class, so that the kind and the version need not be passed around.
class Parser {
public:
    explicit Parser(PolicyKind kind) : kind_(kind) {}

    Result<std::shared_ptr<const contracts::PolicyDocument>> parse(std::string_view json) {
        auto document = std::make_shared<contracts::PolicyDocument>();
        document->text = json;
        const std::optional<JsonValue> root = codec::parse_json(json);
        const bool brace_first = !json.empty() && json.front() == '{';
        if (!root || !root->is_object() || (resource() && !brace_first)) {
            return malformed(resource()
                                 ? "Policies must be valid JSON and the first byte must be '{'"
                                 : "This policy contains invalid Json");
        }
        MR_CHECK_OK(check_members(*root, {"Version", "Id", "Statement"}));
        if (const JsonValue* version = root->find("Version"); version != nullptr) {
            if (version->as_string() != "2012-10-17" && version->as_string() != "2008-10-17") {
                return malformed(resource()
                                     ? "The policy must contain a valid version string"
                                     : "Policy document must be version 2012-10-17 or greater.");
            }
            document->variables = version->as_string() == "2012-10-17";
        }
        variables_ = document->variables;
        if (const JsonValue* id = root->find("Id"); id != nullptr) {
            if (!id->is_string()) return syntax_error();
            document->id = id->as_string();
        }
        const JsonValue* statements = root->find("Statement");
        if (statements == nullptr) return missing("Statement", "Syntax errors in policy.");
        if (statements->is_object()) {
            MR_TRY(Statement statement, parse_statement(*statements));
            document->statements.push_back(std::move(statement));
        } else if (statements->is_array()) {
            if (statements->elements().size() > kStatementsMax) return syntax_error();
            for (const JsonValue& element : statements->elements()) {
                MR_TRY(Statement statement, parse_statement(element));
                document->statements.push_back(std::move(statement));
            }
        } else {
            return syntax_error();
        }
        if (document->statements.empty()) return missing("Statement", "Syntax errors in policy.");
        return std::shared_ptr<const contracts::PolicyDocument>(std::move(document));
    }

private:
    bool resource() const { return kind_ == PolicyKind::kResource; }
    Error syntax_error() const { return malformed("Syntax errors in policy."); }
    Error missing(std::string_view element, std::string_view iam_text) const {
        return malformed(resource() ? "Missing required field " + std::string(element)
                                    : std::string(iam_text));
    }

    Result<void> check_members(const JsonValue& object,
                               std::initializer_list<std::string_view> allowed) const {
        std::set<std::string_view> seen;
        for (const auto& [name, value] : object.members()) {
            if (std::find(allowed.begin(), allowed.end(), name) == allowed.end()) {
                return resource() ? malformed("Unknown field " + name) : syntax_error();
            }
            if (!seen.insert(name).second) return syntax_error();
        }
        return {};
    }

    Result<Statement> parse_statement(const JsonValue& json) {
        if (!json.is_object()) return syntax_error();
        MR_CHECK_OK(check_members(json, {"Sid", "Effect", "Action", "NotAction", "Resource",
                                         "NotResource", "Principal", "NotPrincipal", "Condition"}));
        Statement statement;
        if (const JsonValue* sid = json.find("Sid"); sid != nullptr) {
            if (!sid->is_string()) return syntax_error();
            statement.sid = sid->as_string();
            MR_CHECK_OK(check_sid(statement.sid));
        }
        const JsonValue* effect = json.find("Effect");
        if (effect == nullptr) return missing("Effect", "Syntax errors in policy.");
        if (effect->as_string() != "Allow" && effect->as_string() != "Deny") {
            return resource() ? malformed("Invalid effect: " + effect->as_string())
                              : syntax_error();
        }
        statement.allow = effect->as_string() == "Allow";
        MR_CHECK_OK(parse_principals(json, statement));
        MR_CHECK_OK(parse_actions(json, statement));
        MR_CHECK_OK(parse_resources(json, statement));
        if (const JsonValue* condition = json.find("Condition"); condition != nullptr) {
            MR_CHECK_OK(parse_conditions(*condition, statement));
        }
        return statement;
    }

    Result<void> check_sid(const std::string& sid) {
        if (resource()) return {};
        const bool alphanumeric = std::all_of(sid.begin(), sid.end(),
                                              [](unsigned char c) { return std::isalnum(c) != 0; });
        if (!alphanumeric) {
            return malformed(
                "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the "
                "regular "
                "expression [0-9A-Za-z]*");
        }
        if (!sid.empty() && !sids_.insert(sid).second) {
            return malformed("Statement IDs (SID) in a single policy must be unique.");
        }
        return {};
    }

    // The strings of a string or an array of strings.
    Result<std::vector<std::string>> strings(const JsonValue& json) const {
        std::vector<std::string> out;
        if (json.is_string()) {
            out.push_back(json.as_string());
        } else if (json.is_array()) {
            if (json.elements().size() > kValuesMax) return syntax_error();
            for (const JsonValue& element : json.elements()) {
                if (!element.is_string()) return syntax_error();
                out.push_back(element.as_string());
            }
        } else {
            return syntax_error();
        }
        for (const std::string& text : out) {
            const bool control = std::any_of(text.begin(), text.end(), [](char c) {
                return c == Pattern::kAnyRun || c == Pattern::kAnyChar || c == '\0';
            });
            if (control) return syntax_error();
        }
        return out;
    }

    Result<void> parse_actions(const JsonValue& json, Statement& statement) const {
        const JsonValue* action = json.find("Action");
        const JsonValue* not_action = json.find("NotAction");
        if (action != nullptr && not_action != nullptr) return syntax_error();
        statement.not_action = not_action != nullptr;
        const JsonValue* given = action != nullptr ? action : not_action;
        if (given == nullptr) return missing("Action", "Policy statement must contain actions.");
        MR_TRY(const std::vector<std::string> names, strings(*given));
        if (names.empty()) return missing("Action", "Policy statement must contain actions.");
        for (const std::string& name : names) {
            MR_CHECK_OK(check_action(name));
            statement.actions.push_back(compile_pattern(to_lower(name), false, true));
        }
        return {};
    }

    Result<void> check_action(const std::string& name) const {
        if (kind_ == PolicyKind::kTrust) {
            if (!starts_with_ignore_case(name, "sts:")) {
                return malformed("AssumeRole policy may only specify STS AssumeRole actions.");
            }
            return {};
        }
        if (name == "*") return {};
        const size_t colon = name.find(':');
        if (colon == std::string::npos || colon == 0) {
            return malformed(
                resource()
                    ? "Policy has invalid action"
                    : "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
        }
        if (name.find(':', colon + 1) != std::string::npos) {
            return malformed(resource() ? "Policy has invalid action"
                                        : "Actions/Condition can contain only one colon.");
        }
        const std::string_view vendor = std::string_view(name).substr(0, colon);
        const bool plain = std::all_of(vendor.begin(), vendor.end(), [](unsigned char c) {
            return std::isalnum(c) != 0 || c == '-';
        });
        if (!plain) {
            return malformed(resource() ? "Policy has invalid action"
                                        : "Vendor " + std::string(vendor) + " is not valid");
        }
        return {};
    }

    Result<void> parse_resources(const JsonValue& json, Statement& statement) const {
        const JsonValue* resources = json.find("Resource");
        const JsonValue* not_resources = json.find("NotResource");
        if (kind_ == PolicyKind::kTrust) {
            if (resources != nullptr) return malformed("Has prohibited field Resource");
            if (not_resources != nullptr) return malformed("Has prohibited field NotResource");
            return {};
        }
        if (resources != nullptr && not_resources != nullptr) return syntax_error();
        const JsonValue* given = resources != nullptr ? resources : not_resources;
        if (given == nullptr)
            return missing("Resource", "Policy statement must contain resources.");
        MR_TRY(const std::vector<std::string> names, strings(*given));
        if (names.empty()) return missing("Resource", "Policy statement must contain resources.");
        statement.has_resource = true;
        statement.not_resource = not_resources != nullptr;
        for (const std::string& name : names) {
            MR_CHECK_OK(check_resource(name));
            // An ARN with fewer than six parts is completed with wildcards.
            std::string full = name;
            if (name != "*") {
                for (size_t parts = arn_parts(name); parts < 6; ++parts) full += ":*";
            }
            Pattern pattern = compile_pattern(full, variables_, true);
            pattern.text = name;
            statement.resources.push_back(std::move(pattern));
        }
        return {};
    }

    Result<void> check_resource(const std::string& name) const {
        if (name == "*") return {};
        if (name.starts_with("arn:")) {
            const size_t partition_end = name.find(':', 4);
            const std::string_view partition = std::string_view(name).substr(4, partition_end - 4);
            if (partition_end == std::string::npos) {
                return bad_resource("Resource " + name + " must be in ARN format or \"*\".");
            }
            if (partition != "aws" && partition != "*") {
                return bad_resource("Partition \"" + std::string(partition) +
                                    "\" is not valid for resource \"" + name + "\".");
            }
            const size_t service_end = name.find(':', partition_end + 1);
            const std::string_view service = std::string_view(name).substr(
                partition_end + 1, service_end == std::string::npos
                                       ? std::string::npos
                                       : service_end - partition_end - 1);
            if (service.empty() || service.find_first_of("*?$") != std::string_view::npos) {
                return bad_resource(
                    "Resource vendor must be fully qualified and cannot contain regexes.");
            }
            return {};
        }
        return bad_resource("Resource " + name + " must be in ARN format or \"*\".");
    }
    Result<void> bad_resource(std::string iam_text) const {
        return malformed(resource() ? "Policy has invalid resource" : std::move(iam_text));
    }

    Result<void> parse_principals(const JsonValue& json, Statement& statement) const {
        const JsonValue* principal = json.find("Principal");
        const JsonValue* not_principal = json.find("NotPrincipal");
        if (kind_ == PolicyKind::kIdentity) {
            if (principal != nullptr || not_principal != nullptr) {
                return malformed("Policy document should not specify a principal.");
            }
            return {};
        }
        if (principal != nullptr && not_principal != nullptr) return syntax_error();
        const JsonValue* given = principal != nullptr ? principal : not_principal;
        if (given == nullptr) return malformed("Missing required field Principal");
        statement.not_principal = not_principal != nullptr;
        if (given->is_string()) {
            if (given->as_string() != "*") return invalid_principal("STAR", given->as_string());
            statement.principals.push_back({PrincipalType::kAny, ""});
            return {};
        }
        if (!given->is_object() || given->members().empty()) {
            return resource() ? malformed("Invalid policy syntax.") : syntax_error();
        }
        MR_CHECK_OK(check_members(*given, {"AWS", "Service", "Federated", "CanonicalUser"}));
        for (const auto& [type, value] : given->members()) {
            MR_TRY(const std::vector<std::string> names, strings(value));
            if (names.empty()) return invalid_principal(type, "");
            for (const std::string& name : names) {
                std::optional<Principal> parsed = parse_principal(type, name);
                if (!parsed) return invalid_principal(type, name);
                statement.principals.push_back(std::move(*parsed));
            }
        }
        return {};
    }
    Result<void> invalid_principal(const std::string& type, const std::string& value) const {
        if (resource()) return malformed("Invalid principal in policy");
        return malformed("Invalid principal in policy: \"" + type + "\":\"" + value + "\"");
    }

    static std::optional<Principal> parse_principal(std::string_view type,
                                                    const std::string& name) {
        if (type == "Service") {
            if (name == "*" || name.find('.') == std::string::npos) return std::nullopt;
            return Principal{PrincipalType::kService, name};
        }
        if (type == "Federated")
            return name.empty() ? std::nullopt
                                : std::optional(Principal{PrincipalType::kFederated, name});
        if (type == "CanonicalUser") {
            return name.empty() ? std::nullopt
                                : std::optional(Principal{PrincipalType::kCanonicalUser, name});
        }
        if (name == "*") return Principal{PrincipalType::kAny, ""};
        if (name.size() == 12 && all_digits(name)) return Principal{PrincipalType::kAccount, name};
        if (name.size() >= 16 && (name.starts_with("AIDA") || name.starts_with("AROA"))) {
            return Principal{PrincipalType::kUniqueId, name};
        }
        const bool iam = name.starts_with("arn:aws:iam::");
        if (!iam && !name.starts_with("arn:aws:sts::")) return std::nullopt;
        constexpr size_t kPrefix = 13;  // of both
        const std::string_view rest = std::string_view(name).substr(kPrefix);
        if (rest.size() < 14 || rest[12] != ':' || !all_digits(rest.substr(0, 12)))
            return std::nullopt;
        if (rest.find_first_of("*?") != std::string_view::npos) return std::nullopt;
        const std::string_view tail = rest.substr(13);
        if (iam && tail == "root")
            return Principal{PrincipalType::kAccount, std::string(rest.substr(0, 12))};
        const bool known =
            iam ? (tail.starts_with("user/") && tail.size() > 5) ||
                      (tail.starts_with("role/") && tail.size() > 5)
                : tail.starts_with("assumed-role/") || tail.starts_with("federated-user/");
        if (!known) return std::nullopt;
        return Principal{PrincipalType::kArn, name};
    }

    Result<void> parse_conditions(const JsonValue& json, Statement& statement) const {
        if (!json.is_object()) return syntax_error();
        for (const auto& [name, keys] : json.members()) {
            Condition prototype;
            if (!parse_operator(name, prototype) || !keys.is_object()) {
                return resource() ? malformed("Invalid Condition type : " + name) : syntax_error();
            }
            for (const auto& [key, values] : keys.members()) {
                if (key.find(':') == std::string::npos) {
                    return malformed(
                        resource()
                            ? "Policy has an invalid condition key"
                            : "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, "
                              "ec2, etc.");
                }
                Condition condition = prototype;
                condition.key = to_lower(key);
                MR_CHECK_OK(parse_values(values, condition));
                statement.conditions.push_back(std::move(condition));
            }
        }
        return {};
    }

    static bool parse_operator(std::string_view name, Condition& condition) {
        if (starts_with_ignore_case(name, "forallvalues:")) {
            condition.qualifier = SetQualifier::kForAllValues;
            name.remove_prefix(13);
        } else if (starts_with_ignore_case(name, "foranyvalue:")) {
            condition.qualifier = SetQualifier::kForAnyValue;
            name.remove_prefix(12);
        }
        constexpr std::string_view kIfExists = "IfExists";
        if (name.ends_with(kIfExists)) {
            condition.if_exists = true;
            name.remove_suffix(kIfExists.size());
        }
        for (const OperatorName& candidate : kOperators) {
            if (!equals_ignore_case(candidate.name, name)) continue;
            condition.op = candidate.op;
            return !(condition.if_exists && condition.op == kNull);
        }
        return false;
    }

    Result<void> parse_values(const JsonValue& json, Condition& condition) const {
        const std::vector<JsonValue> one = {json};
        const std::vector<JsonValue>& values = json.is_array() ? json.elements() : one;
        if (values.size() > kValuesMax) return syntax_error();
        const bool wildcards = condition.op == kStringLike || condition.op == kStringNotLike ||
                               condition.op == kArnLike || condition.op == kArnNotLike ||
                               condition.op == kArnEquals || condition.op == kArnNotEquals;
        for (const JsonValue& value : values) {
            std::string text;
            if (value.is_string()) {
                text = value.as_string();
            } else if (value.is_bool()) {
                text = value.as_bool() ? "true" : "false";
            } else if (value.is_number()) {
                text = value.number_text();
            } else {
                return syntax_error();
            }
            if (text.find(Pattern::kAnyRun) != std::string::npos ||
                text.find(Pattern::kAnyChar) != std::string::npos) {
                return syntax_error();
            }
            condition.values.push_back(compile_pattern(text, variables_, wildcards));
        }
        return {};
    }

    // Parts of an ARN, colons inside ${...} not counted.
    static size_t arn_parts(std::string_view arn) {
        size_t parts = 1;
        bool variable = false;
        for (size_t i = 0; i < arn.size(); ++i) {
            if (arn[i] == '$' && i + 1 < arn.size() && arn[i + 1] == '{') variable = true;
            if (arn[i] == '}') variable = false;
            if (arn[i] == ':' && !variable) ++parts;
        }
        return parts;
    }

    const PolicyKind kind_;
    bool variables_ = false;
    std::set<std::string> sids_;
};

// ---- is_public ----

constexpr std::array<std::string_view, 11> kPinningKeys = {
    "aws:sourcearn",  "aws:sourceaccount",     "aws:sourceowner",           "aws:sourcevpc",
    "aws:sourcevpce", "aws:principalorgid",    "aws:principalaccount",      "aws:principalarn",
    "aws:userid",     "s3:dataaccesspointarn", "s3:dataaccesspointaccount",
};

bool is_narrow_network(std::string_view cidr) {
    const size_t slash = cidr.find('/');
    if (slash == std::string_view::npos) return true;
    int bits = 0;
    for (const char c : cidr.substr(slash + 1)) {
        if (c < '0' || c > '9' || bits > 200) return false;
        bits = bits * 10 + (c - '0');
    }
    return bits >= (cidr.find(':') == std::string_view::npos ? 8 : 32);
}

// Whether the condition admits only callers or networks that the policy's author named.
bool pins(const Condition& condition) {
    if (condition.if_exists || condition.qualifier == SetQualifier::kForAllValues ||
        condition.values.empty())
        return false;
    const auto fixed = [](const Pattern& value) {
        return !value.has_wildcard && value.variables.empty();
    };
    if (condition.key == "aws:sourceip") {
        return condition.op == kIpAddress &&
               std::all_of(condition.values.begin(), condition.values.end(),
                           [&](const Pattern& value) {
                               return fixed(value) && is_narrow_network(value.text);
                           });
    }
    const bool positive = condition.op == kStringEquals ||
                          condition.op == kStringEqualsIgnoreCase || condition.op == kStringLike ||
                          condition.op == kArnEquals || condition.op == kArnLike;
    if (!positive) return false;
    if (std::find(kPinningKeys.begin(), kPinningKeys.end(), condition.key) == kPinningKeys.end())
        return false;
    return std::all_of(condition.values.begin(), condition.values.end(), fixed);
}

}  // namespace

Result<std::shared_ptr<const contracts::PolicyDocument>> parse_policy(std::string_view json,
                                                                      PolicyKind kind) {
    return Parser(kind).parse(json);
}

std::shared_ptr<const contracts::PolicyDocument> parsed_or_deny(std::string_view json,
                                                                PolicyKind kind,
                                                                std::string_view of) {
    auto parsed = parse_policy(json, kind);
    if (parsed) return *std::move(parsed);
    log::error("{}: the stored policy cannot be read and denies everything: {}", of,
               parsed.error().message);
    // Not of trust policies: a role whose own cannot be read is trusted by nobody anyway.
    MR_ASSERT(kind != PolicyKind::kTrust);
    std::string deny = R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*",)";
    if (kind == PolicyKind::kResource) deny += R"("Principal":"*",)";
    parsed = parse_policy(deny + R"("Resource":"*"}]})", kind);
    MR_ASSERT(parsed.has_value());
    return *std::move(parsed);
}

bool is_public(const contracts::PolicyDocument& policy) {
    return std::any_of(
        policy.statements.begin(), policy.statements.end(), [](const Statement& statement) {
            if (!statement.allow) return false;
            const bool everybody =
                statement.not_principal ||
                std::any_of(statement.principals.begin(), statement.principals.end(),
                            [](const Principal& p) { return p.type == PrincipalType::kAny; });
            return everybody &&
                   std::none_of(statement.conditions.begin(), statement.conditions.end(), pins);
        });
}

}  // namespace millrace::auth
