#include "apply/log_plan.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/text.h"

namespace tideway {
namespace {

std::uint64_t seed_of(const TargetTable& table, std::string_view what,
                      const std::vector<std::string>& names) {
  std::string text = fmt::format("{} {}", table.ordinal, what);
  for (const std::string& name : names) text += '\0' + ascii_lower(name);
  return XXH3_64bits(text.data(), text.size());
}

Error mismatch(const TableDef& target, const std::string& column, std::string message) {
  Evidence evidence;
  evidence.table = quoted(target.id);
  evidence.column = column;
  return Error(ErrorCode::definition_mismatch, Side::target, Retry::after_operator,
               std::move(evidence), std::move(message));
}

bool fills_itself(const Column& column) {
  return column.is_nullable || column.default_text || column.is_auto_increment ||
         column.is_auto_random || column.generated != Generated::no;
}

std::uint32_t cell_of(const ColumnSet& columns, std::uint32_t ordinal) {
  const auto found = std::lower_bound(columns.begin(), columns.end(), ordinal);
  if (found == columns.end() || *found != ordinal) return LogPlan::none;
  return static_cast<std::uint32_t>(found - columns.begin());
}

}  // namespace

// Puts one plan together.
class LogPlanMaker {
 public:
  LogPlanMaker(const Rows& rows, TargetTable& table, ShapePtr shape)
      : rows_(rows), source_(*rows.table), target_(*shape->definition), plan_(new LogPlan) {
    plan_->source_ = rows.table;
    plan_->table_ = &table;
    plan_->kind_ = rows.kind;
    plan_->shape_ = std::move(shape);
    plan_->images_ = rows.kind == ChangeKind::update ? 2 : 1;
    plan_->table_name_ = quoted(table.id);
    for (std::uint32_t i = 0; i < source_.columns.size(); ++i)
      by_name_[ascii_lower(source_.columns[i].name)] = i;
  }

  Result<LogPlanPtr> make() {
    TRY(match_columns());
    find_identity();
    if (plan_->identity_.empty() && plan_->has_before() && !holds_all(rows_.before)) {
      return fail(mismatch(target_, {},
                           fmt::format("rows of {} have no key by which the target could find "
                                       "them: their images hold some columns only",
                                       quoted(target_.id))));
    }
    plan_->is_chained_ = plan_->identity_.empty() || !plan_->shape_->cascaded.empty();
    plan_->is_full_ = (!plan_->has_before() || holds_all(rows_.before)) &&
                      (!plan_->has_after() || holds_all(rows_.after));
    add_unique_keys();
    add_foreign_keys();
    return LogPlanPtr(std::move(plan_));
  }

 private:
  bool holds_all(const ColumnSet& columns) const {
    return std::ranges::all_of(stored_columns(source_), [&](std::uint32_t ordinal) {
      return cell_of(columns, ordinal) != LogPlan::none;
    });
  }

  // The source's ordinal under a name; nullopt: it has no such column.
  std::optional<std::uint32_t> source_column(const std::string& name) const {
    const auto found = by_name_.find(ascii_lower(name));
    if (found == by_name_.end()) return std::nullopt;
    return found->second;
  }

  Result<void> match_columns() {
    std::vector<bool> is_known(source_.columns.size());
    for (std::uint32_t i = 0; i < target_.columns.size(); ++i) {
      const Column& column = target_.columns[i];
      const auto source = source_column(column.name);
      if (!source) {
        if (fills_itself(column) || !plan_->has_after() || plan_->kind_ != ChangeKind::insert)
          continue;
        return fail(mismatch(target_, column.name,
                             fmt::format("column {} of the target's table {} is filled by no row "
                                         "and has no default",
                                         quoted(column.name), quoted(target_.id))));
      }
      is_known[*source] = true;
      LogPlan::Value value;
      value.before = cell_of(rows_.before, *source);
      value.after = cell_of(rows_.after, *source);
      value.target = i;
      value.form = live_form(source_.columns[*source].type);
      value.is_written = column.generated == Generated::no;
      value.is_always_set =
          column.type.kind == TypeKind::timestamp || column.type.kind == TypeKind::datetime;
      value.name = quoted(column.name);
      if (value.is_always_set && value.is_written && value.after == LogPlan::none) {
        plan_->kept_.append(plan_->kept_.empty() ? "" : ",").append(value.name);
        plan_->kept_.append("=").append(value.name);
      }
      if (value.before == LogPlan::none && value.after == LogPlan::none) continue;
      if (value.is_written && value.after != LogPlan::none)
        plan_->column_list_ += (plan_->column_list_.empty() ? "(" : ",") + value.name;
      plan_->values_.push_back(std::move(value));
    }
    plan_->column_list_ += plan_->column_list_.empty() ? "()" : ")";
    return refuse_unknown(is_known);
  }

  Result<void> refuse_unknown(const std::vector<bool>& is_known) const {
    for (const ColumnSet* columns : {&rows_.before, &rows_.after}) {
      for (const std::uint32_t ordinal : *columns) {
        const Column& column = source_.columns[ordinal];
        if (is_known[ordinal] || column.generated != Generated::no) continue;
        return fail(mismatch(target_, column.name,
                             fmt::format("the target's table {} has no column {}",
                                         quoted(target_.id), quoted(column.name))));
      }
    }
    return {};
  }

  std::optional<std::uint32_t> place_of(std::uint32_t target) const {
    const auto found = std::ranges::find(plan_->values_, target, &LogPlan::Value::target);
    if (found == plan_->values_.end()) return std::nullopt;
    return static_cast<std::uint32_t>(found - plan_->values_.begin());
  }

  void find_identity() {
    for (const bool is_primary : {true, false}) {
      for (const Key& key : target_.keys) {
        if (key.kind != (is_primary ? KeyKind::primary : KeyKind::unique)) continue;
        if (auto places = identity_by(key); !places.empty()) {
          plan_->identity_ = std::move(places);
          identity_key_ = &key;
          return;
        }
      }
    }
  }

  std::vector<std::uint32_t> identity_by(const Key& key) const {
    std::vector<std::uint32_t> places;
    for (const KeyPart& part : key.parts) {
      if (!part.expression.empty() || part.prefix_length != 0) return {};
      const Column& column = target_.columns[part.column];
      const auto place = place_of(part.column);
      if (!place || (column.is_nullable && key.kind != KeyKind::primary)) return {};
      const LogPlan::Value& value = plan_->values_[*place];
      if ((plan_->has_before() ? value.before : value.after) == LogPlan::none) return {};
      const bool is_comparable = column.type.kind != TypeKind::json &&
                                 column.type.kind != TypeKind::geometry &&
                                 column.type.kind != TypeKind::unknown;
      if (!is_comparable) return {};
      places.push_back(*place);
    }
    return places;
  }

  void add_unique_keys() {
    for (const Key& key : target_.keys) {
      if (key.kind != KeyKind::primary && key.kind != KeyKind::unique) continue;
      std::vector<std::string> columns;
      std::vector<std::uint32_t> prefixes;
      bool has_expression = false, is_ours = true;
      for (const KeyPart& part : key.parts) {
        has_expression |= !part.expression.empty();
        if (has_expression) break;
        columns.push_back(target_.columns[part.column].name);
        prefixes.push_back(part.prefix_length);
        is_ours &= source_column(columns.back()).has_value();
      }
      ++plan_->unique_keys_;
      if (has_expression) {
        plan_->is_chained_ = true;
      } else if (is_ours) {  // else the target's own column tells rows apart
        add_key(seed_of(*plan_->table_, "unique " + key.name, {}), columns, prefixes,
                &key == identity_key_);
      }
    }
  }

  void add_foreign_keys() {
    std::vector<std::uint64_t> known;
    const auto add = [&](const ForeignKeyEdge& edge, const std::vector<std::string>& columns) {
      const std::uint64_t seed = seed_of(*edge.parent, "referenced", edge.referenced_columns);
      // A parent has the key once for all its children.
      if (edge.parent == plan_->table_ && std::ranges::find(known, seed) != known.end() &&
          &columns == &edge.referenced_columns)
        return;
      if (&columns == &edge.referenced_columns) known.push_back(seed);
      add_key(seed, columns, std::vector<std::uint32_t>(columns.size()), false);
    };
    for (const ForeignKeyEdge& edge : plan_->shape_->children) add(edge, edge.referenced_columns);
    for (const ForeignKeyEdge& edge : plan_->shape_->parents) add(edge, edge.columns);
  }

  // What the key's values are before and after, as far as the images tell.
  void add_key(std::uint64_t seed, const std::vector<std::string>& columns,
               const std::vector<std::uint32_t>& prefixes, bool is_identity) {
    LogPlan::HashedKey key;
    key.seed = seed;
    key.is_identity = is_identity;
    bool is_touched = is_identity || rows_.kind != ChangeKind::update, is_known = true;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto ordinal = source_column(columns[i]);
      const auto place = std::ranges::find_if(target_.columns, [&](const Column& column) {
        return ascii_lower(column.name) == ascii_lower(columns[i]);
      });
      if (!ordinal || place == target_.columns.end()) {
        is_known = false;
        continue;
      }
      LogPlan::KeyPart part;
      part.before = cell_of(rows_.before, *ordinal);
      part.after = cell_of(rows_.after, *ordinal);
      part.prefix = prefixes[i];
      part.form = key_form(source_.columns[*ordinal].type, place->type);
      is_touched |= part.after != LogPlan::none;
      if (plan_->has_before() && part.before == LogPlan::none) is_known = false;
      if (!plan_->has_before() && part.after == LogPlan::none) is_known = false;
      key.parts.push_back(part);
    }
    if (!is_touched) return;  // an update that leaves it alone
    if (is_known) {
      plan_->keys_.push_back(std::move(key));
    } else {
      plan_->is_chained_ = true;
    }
  }

  const Rows& rows_;
  const TableDef& source_;
  const TableDef& target_;
  std::shared_ptr<LogPlan> plan_;
  const Key* identity_key_ = nullptr;
  std::map<std::string, std::uint32_t> by_name_;
};

Result<LogPlanPtr> LogPlan::make(const Rows& rows, TargetTable& table, ShapePtr shape) {
  if (!shape->definition) {
    Evidence evidence;
    evidence.table = quoted(table.id);
    return fail(Error(ErrorCode::definition_mismatch, Side::target, Retry::after_operator,
                      std::move(evidence),
                      fmt::format("the target has no table {}", quoted(table.id))));
  }
  return LogPlanMaker(rows, table, std::move(shape)).make();
}

namespace {

// The key's value in an image, 0 for none; nullopt: its equality is not known. A part that the
// after-image does not hold is as it was before.
std::optional<std::uint64_t> hash_key(const LogPlan::HashedKey& key, const Block& block,
                                      const Cell* before, const Cell* after, std::string& text) {
  text.clear();
  for (const LogPlan::KeyPart& part : key.parts) {
    const bool is_after = after != nullptr && part.after != LogPlan::none;
    const Cell& cell = is_after ? after[part.after] : before[part.before];
    if (cell.is_null()) return 0;
    if (!append_key_value(text, part.form, part.prefix, block.text(cell))) return std::nullopt;
  }
  const std::uint64_t hash = XXH3_64bits_withSeed(text.data(), text.size(), key.seed);
  return hash == 0 ? 1 : hash;
}

}  // namespace

bool LogPlan::hash(const Block& block, const Rows& rows, std::vector<std::uint64_t>& hashes) const {
  static thread_local std::string text;
  const std::size_t begin = hashes.size();
  hashes.resize(begin + hashes_per_row() * rows.row_count);
  std::uint64_t* to = hashes.data() + begin;
  const Cell* row = block.cells(rows).data();
  const std::size_t per_row = rows.cells_per_row(), before_cells = rows.before.size();
  bool is_known = true;
  for (std::uint32_t i = 0; i < rows.row_count; ++i, row += per_row) {
    const Cell* const before = has_before() ? row : nullptr;
    const Cell* const after = has_after() ? row + before_cells : nullptr;
    for (const HashedKey& key : keys_) {
      std::uint64_t hashed[2] = {0, 0};
      for (const bool is_after : {false, true}) {
        if ((is_after ? after : before) == nullptr) continue;
        const auto value = hash_key(key, block, before, is_after ? after : nullptr, text);
        is_known &= value.has_value();
        hashed[is_after ? 1 : 0] = value.value_or(0);
      }
      if (kind_ == ChangeKind::update && hashed[0] == hashed[1]) {
        hashed[1] = 0;
        if (!key.is_identity) hashed[0] = 0;
      }
      if (before != nullptr) *to++ = hashed[0];
      if (after != nullptr) *to++ = hashed[1];
    }
  }
  return is_known;
}

Result<LogPlanPtr> LogPlans::plan(const Rows& rows, TargetTable& table, const ShapePtr& shape) {
  return plans_.with([&](auto& plans) -> Result<LogPlanPtr> {
    const auto [first, last] = plans.equal_range(rows.table.get());
    for (auto it = first; it != last; ++it) {
      const Entry& entry = it->second;
      if (entry.kind != rows.kind || entry.before != rows.before || entry.after != rows.after)
        continue;
      if (entry.shape == shape) return entry.plan;
      plans.erase(it);  // the target's table has changed since
      break;
    }
    LogPlanPtr plan = TRY(LogPlan::make(rows, table, shape));
    plans.emplace(rows.table.get(),
                  Entry{rows.table, shape, plan, rows.kind, rows.before, rows.after});
    return plan;
  });
}

}  // namespace tideway
