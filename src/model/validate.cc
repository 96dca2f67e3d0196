#include "model/validate.h"

#include <re2/re2.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "codec/json_writer.h"
#include "codec/utf8.h"
#include "core/time.h"
#include "item/item.h"
#include "item/json.h"
#include "model/text_values.h"

namespace millrace::model {
namespace {

// Violations beyond this are not collected: a request can hold hundreds of thousands.
constexpr size_t kViolationsMax = 100;

// The compiled pattern, or null when RE2 cannot express it. Compiled once, kept for the process.
const re2::RE2* compiled(const PatternDescriptor& pattern) {
    if (pattern.re2.empty()) return nullptr;
    if (const void* known = pattern.compiled.load(std::memory_order_acquire))
        return static_cast<const re2::RE2*>(known);
    re2::RE2::Options options;
    options.set_log_errors(false);
    auto fresh = std::make_unique<re2::RE2>(
        re2::StringPiece(pattern.re2.data(), pattern.re2.size()), options);
    const void* expected = nullptr;
    if (pattern.compiled.compare_exchange_strong(expected, fresh.get(), std::memory_order_acq_rel))
        return fresh.release();
    return static_cast<const re2::RE2*>(expected);
}

bool pattern_matches(const PatternDescriptor& pattern, const std::string& text) {
    const re2::RE2* regex = compiled(pattern);
    return regex == nullptr || !regex->ok() || re2::RE2::FullMatch(text, *regex);
}

void append_bound(std::string& out, double bound) {
    if (bound == std::floor(bound) && std::fabs(bound) < 9e18)
        codec::append_int(out, static_cast<int64_t>(bound));
    else
        codec::append_double(out, bound);
}

// A value as AWS's (Java) services print it: "[a, b]", "{k=v}",
// "KeySchemaElement(attributeName=a)".
class Printer {
public:
    static constexpr size_t kPrintedBytesMax = 64U << 10;

    static std::string print(const TypeDescriptor& type, const void* value) {
        Printer printer;
        printer.value(type, value);
        return std::move(printer.out_);
    }

private:
    void value(const TypeDescriptor& type, const void* value) {
        if (out_.size() > kPrintedBytesMax) return;
        switch (type.kind) {
            case Kind::kList: {
                out_ += '[';
                const size_t count = type.vector->size(value);
                for (size_t i = 0; i < count && out_.size() <= kPrintedBytesMax; ++i) {
                    if (i != 0) out_ += ", ";
                    this->value(*type.element, type.vector->at(value, i));
                }
                out_ += ']';
                break;
            }
            case Kind::kMap: {
                out_ += '{';
                struct Context {
                    Printer* printer;
                    const TypeDescriptor* type;
                    bool first;
                } context{this, type.element, true};
                type.map->for_each(value, &context,
                                   [](void* opaque, const std::string& key, const void* element) {
                                       auto& c = *static_cast<Context*>(opaque);
                                       if (c.printer->out_.size() > kPrintedBytesMax) return;
                                       if (!c.first) c.printer->out_ += ", ";
                                       c.first = false;
                                       c.printer->out_ += key;
                                       c.printer->out_ += '=';
                                       c.printer->value(*c.type, element);
                                   });
                out_ += '}';
                break;
            }
            case Kind::kStructure: {
                out_ += type.structure->name;
                out_ += '(';
                bool first = true;
                for (const MemberDescriptor& member : type.structure->members) {
                    if (!first) out_ += ", ";
                    first = false;
                    out_ += member.path_name;
                    out_ += '=';
                    const void* present = member.get(value);
                    if (present == nullptr)
                        out_ += "null";
                    else
                        this->value(*member.type, present);
                }
                out_ += ')';
                break;
            }
            case Kind::kBlob: {
                const std::string size =
                    std::to_string(static_cast<const std::string*>(value)->size());
                out_ += "java.nio.HeapByteBuffer[pos=0 lim=" + size + " cap=" + size + "]";
                break;
            }
            case Kind::kItemValue:
                item::append_json(out_, static_cast<const item::Value*>(value)->view());
                break;
            case Kind::kItem:
                item::append_json(out_, static_cast<const item::Item*>(value)->view());
                break;
            case Kind::kStream:
                break;
            default:
                append_scalar(out_, type, TimestampFormat::kDefault, TimestampFormat::kUnix, value,
                              true);
        }
    }
    std::string out_;
};

class Validator {
public:
    // `path`: "" or "keySchema.1.member."
    void structure(const StructureDescriptor& descriptor, const void* value,
                   const std::string& path) {
        for (const MemberDescriptor& member : descriptor.members) {
            if (!member.validated || violations_.size() >= kViolationsMax || !alone_.empty())
                continue;
            const void* present = member.get(value);
            if (present == nullptr) {
                if (member.required) {
                    violations_.push_back(
                        "Value null at '" + path + std::string(member.path_name) +
                        "' failed to satisfy constraint: Member must not be null");
                }
                continue;
            }
            this->value(*member.type, present, path, &member);
        }
    }

    bool ok() const { return violations_.empty() && alone_.empty(); }

    std::string message() const {
        if (!alone_.empty()) return "1 validation error detected: " + alone_;
        std::string text = std::to_string(violations_.size());
        text += violations_.size() == 1 ? " validation error detected: "
                                        : " validation errors detected: ";
        for (size_t i = 0; i < violations_.size(); ++i) {
            if (i != 0) text += "; ";
            text += violations_[i];
        }
        return text;
    }

private:
    // A member's value. Its path is made only when something is wrong or to be descended into.
    void value(const TypeDescriptor& type, const void* value, const std::string& path,
               const MemberDescriptor* member) {
        if (!type.validated) return;
        if (type.constraints != nullptr) check_own(type, value, path, *member);
        switch (type.kind) {
            case Kind::kStructure:
                structure(*type.structure, value, path + std::string(member->path_name) + ".");
                break;
            case Kind::kList:
                list(type, value, path + std::string(member->path_name), *member);
                break;
            case Kind::kMap:
                map(type, value, path + std::string(member->path_name), *member);
                break;
            default:
                break;
        }
    }

    void check_own(const TypeDescriptor& type, const void* value, const std::string& path,
                   const MemberDescriptor& member) {
        complaints_.clear();
        collect(type, value, complaints_);
        if (complaints_.empty()) return;
        const std::string shown =
            member.value_hidden ? "Value" : "Value '" + Printer::print(type, value) + "'";
        for (const Complaint& complaint : complaints_) {
            std::string text = shown + " at '" + path + std::string(member.path_name) +
                               "' failed to satisfy constraint: " + complaint.text;
            if (member.reported_alone && complaint.too_short) {
                alone_ = std::move(text);
                return;
            }
            violations_.push_back(std::move(text));
        }
    }

    void list(const TypeDescriptor& type, const void* value, const std::string& path,
              const MemberDescriptor& member) {
        const TypeDescriptor& element = *type.element;
        if (!element.validated) return;
        const size_t count = type.vector->size(value);
        if (element.kind == Kind::kStructure) {
            for (size_t i = 0; i < count && violations_.size() < kViolationsMax; ++i) {
                structure(*element.structure, type.vector->at(value, i),
                          path + "." + std::to_string(i + 1) + ".member.");
            }
            return;
        }
        if (element.constraints == nullptr) return;
        for (size_t i = 0; i < count; ++i) {
            if (satisfied(element, type.vector->at(value, i))) continue;
            report(type, value, path, member,
                   "Member must satisfy constraint: " + all_constraints(element));
            return;
        }
    }

    void map(const TypeDescriptor& type, const void* value, const std::string& path,
             const MemberDescriptor& member) {
        struct Context {
            Validator* validator;
            const TypeDescriptor* type;
            const std::string* path;
            bool bad_key = false;
            bool bad_value = false;
        } context{this, &type, &path};
        type.map->for_each(
            value, &context, [](void* opaque, const std::string& key, const void* element) {
                auto& c = *static_cast<Context*>(opaque);
                if (!satisfied(*c.type->key, &key)) c.bad_key = true;
                const TypeDescriptor& element_type = *c.type->element;
                if (!element_type.validated) return;
                if (!satisfied(element_type, element)) c.bad_value = true;
                c.validator->inside_map(element_type, element, *c.path + "." + key + ".member");
            });
        if (context.bad_key)
            report(type, value, path, member,
                   "Map keys must satisfy constraint: " + all_constraints(*type.key));
        if (context.bad_value) {
            report(type, value, path, member,
                   "Map value must satisfy constraint: " + all_constraints(*type.element));
        }
    }

    void inside_map(const TypeDescriptor& type, const void* value, const std::string& path) {
        if (violations_.size() >= kViolationsMax) return;
        if (type.kind == Kind::kStructure) {
            structure(*type.structure, value, path + ".");
        } else if (type.kind == Kind::kList && type.element->kind == Kind::kStructure &&
                   type.element->validated) {
            const size_t count = type.vector->size(value);
            for (size_t i = 0; i < count && violations_.size() < kViolationsMax; ++i) {
                structure(*type.element->structure, type.vector->at(value, i),
                          path + "." + std::to_string(i + 1) + ".member.");
            }
        }
    }

    void report(const TypeDescriptor& type, const void* value, const std::string& path,
                const MemberDescriptor& member, const std::string& constraint) {
        const std::string shown =
            member.value_hidden ? "Value" : "Value '" + Printer::print(type, value) + "'";
        violations_.push_back(shown + " at '" + path +
                              "' failed to satisfy constraint: " + constraint);
    }

    struct Complaint {
        std::string text;
        bool too_short = false;
    };

    static double measure(const TypeDescriptor& type, const void* value) {
        switch (type.kind) {
            case Kind::kString: {
                const auto& text = *static_cast<const std::string*>(value);
                return static_cast<double>(codec::utf16_length(text));
            }
            case Kind::kBlob:
                return static_cast<double>(static_cast<const std::string*>(value)->size());
            case Kind::kInt32:
                return *static_cast<const int32_t*>(value);
            case Kind::kInt64:
                return static_cast<double>(*static_cast<const int64_t*>(value));
            case Kind::kDouble:
                return *static_cast<const double*>(value);
            case Kind::kList:
                return static_cast<double>(type.vector->size(value));
            case Kind::kMap:
                return static_cast<double>(type.map->size(value));
            case Kind::kItem:
                return static_cast<double>(static_cast<const item::Item*>(value)->count());
            default:
                return 0;
        }
    }
    static bool is_measured(const TypeDescriptor& type) {
        return type.kind != Kind::kBool && type.kind != Kind::kTimestamp &&
               type.kind != Kind::kStructure && type.kind != Kind::kStream &&
               type.kind != Kind::kItemValue;
    }
    static bool is_number(const TypeDescriptor& type) {
        return type.kind == Kind::kInt32 || type.kind == Kind::kInt64 || type.kind == Kind::kDouble;
    }
    static bool in_enum(const Constraints& constraints, const std::string& text) {
        for (const std::string_view allowed : constraints.enum_values) {
            if (allowed == text) return true;
        }
        return constraints.enum_values.empty();
    }

    static bool satisfied(const TypeDescriptor& type, const void* value) {
        const Constraints* constraints = type.constraints;
        if (constraints == nullptr || !type.validated) return true;
        if ((constraints->has_min || constraints->has_max) && is_measured(type)) {
            const double size = measure(type, value);
            if ((constraints->has_min && size < constraints->min) ||
                (constraints->has_max && size > constraints->max))
                return false;
        }
        if (type.kind != Kind::kString) return true;
        const auto& text = *static_cast<const std::string*>(value);
        return in_enum(*constraints, text) &&
               (constraints->pattern == nullptr || pattern_matches(*constraints->pattern, text));
    }

    static std::string enum_text(const Constraints& constraints) {
        std::string text = "Member must satisfy enum value set: [";
        for (size_t i = 0; i < constraints.enum_values.size(); ++i) {
            if (i != 0) text += ", ";
            text += constraints.enum_values[i];
        }
        return text + "]";
    }
    static std::string bound_text(const TypeDescriptor& type, bool is_min, double bound) {
        std::string text = is_number(type) ? "Member must have value " : "Member must have length ";
        text += is_min ? "greater than or equal to " : "less than or equal to ";
        append_bound(text, bound);
        return text;
    }

    static void collect(const TypeDescriptor& type, const void* value,
                        std::vector<Complaint>& complaints) {
        const Constraints& constraints = *type.constraints;
        if (type.kind == Kind::kString) {
            const auto& text = *static_cast<const std::string*>(value);
            if (!in_enum(constraints, text)) complaints.push_back({enum_text(constraints)});
            if (constraints.pattern != nullptr && !pattern_matches(*constraints.pattern, text)) {
                complaints.push_back({"Member must satisfy regular expression pattern: " +
                                      std::string(constraints.pattern->text)});
            }
        }
        if ((!constraints.has_min && !constraints.has_max) || !is_measured(type)) return;
        const double size = measure(type, value);
        if (constraints.has_max && size > constraints.max)
            complaints.push_back({bound_text(type, false, constraints.max)});
        if (constraints.has_min && size < constraints.min)
            complaints.push_back({bound_text(type, true, constraints.min), true});
    }

    // "[Member must have length less than or equal to 25, Member must have length greater than or
    // equal to 1]"
    static std::string all_constraints(const TypeDescriptor& type) {
        const Constraints& constraints = *type.constraints;
        std::vector<std::string> parts;
        if (constraints.has_max && is_measured(type))
            parts.push_back(bound_text(type, false, constraints.max));
        if (constraints.has_min && is_measured(type))
            parts.push_back(bound_text(type, true, constraints.min));
        if (constraints.pattern != nullptr) {
            parts.push_back("Member must satisfy regular expression pattern: " +
                            std::string(constraints.pattern->text));
        }
        if (!constraints.enum_values.empty()) parts.push_back(enum_text(constraints));
        std::string text = "[";
        for (size_t i = 0; i < parts.size(); ++i) {
            if (i != 0) text += ", ";
            text += parts[i];
        }
        return text + "]";
    }

    std::vector<std::string> violations_;
    std::string alone_;
    std::vector<Complaint> complaints_;
};

}  // namespace

Result<void> validate(const OperationDescriptor& operation, const void* input) {
    const ServiceDescriptor& service = *operation.service;
    if (!service.validated || !operation.validated) return {};
    Validator validator;
    validator.structure(*operation.input, input, {});
    if (validator.ok()) return {};
    Error error;
    error.code = service.validation_code;
    error.message = validator.message();
    error.json_namespace = service.validation_namespace;
    return error;
}

}  // namespace millrace::model
