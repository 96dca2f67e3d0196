#include "sandbox/launch_plan.h"

#include <cstdlib>

namespace millrace::sandbox {
namespace {

void put(std::string& out, std::string_view field) {
    out += field;
    out += '\0';
}

void put_list(std::string& out, const std::vector<std::string>& list) {
    put(out, std::to_string(list.size()));
    for (const std::string& field : list) put(out, field);
}

class Fields {
public:
    explicit Fields(std::string_view rest) : rest_(rest) {}
    std::string text() {
        const size_t end = rest_.find('\0');
        if (end == std::string_view::npos) {
            good_ = false;
            return {};
        }
        const std::string field(rest_.substr(0, end));
        rest_.remove_prefix(end + 1);
        return field;
    }
    uint64_t number() {
        const std::string field = text();
        char* end = nullptr;
        const uint64_t value = std::strtoull(field.c_str(), &end, 10);
        good_ = good_ && !field.empty() && *end == '\0';
        return value;
    }
    std::vector<std::string> list() {
        std::vector<std::string> fields;
        for (uint64_t n = number(); good_ && n > 0; --n) fields.push_back(text());
        return fields;
    }
    bool good() const { return good_; }
    bool done() const { return good_ && rest_.empty(); }

private:
    std::string_view rest_;
    bool good_ = true;
};

}  // namespace

std::string encode(const LaunchPlan& plan) {
    std::string out;
    for (const uint64_t number :
         {uint64_t{plan.uid}, uint64_t{plan.gid}, uint64_t{plan.user_namespace},
          uint64_t{plan.memory_files}, plan.tmp_bytes, uint64_t{plan.binds.size()}}) {
        put(out, std::to_string(number));
    }
    for (const Bind& bind : plan.binds) {
        put(out, bind.source);
        put(out, bind.target);
    }
    put_list(out, plan.arguments);
    put_list(out, plan.environment);
    return out;
}

bool decode(std::string_view bytes, LaunchPlan& plan) {
    Fields fields(bytes);
    plan.uid = static_cast<uid_t>(fields.number());
    plan.gid = static_cast<gid_t>(fields.number());
    plan.user_namespace = fields.number() != 0;
    plan.memory_files = fields.number() != 0;
    plan.tmp_bytes = fields.number();
    plan.binds.clear();
    for (uint64_t n = fields.number(); fields.good() && n > 0; --n) {
        std::string source = fields.text();
        plan.binds.push_back({std::move(source), fields.text()});
    }
    plan.arguments = fields.list();
    plan.environment = fields.list();
    return fields.done() && !plan.arguments.empty();
}

}  // namespace millrace::sandbox
