// What a statement does, by the names of event filters.
#include <algorithm>
#include <optional>
#include <variant>

#include "base/text.h"
#include "sql/charset.h"
#include "sql/ddl.h"
#include "sql/rewrite_ddl.h"
#include "sql/server_rules.h"
#include "sql/settle_column.h"
#include "sql/settle_keys.h"

namespace tideway {
namespace {

using enum DdlEvent;
using Events = std::vector<DdlEvent>;

// How many values an integer has room for, in bits; others 0.
int integer_bits(TypeKind kind) {
  switch (kind) {
    case TypeKind::tiny_int:
      return 8;
    case TypeKind::small_int:
      return 16;
    case TypeKind::medium_int:
      return 24;
    case TypeKind::integer:
      return 32;
    case TypeKind::big_int:
      return 64;
    default:
      return 0;
  }
}

bool is_text_or_blob(TypeKind kind) {
  return (kind >= TypeKind::tiny_text && kind <= TypeKind::long_text) ||
         (kind >= TypeKind::tiny_blob && kind <= TypeKind::long_blob);
}

// Are there values of the old type that the new one has no room for?
bool loses_range(const ColumnType& before, const ColumnType& after) {
  if (integer_bits(before.kind) != 0 && integer_bits(after.kind) != 0) {
    return integer_bits(after.kind) < integer_bits(before.kind) ||
           after.is_unsigned != before.is_unsigned;
  }
  if (before.kind != after.kind) return is_text_or_blob(before.kind) && after.kind < before.kind;
  if (before.kind == TypeKind::enumeration || before.kind == TypeKind::set) {
    return !std::ranges::all_of(before.labels, [&after](const std::string& label) {
      return std::ranges::find(after.labels, label) != after.labels.end();
    });
  }
  return before.kind != TypeKind::decimal && after.length < before.length;
}

bool loses_precision(const ColumnType& before, const ColumnType& after) {
  if (before.kind == TypeKind::double_number && after.kind == TypeKind::float_number) return true;
  if (before.kind != after.kind) return false;
  return after.decimals < before.decimals ||
         (before.kind == TypeKind::decimal && after.length < before.length);
}

void compare(const Column& before, const Column& after, Events& events) {
  if (loses_range(before.type, after.type)) events.push_back(value_range_decrease);
  if (loses_precision(before.type, after.type)) events.push_back(precision_decrease);
  const auto differ = [](const std::string& a, const std::string& b) {
    return canonical_charset(a) != canonical_charset(b);
  };
  if (differ(before.type.charset, after.type.charset)) {
    events.push_back(modify_charset);
  } else if (differ(before.type.collation, after.type.collation)) {
    events.push_back(modify_collation);
  }
  if (before.is_auto_increment && !after.is_auto_increment) events.push_back(remove_auto_increment);
  const auto default_of = [](const Column& column) { return column.default_text.value_or("NULL"); };
  if (default_of(before) != default_of(after)) events.push_back(modify_default_value);
}

class AlterEvents {
 public:
  AlterEvents(const TableDef* before, const ServerRules& rules) : before_(before), rules_(rules) {}

  void of(const AddElements& add) {
    if (!add.elements.columns.empty()) events_.push_back(add_column);
    for (const ParsedKey& key : add.elements.keys) {
      const bool is_beside_column = !add.elements.columns.empty();
      if (key.key.is_implicit || is_beside_column) continue;
      events_.push_back(key.key.kind == KeyKind::primary ? add_primary_key : create_index);
    }
    if (!add.elements.foreign_keys.empty()) events_.push_back(add_foreign_key);
    if (!add.elements.checks.empty() && add.elements.columns.empty())
      events_.push_back(modify_constraint);
  }
  void of(const ChangeColumn& change) {
    const std::size_t had = events_.size();
    const ParsedColumn& parsed = change.elements.columns[0];
    if (!same_name(parsed.column.name, change.name)) events_.push_back(rename_column);
    if (change.place.at != ColumnPlace::At::unsaid) events_.push_back(modify_columns_order);
    if (const Column* const before = column(change.name)) {
      compare(*before, settle_column(parsed, {before_->charset, before_->collation}, rules_),
              events_);
    }
    if (events_.size() == had) events_.push_back(modify_column);
  }
  void of(const DropColumn&) { events_.push_back(drop_column); }
  void of(const RenameColumn&) { events_.push_back(rename_column); }
  void of(const AlterColumn& alter) {
    const bool is_default = alter.does == AlterColumn::Does::set_default ||
                            alter.does == AlterColumn::Does::drop_default;
    events_.push_back(is_default ? set_default_value : modify_column);
  }
  void of(const DropKey& drop) { events_.push_back(drop_event(drop.name)); }
  void of(const RenameKey&) { events_.push_back(rename_index); }
  void of(const AlterKey&) { events_.push_back(alter_index_visibility); }
  void of(const DropForeignKey&) { events_.push_back(drop_foreign_key); }
  void of(const DropConstraint& drop);
  void of(const AlterCheck&) { events_.push_back(modify_constraint); }
  void of(const RenameTo&) { events_.push_back(rename_table); }
  void of(const ConvertCharset&) { events_.push_back(modify_table_charset_and_collate); }
  void of(const SetOption& option);
  void of(const ChangePartitions& change);
  void of(const OtherAction& other) {
    if (other.what != "ALGORITHM" && other.what != "LOCK") events_.push_back(alter_table);
  }

  Events take() { return std::move(events_); }

 private:
  const Column* column(std::string_view name) const {
    if (before_ == nullptr) return nullptr;
    const auto found = std::ranges::find_if(
        before_->columns, [name](const Column& each) { return same_name(each.name, name); });
    return found == before_->columns.end() ? nullptr : &*found;
  }
  const Key* key(std::string_view name) const {
    if (before_ == nullptr) return nullptr;
    const auto found = std::ranges::find_if(
        before_->keys, [name](const Key& each) { return same_name(each.name, name); });
    return found == before_->keys.end() ? nullptr : &*found;
  }
  DdlEvent drop_event(std::string_view name) const {
    if (same_name(name, "PRIMARY")) return drop_primary_key;
    const Key* const dropped = key(name);
    return dropped != nullptr && dropped->kind == KeyKind::unique ? drop_unique_key : drop_index;
  }

  const TableDef* before_;
  const ServerRules& rules_;
  Events events_;
};

void AlterEvents::of(const DropConstraint& drop) {
  if (drop.is_check || before_ == nullptr) {
    events_.push_back(modify_constraint);
  } else if (std::ranges::any_of(before_->foreign_keys, [&drop](const ForeignKey& each) {
               return same_name(each.name, drop.name);
             })) {
    events_.push_back(drop_foreign_key);
  } else {
    events_.push_back(key(drop.name) != nullptr ? drop_event(drop.name) : modify_constraint);
  }
}

void AlterEvents::of(const SetOption& option) {
  using What = SetOption::What;
  if (option.what == What::charset || option.what == What::collation) {
    events_.push_back(modify_table_charset_and_collate);
  } else if (option.what == What::engine) {
    events_.push_back(modify_storage_engine);
  } else if (option.what == What::comment) {
    events_.push_back(modify_table_comment);
  } else if (option.name == "AUTO_INCREMENT") {
    events_.push_back(rebase_auto_id);
  } else {
    events_.push_back(option.name.starts_with("TTL") ? alter_ttl_info : alter_table);
  }
}

void AlterEvents::of(const ChangePartitions& change) {
  using Verb = ChangePartitions::Verb;
  switch (change.verb) {
    case Verb::add:
      return events_.push_back(add_table_partition);
    case Verb::drop:
      return events_.push_back(drop_table_partition);
    case Verb::truncate:
      return events_.push_back(truncate_table_partition);
    case Verb::coalesce:
      return events_.push_back(coalesce_table_partition);
    case Verb::reorganize:
      return events_.push_back(reorganize_table_partition);
    case Verb::exchange:
      return events_.push_back(exchange_table_partition);
    case Verb::rebuild:
      return events_.push_back(rebuild_table_partition);
    case Verb::split_by:
      return events_.push_back(alter_table_partitioning);
    case Verb::remove:
      return events_.push_back(remove_table_partitioning);
    case Verb::look_after:
      return events_.push_back(alter_table);
  }
}

Events events_of_alter(const AlterTable& alter, const SchemaChange& change) {
  if (alter.form == AlterTable::Form::create_index) return {create_index};
  const TableDef* const before = change.tables.empty() ? nullptr : change.tables[0].before.get();
  const ServerRules rules = rules_of(change.session);
  if (alter.form == AlterTable::Form::drop_index) return {drop_index};
  AlterEvents events(before, rules);
  for (const AlterAction& action : alter.actions)
    std::visit([&events](const auto& does) { events.of(does); }, action.does);
  Events all = events.take();
  if (all.empty()) all.push_back(alter_table);
  return all;
}

}  // namespace

Result<std::vector<DdlEvent>> events_of(const SchemaChange& change) {
  const DdlStatement statement = TRY(parse_ddl(change.statement, change.session));
  if (const auto* const alter = std::get_if<AlterTable>(&statement))
    return events_of_alter(*alter, change);
  if (std::holds_alternative<CreateDatabase>(statement)) return Events{create_database};
  if (std::holds_alternative<AlterDatabase>(statement))
    return Events{alter_database, modify_schema_charset_and_collate};
  if (std::holds_alternative<DropDatabase>(statement)) return Events{drop_database};
  if (std::holds_alternative<CreateTable>(statement)) return Events{create_table};
  if (std::holds_alternative<RenameTables>(statement)) return Events{rename_table};
  if (std::holds_alternative<DropTables>(statement)) return Events{drop_table};
  if (std::holds_alternative<TruncateTable>(statement)) return Events{truncate_table};
  const auto& view = std::get<ChangeView>(statement);
  if (view.verb == ChangeView::Verb::create) return Events{create_view};
  if (view.verb == ChangeView::Verb::drop) return Events{drop_view};
  return Events();
}

}  // namespace tideway
