// Applies updates to flat items. See expression.h.
//
// Every right side and every parent is looked up in the old item: paths of one update never
// overlap, so no action can make or move what another one names. Lists are changed last and
// removals run from the back, so that every index means a position before the update.
#include <algorithm>
#include <deque>

#include "core/bytes.h"
#include "item/errors.h"
#include "services/dynamodb/expression/expression.h"
#include "services/dynamodb/expression/syntax.h"

namespace millrace::dynamodb::expression {
namespace {

using item::ItemView;
using item::MutableValue;
using item::Type;
using item::Value;
using item::ValueView;

Error wrong_type(bool legacy = false) {
    return item::validation_error(
        legacy ? "Type mismatch for attribute to update"
               : "An operand in the update expression has an incorrect data type");
}

class Updater {
public:
    Updater(const Update& update, ItemView old) : update_(update), old_(old) {}

    Result<item::Item> run() {
        for (const Update::Action& action : update_.actions) {
            MR_TRY(Change change, evaluate_action(action));
            changes_.push_back(std::move(change));
        }
        apply_changes();
        return build();
    }

private:
    // A new value for a path, or nothing: it goes away.
    struct Change {
        const Path* path;
        ValueView value;  // in the request, the old item or scratch_
        bool operator<(const Change& other) const {
            return std::lexicographical_compare(
                path->begin(), path->end(), other.path->begin(), other.path->end(),
                [](const PathElement& a, const PathElement& b) {
                    return a.index != b.index ? a.index < b.index : a.name < b.name;
                });
        }
    };
    // What happens to one top-level attribute.
    struct TopLevel {
        std::string_view name;
        ValueView value;                       // none: it goes away
        std::unique_ptr<MutableValue> opened;  // instead of value: changed inside
    };

    ValueView keep(Value value) {
        scratch_.push_back(std::move(value));
        return scratch_.back().view();
    }

    Result<ValueView> operand(uint32_t index) {
        const UpdateOperand& operand_ref = update_.operands[index];
        switch (operand_ref.kind) {
            case UpdateOperand::Kind::kValue:
                return operand_ref.value;
            case UpdateOperand::Kind::kPath: {
                const ValueView found = find_path(old_, operand_ref.path);
                if (found.has_value()) return found;
                return item::validation_error(
                    "The provided expression refers to an attribute that does not exist in the "
                    "item");
            }
            case UpdateOperand::Kind::kIfNotExists: {
                const ValueView found = find_path(old_, operand_ref.path);
                if (found.has_value()) return found;
                return operand(operand_ref.second);
            }
            case UpdateOperand::Kind::kListAppend: {
                MR_TRY(const ValueView first, operand(operand_ref.first));
                MR_TRY(const ValueView second, operand(operand_ref.second));
                if (!first.is(Type::kList) || !second.is(Type::kList)) return wrong_type();
                std::string bytes(first.payload());
                bytes.append(second.payload());
                item::wrap_value(bytes, 0, Type::kList);
                return keep(Value::from_bytes(std::move(bytes)));
            }
            case UpdateOperand::Kind::kAdd:
            case UpdateOperand::Kind::kSubtract: {
                MR_TRY(const ValueView first, operand(operand_ref.first));
                MR_TRY(const ValueView second, operand(operand_ref.second));
                return arithmetic(first, second,
                                  operand_ref.kind == UpdateOperand::Kind::kSubtract);
            }
        }
        return wrong_type();
    }

    Result<ValueView> arithmetic(ValueView first, ValueView second, bool subtract) {
        if (!first.is(Type::kNumber) || !second.is(Type::kNumber)) return wrong_type();
        item::Number sum;
        const item::NumberError error =
            subtract ? item::subtract_numbers(first.number(), second.number(), sum)
                     : item::add_numbers(first.number(), second.number(), sum);
        if (error != item::NumberError::kNone)
            return item::validation_error(item::number_error_text(error));
        return keep(Value::number(sum));
    }

    Result<ValueView> added(ValueView present, ValueView value) {
        if (!present.has_value()) return value;
        if (present.type() != value.type()) return wrong_type(update_.legacy);
        if (value.is(Type::kNumber)) return arithmetic(present, value, false);
        if (value.is(Type::kList) && update_.legacy) {
            std::string bytes(present.payload());
            bytes.append(value.payload());
            item::wrap_value(bytes, 0, Type::kList);
            return keep(Value::from_bytes(std::move(bytes)));
        }
        if (!item::is_set(value.type())) return wrong_type();
        std::vector<std::string_view> elements;
        std::set_union(present.set().begin(), present.set().end(), value.set().begin(),
                       value.set().end(), std::back_inserter(elements));
        return keep(Value::set(value.type(), std::move(elements)));
    }

    // No value: the set is empty now, the attribute goes away.
    Result<ValueView> deleted(ValueView present, ValueView value) {
        if (present.type() != value.type() || !item::is_set(value.type()))
            return wrong_type(update_.legacy);
        std::vector<std::string_view> elements;
        std::set_difference(present.set().begin(), present.set().end(), value.set().begin(),
                            value.set().end(), std::back_inserter(elements));
        if (elements.empty()) return ValueView();
        return keep(Value::set(value.type(), std::move(elements)));
    }

    Result<Change> evaluate_action(const Update::Action& action) {
        MR_CHECK_OK(check_parent(action.path));
        Change change{&action.path, {}};
        switch (action.op) {
            case UpdateOp::kSet: {
                MR_TRY(change.value, operand(action.operand));
                break;
            }
            case UpdateOp::kRemove:
                break;
            case UpdateOp::kAdd: {
                MR_TRY(change.value, added(find_path(old_, action.path), action.value));
                break;
            }
            case UpdateOp::kDelete: {
                const ValueView present = find_path(old_, action.path);
                if (present.has_value()) {
                    MR_TRY(change.value, deleted(present, action.value));
                }
                break;
            }
        }
        return change;
    }

    // The value that the path's last step goes into must be there, and a map or a list as the step
    // asks.
    Result<void> check_parent(const Path& path) const {
        if (path.size() == 1) return {};
        const ValueView parent = find_path(old_, Path(path.begin(), path.end() - 1));
        if (parent.is(path.back().is_index() ? Type::kList : Type::kMap)) return {};
        return item::validation_error(
            "The document path provided in the update expression is invalid for update");
    }

    void apply_changes() {
        // Ascending: a list's elements that exist come before those that are appended, and these
        // come in the order of their indexes.
        std::sort(changes_.begin(), changes_.end());
        for (const Change& change : changes_) {
            if (change.path->size() == 1) {
                tops_.push_back({change.path->front().name, change.value, nullptr});
            } else if (tops_.empty() || tops_.back().name != change.path->front().name) {
                const std::string_view name = change.path->front().name;
                tops_.push_back(
                    {name,
                     {},
                     std::make_unique<MutableValue>(MutableValue::borrow(old_.find(name)))});
            }
        }
        // Removals last and descending: they move what stands behind them.
        for (const Change& change : changes_) {
            if (change.path->size() > 1 && change.value.has_value()) put(change);
        }
        for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
            if (change->path->size() > 1 && !change->value.has_value()) remove(*change);
        }
    }

    TopLevel& top(std::string_view name) {
        const auto found = std::lower_bound(
            tops_.begin(), tops_.end(), name,
            [](const TopLevel& entry, std::string_view wanted) { return entry.name < wanted; });
        MR_ASSERT(found != tops_.end() && found->name == name);
        return *found;
    }

    // The value that holds the path's last step. check_parent has seen it.
    MutableValue* parent(const Path& path) {
        MutableValue* value = top(path.front().name).opened.get();
        for (size_t i = 1; i + 1 < path.size(); ++i) {
            if (path[i].is_index()) {
                MutableValue::List* const list = value->list();
                MR_ASSERT(list != nullptr && static_cast<size_t>(path[i].index) < list->size());
                value = &(*list)[static_cast<size_t>(path[i].index)];
            } else {
                MutableValue::Map* const map = value->map();
                MR_ASSERT(map != nullptr);
                const auto found = map->find(path[i].name);
                MR_ASSERT(found != map->end());
                value = &found->second;
            }
        }
        return value;
    }

    void put(const Change& change) {
        MutableValue* const holder = parent(*change.path);
        const PathElement& step = change.path->back();
        MutableValue value = MutableValue::borrow(change.value);
        if (step.is_index()) {
            MutableValue::List& list = *holder->list();
            if (static_cast<size_t>(step.index) < list.size()) {
                list[static_cast<size_t>(step.index)] = std::move(value);
            } else {
                list.push_back(std::move(value));
            }
        } else {
            holder->map()->insert_or_assign(step.name, std::move(value));
        }
    }

    void remove(const Change& change) {
        MutableValue* const holder = parent(*change.path);
        const PathElement& step = change.path->back();
        if (step.is_index()) {
            MutableValue::List& list = *holder->list();
            const auto index = static_cast<size_t>(step.index);
            // What is not in the old list is not there, even if something was appended meanwhile.
            if (index < list.size() && find_path(old_, *change.path).has_value()) {
                list.erase(list.begin() + static_cast<std::ptrdiff_t>(index));
            }
        } else {
            const auto found = holder->map()->find(step.name);
            if (found != holder->map()->end()) holder->map()->erase(found);
        }
    }

    // Merges the old attributes with the changed ones, both ascending by name.
    Result<item::Item> build() {
        std::string out;
        out.reserve(old_.bytes().size() + 64);
        auto old = old_.begin();
        const auto end = old_.end();
        const auto copy_old = [&] {
            append_bytes(out, old->name);
            out.append(old->value.bytes());
            ++old;
        };
        for (const TopLevel& entry : tops_) {
            while (old != end && old->name < entry.name) copy_old();
            if (old != end && old->name == entry.name) ++old;
            if (entry.opened == nullptr && !entry.value.has_value()) continue;
            append_bytes(out, entry.name);
            if (entry.opened != nullptr) {
                const size_t begin = out.size();
                entry.opened->append_to(out);
                if (item::nesting_depth(ValueView::at(std::string_view(out).substr(begin))) >
                    item::kNestingDepthMax) {
                    return item::validation_error("Nesting Levels have exceeded supported limits");
                }
            } else {
                out.append(entry.value.bytes());
            }
        }
        while (old != end) copy_old();
        return item::Item::from_bytes(std::move(out));
    }

    const Update& update_;
    const ItemView old_;
    std::deque<Value> scratch_;  // results that are in neither the request nor the old item
    std::vector<Change> changes_;
    std::vector<TopLevel> tops_;  // ascending by name
};

}  // namespace

Result<item::Item> apply(const Update& update, ItemView old) { return Updater(update, old).run(); }

Result<void> check_key_not_updated(const Update& update, std::span<const std::string> keys) {
    for (const std::string_view name : update.written_names()) {
        if (std::find(keys.begin(), keys.end(), name) == keys.end()) continue;
        return invalid_parameter(std::string("Cannot update attribute ")
                                     .append(name)
                                     .append(". This attribute is part of the key"));
    }
    return {};
}

item::Item project_updated(const Update& update, ItemView item, bool is_new) {
    Projection projection;
    for (const Update::Action& action : update.actions) {
        // A removed element's place is now another's.
        if (is_new && action.op == UpdateOp::kRemove && action.path.back().is_index()) continue;
        projection.paths.push_back(action.path);
    }
    return project(projection, item);
}

}  // namespace millrace::dynamodb::expression
