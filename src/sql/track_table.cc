// What CREATE TABLE and ALTER TABLE make of one table.
#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "base/text.h"
#include "sql/partition_text.h"
#include "sql/settle_column.h"
#include "sql/settle_keys.h"
#include "sql/table_text.h"
#include "sql/track_ddl.h"

namespace tideway {
namespace {

// A column while ALTER TABLE is carried out.
struct DraftColumn {
  Column column;
  std::string old_name;                // empty: the statement adds it
  std::optional<ColumnType> old_type;  // set when it is changed
  ColumnPlace place;                   // of one that is yet to be put
};

bool is_written(const DraftColumn& draft) { return draft.old_name.empty() || draft.old_type; }

// Carries one ALTER TABLE out as the server does: not action after action, but everything that is
// dropped and changed against the old columns, then what is added, then keys over the outcome.
class TableAlterer {
 public:
  TableAlterer(const TableDef& before, const AlterTable& statement, const DatabaseDef& database,
               const SessionContext& session)
      : before_(before),
        statement_(statement),
        database_{database.charset, database.collation},
        rules_(rules_of(session)),
        after_(before) {}

  Result<TableDef> alter();

 private:
  template <typename Action, typename Do>
  Result<void> each(const Do& act) {
    for (const AlterAction& action : statement_.actions) {
      if (const auto* const does = std::get_if<Action>(&action.does)) TRY(act(*does));
    }
    return {};
  }

  void set_options();
  Result<void> take_columns();
  Result<void> place_columns();
  Result<void> change_columns();
  void convert_columns();
  Result<void> take_keys();
  std::optional<ParsedKeyPart> carried_part(const KeyPart& part, const Key& key) const;
  Result<void> change_keys(std::vector<ParsedKey>& keys);
  bool has_key(std::string_view name) const {
    return std::ranges::any_of(before_.keys,
                               [name](const Key& key) { return same_name(key.name, name); });
  }
  Result<void> take_foreign_keys();
  bool has_foreign_key(std::string_view name) const {
    return std::ranges::any_of(before_.foreign_keys,
                               [name](const ForeignKey& key) { return same_name(key.name, name); });
  }
  Result<void> take_checks();
  DraftColumn* find(std::string_view name);
  const DraftColumn* find_by_old_name(std::string_view name) const;
  Column settled(const ParsedColumn& parsed) const {
    return settle_column(parsed, {after_.charset, after_.collation}, rules_);
  }

  const TableDef& before_;
  const AlterTable& statement_;
  const TableCharset database_;
  const ServerRules rules_;
  TableDef after_;
  std::vector<DraftColumn> columns_, unplaced_;
  std::optional<TableCharset> converted_;
};

// One after another: each sees the character set that those before it chose.
void TableAlterer::set_options() {
  TableCharset table{after_.charset, after_.collation};
  for (const AlterAction& action : statement_.actions) {
    if (const auto* const convert = std::get_if<ConvertCharset>(&action.does)) {
      converted_ = charset_of(convert->charset, convert->collation, database_, rules_);
      table = *converted_;
      continue;
    }
    const auto* const option = std::get_if<SetOption>(&action.does);
    if (option == nullptr) continue;
    using What = SetOption::What;
    const TableCharset& otherwise = ascii_lower(option->value) == "default" ? database_ : table;
    if (option->what == What::charset) table = charset_of(option->value, {}, otherwise, rules_);
    if (option->what == What::collation) table = charset_of({}, option->value, otherwise, rules_);
    if (option->what == What::engine) after_.engine = option->value;
    if (option->what == What::comment) after_.comment = option->value;
  }
  after_.charset = table.charset;
  after_.collation = table.collation;
}

DraftColumn* TableAlterer::find(std::string_view name) {
  const auto found = std::ranges::find_if(
      columns_, [name](const DraftColumn& draft) { return same_name(draft.column.name, name); });
  return found == columns_.end() ? nullptr : &*found;
}

const DraftColumn* TableAlterer::find_by_old_name(std::string_view name) const {
  const auto found = std::ranges::find_if(columns_, [name](const DraftColumn& draft) {
    return same_name(draft.old_name.empty() ? draft.column.name : draft.old_name, name);
  });
  return found == columns_.end() ? nullptr : &*found;
}

// The old columns that stay, changed where they stand or, with FIRST and AFTER, put aside.
Result<void> TableAlterer::take_columns() {
  for (const Column& column : before_.columns) columns_.push_back({column, column.name, {}, {}});
  const auto missing = [this](std::string_view name) {
    return fail(conflict(before_, fmt::format("there is no column {}", quoted(name))));
  };
  const auto by_old_name = [this](std::string_view name) {
    return std::ranges::find_if(
        columns_, [name](const DraftColumn& draft) { return same_name(draft.old_name, name); });
  };
  for (const AlterAction& action : statement_.actions) {
    if (const auto* const drop = std::get_if<DropColumn>(&action.does)) {
      const auto found = by_old_name(drop->name);
      if (found == columns_.end()) return missing(drop->name);
      columns_.erase(found);
    } else if (const auto* const change = std::get_if<ChangeColumn>(&action.does)) {
      const auto found = by_old_name(change->name);
      if (found == columns_.end()) return missing(change->name);
      DraftColumn changed{settled(change->elements.columns[0]), found->old_name, found->column.type,
                          change->place};
      if (change->place.at == ColumnPlace::At::unsaid) {
        *found = std::move(changed);
      } else {
        columns_.erase(found);
        unplaced_.push_back(std::move(changed));
      }
    } else if (const auto* const add = std::get_if<AddElements>(&action.does)) {
      for (const ParsedColumn& parsed : add->elements.columns)
        unplaced_.push_back({settled(parsed), {}, {}, add->place});
    }
  }
  return {};
}

Result<void> TableAlterer::place_columns() {
  for (DraftColumn& draft : unplaced_) {
    auto at = columns_.end();
    if (draft.place.at == ColumnPlace::At::first) at = columns_.begin();
    if (draft.place.at == ColumnPlace::At::after) {
      const DraftColumn* const before = find(draft.place.after);
      if (before == nullptr) {
        return fail(
            conflict(before_, fmt::format("there is no column {}", quoted(draft.place.after))));
      }
      at = columns_.begin() + (before - columns_.data()) + 1;
    }
    columns_.insert(at, std::move(draft));
  }
  unplaced_.clear();
  if (columns_.empty()) return fail(conflict(before_, "no column would be left"));
  for (const DraftColumn& draft : columns_) {
    if (find(draft.column.name) != &draft) {
      return fail(
          conflict(before_, fmt::format("there are two columns {}", quoted(draft.column.name))));
    }
  }
  return {};
}

// RENAME COLUMN and ALTER COLUMN: of columns that stay as they are otherwise.
Result<void> TableAlterer::change_columns() {
  const auto changed = [this](std::string_view name) -> Result<DraftColumn*> {
    const auto found = std::ranges::find_if(
        columns_, [name](const DraftColumn& draft) { return same_name(draft.old_name, name); });
    if (found == columns_.end())
      return fail(conflict(before_, fmt::format("there is no column {}", quoted(name))));
    return &*found;
  };
  TRY(each<RenameColumn>([&](const RenameColumn& rename) -> Result<void> {
    TRY(changed(rename.from))->column.name = rename.to;
    return {};
  }));
  return each<AlterColumn>([&](const AlterColumn& alter) -> Result<void> {
    Column& column = TRY(changed(alter.name))->column;
    using Does = AlterColumn::Does;
    if (alter.does == Does::set_default) column.default_text = alter.default_text;
    if (alter.does == Does::drop_default) column.default_text.reset();
    if (alter.does == Does::show) column.is_invisible = false;
    if (alter.does == Does::hide) column.is_invisible = true;
    return {};
  });
}

void TableAlterer::convert_columns() {
  if (!converted_) return;
  for (DraftColumn& draft : columns_) {
    convert_column(draft.column,
                   is_written(draft) ? ColumnOrigin::of_statement : ColumnOrigin::of_table,
                   *converted_, rules_);
  }
}

// What of an old key stays over the new columns; its column's name now.
std::optional<ParsedKeyPart> TableAlterer::carried_part(const KeyPart& part, const Key& key) const {
  ParsedKeyPart carried;
  carried.part = part;
  if (!part.expression.empty()) return carried;
  const Column& old_column = before_.columns[part.column];
  const DraftColumn* const draft = find_by_old_name(old_column.name);
  if (draft == nullptr) return std::nullopt;
  carried.column = draft->column.name;
  const ColumnType& type = draft->column.type;
  // A column that takes the name of a dropped one takes its place in keys, as long as that was.
  if (draft->old_name.empty() && part.prefix_length == 0 && has_prefixes(old_column.type))
    carried.part.prefix_length = old_column.type.length;
  // A prefix goes where the new type has none or is not longer.
  if (draft->old_type && (!has_prefixes(*draft->old_type) || key.kind == KeyKind::spatial ||
                          (type.length != 0 && type.length < part.prefix_length))) {
    carried.part.prefix_length = 0;
  }
  return carried;
}

Result<void> TableAlterer::take_keys() {
  std::vector<std::string> dropped;
  TRY(each<DropKey>([&](const DropKey& drop) -> Result<void> {
    dropped.push_back(drop.name);
    return {};
  }));
  TRY(each<DropConstraint>([&](const DropConstraint& drop) -> Result<void> {
    if (!drop.is_check && has_key(drop.name)) dropped.push_back(drop.name);
    return {};
  }));
  for (const std::string& name : dropped) {
    if (!has_key(name))
      return fail(conflict(before_, fmt::format("there is no key {}", quoted(name))));
  }
  std::vector<ParsedKey> keys;
  for (const Key& key : before_.keys) {
    const auto is_it = [&key](const std::string& name) { return same_name(key.name, name); };
    if (std::ranges::any_of(dropped, is_it)) continue;
    ParsedKey carried;
    carried.key = key;
    carried.key.parts.clear();
    for (const KeyPart& part : key.parts) {
      if (auto of_new = carried_part(part, key)) carried.parts.push_back(*std::move(of_new));
    }
    if (!carried.parts.empty()) keys.push_back(std::move(carried));
  }
  TRY(change_keys(keys));
  const auto add = [&keys](const TableElements& elements) -> Result<void> {
    std::ranges::copy(elements.keys, std::back_inserter(keys));
    return {};
  };
  for (const AlterAction& action : statement_.actions) {
    if (const auto* const does = std::get_if<AddElements>(&action.does)) TRY(add(does->elements));
    if (const auto* const does = std::get_if<ChangeColumn>(&action.does)) TRY(add(does->elements));
  }
  return settle_keys(after_, std::move(keys), rules_);
}

// RENAME INDEX and ALTER INDEX, of keys by their old names.
Result<void> TableAlterer::change_keys(std::vector<ParsedKey>& keys) {
  std::vector<std::string> old_names;
  for (const ParsedKey& key : keys) old_names.push_back(key.key.name);
  const auto changed = [&](std::string_view name) -> Result<Key*> {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (same_name(old_names[i], name)) return &keys[i].key;
    }
    return fail(conflict(before_, fmt::format("there is no key {}", quoted(name))));
  };
  TRY(each<RenameKey>([&](const RenameKey& rename) -> Result<void> {
    Key& key = *TRY(changed(rename.from));
    key.name = rename.to;
    key.is_implicit = false;  // somebody wants it now
    return {};
  }));
  return each<AlterKey>([&](const AlterKey& alter) -> Result<void> {
    TRY(changed(alter.name))->is_invisible = alter.is_invisible;
    return {};
  });
}

Result<void> TableAlterer::take_foreign_keys() {
  const std::uint64_t last = last_foreign_key(before_);
  const auto drop = [this](const std::string& name) {
    return std::erase_if(after_.foreign_keys,
                         [&name](const ForeignKey& key) { return same_name(key.name, name); }) > 0;
  };
  TRY(each<DropForeignKey>([&](const DropForeignKey& dropped) -> Result<void> {
    if (drop(dropped.name) || has_foreign_key(dropped.name)) return {};
    return fail(conflict(before_, fmt::format("there is no foreign key {}", quoted(dropped.name))));
  }));
  TRY(each<DropConstraint>([&](const DropConstraint& dropped) -> Result<void> {
    if (!dropped.is_check) drop(dropped.name);
    return {};
  }));
  const auto rename = [this](std::vector<std::string>& names) {
    for (std::string& name : names) {
      if (const DraftColumn* const draft = find_by_old_name(name)) name = draft->column.name;
    }
  };
  for (ForeignKey& key : after_.foreign_keys) {
    rename(key.columns);
    if (key.referenced == before_.id) rename(key.referenced_columns);
  }
  TRY(each<AddElements>([this](const AddElements& add) -> Result<void> {
    std::ranges::copy(foreign_keys_of(add.elements, rules_),
                      std::back_inserter(after_.foreign_keys));
    return {};
  }));
  name_foreign_keys(after_, last);
  return {};
}

Result<void> TableAlterer::take_checks() {
  if (!rules_.keeps_checks()) return {};
  TRY(each<DropConstraint>([this](const DropConstraint& drop) -> Result<void> {
    std::erase_if(after_.checks, [&drop](const std::string& check) {
      return same_name(name_of_check(check), drop.name);
    });
    return {};
  }));
  TRY(each<AlterCheck>([this](const AlterCheck& alter) -> Result<void> {
    for (std::string& check : after_.checks) {
      if (!same_name(name_of_check(check), alter.name)) continue;
      check.erase(check.rfind(')') + 1);
      if (!alter.is_enforced) check += " NOT ENFORCED";
    }
    return {};
  }));
  for (const AlterAction& action : statement_.actions) {
    if (const auto* const does = std::get_if<AddElements>(&action.does))
      std::ranges::copy(does->elements.checks, std::back_inserter(after_.checks));
    if (const auto* const does = std::get_if<ChangeColumn>(&action.does))
      std::ranges::copy(does->elements.checks, std::back_inserter(after_.checks));
  }
  settle_checks(after_, rules_);
  return {};
}

Result<TableDef> TableAlterer::alter() {
  set_options();
  TRY(take_columns());
  TRY(change_columns());
  TRY(place_columns());
  convert_columns();
  after_.columns.clear();
  for (const DraftColumn& draft : columns_) after_.columns.push_back(draft.column);
  promote_first_timestamp(after_.columns, rules_);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (is_written(columns_[i])) zero_timestamp(after_.columns[i], rules_);
  }
  TRY(take_keys());
  TRY(take_foreign_keys());
  TRY(take_checks());
  TRY(each<ChangePartitions>([this](const ChangePartitions& change) -> Result<void> {
    after_.partition_text = changed_partitions(after_.partition_text, change);
    return {};
  }));
  TRY(each<RenameTo>([this](const RenameTo& rename) -> Result<void> {
    after_ = renamed_table(after_, rename.to.id);
    return {};
  }));
  after_.create_text = to_create_table(after_);
  return std::move(after_);
}

}  // namespace

Result<TableDef> create_table(const CreateTable& statement, const DatabaseDef& database,
                              const SessionContext& session) {
  const ServerRules rules = rules_of(session);
  TableDef table;
  table.id = statement.name.id;
  table.engine = statement.options.engine;
  table.comment = statement.options.comment.value_or("");
  table.partition_text = statement.options.partition_text;
  const TableCharset charset = charset_of(statement.options.charset, statement.options.collation,
                                          {database.charset, database.collation}, rules);
  table.charset = charset.charset;
  table.collation = charset.collation;
  for (const ParsedColumn& parsed : statement.elements.columns) {
    const auto is_it = [&parsed](const Column& other) {
      return same_name(other.name, parsed.column.name);
    };
    if (std::ranges::any_of(table.columns, is_it))
      return fail(
          conflict(table, fmt::format("there are two columns {}", quoted(parsed.column.name))));
    table.columns.push_back(settle_column(parsed, charset, rules));
  }
  promote_first_timestamp(table.columns, rules);
  for (Column& column : table.columns) zero_timestamp(column, rules);
  TRY(settle_keys(table, statement.elements.keys, rules));
  table.foreign_keys = foreign_keys_of(statement.elements, rules);
  name_foreign_keys(table, 0);
  table.checks = statement.elements.checks;
  settle_checks(table, rules);
  table.create_text = to_create_table(table);
  return table;
}

Result<TableDef> alter_table(const TableDef& before, const AlterTable& statement,
                             const DatabaseDef& database, const SessionContext& session) {
  return TableAlterer(before, statement, database, session).alter();
}

TableDef table_like(const TableDef& other, const TableId& name) {
  TableDef table = other;
  table.id = name;
  table.foreign_keys.clear();
  for (std::size_t i = 0; i < table.checks.size(); ++i) {
    const std::size_t name_end = table.checks[i].find(quoted(name_of_check(table.checks[i])));
    if (name_end == std::string::npos) continue;
    table.checks[i] = fmt::format(
        "CONSTRAINT {}{}", quoted(fmt::format("{}_chk_{}", name.name, i + 1)),
        table.checks[i].substr(name_end + quoted(name_of_check(table.checks[i])).size()));
  }
  table.create_text = to_create_table(table);
  return table;
}

TableDef renamed_table(const TableDef& before, const TableId& name) {
  TableDef table = before;
  table.id = name;
  const std::string prefix = before.id.name + "_ibfk_";
  for (ForeignKey& key : table.foreign_keys) {
    if (key.name.starts_with(prefix))
      key.name = name.name + "_ibfk_" + key.name.substr(prefix.size());
    if (key.referenced == before.id) key.referenced = name;
  }
  table.create_text = to_create_table(table);
  return table;
}

}  // namespace tideway
