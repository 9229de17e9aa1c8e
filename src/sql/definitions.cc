// What a whole statement makes of all definitions.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "base/text.h"
#include "sql/charset.h"
#include "sql/server_rules.h"
#include "sql/settle_column.h"
#include "sql/settle_keys.h"
#include "sql/table_text.h"
#include "sql/track_ddl.h"

namespace tideway {

// Carries one statement out on a copy of what it changes, and hands that over at the end.
class StatementTracker {
 public:
  StatementTracker(Definitions& definitions, std::string_view statement,
                   const SessionContext& session)
      : definitions_(definitions), session_(session), change_(std::make_shared<SchemaChange>()) {
    change_->statement = std::string(statement);
    change_->session = session;
  }

  Result<std::shared_ptr<const SchemaChange>> track() {
    auto statement = TRY(parse_ddl(change_->statement, session_));
    TRY(std::visit([this](auto& parsed) { return run(parsed); }, statement));
    follow_new_names();
    for (const auto& [key, table] : staged_) {
      if (table) {
        definitions_.tables_[key] = table;
      } else {
        definitions_.tables_.erase(key);
      }
    }
    return change_;
  }

 private:
  Result<void> run(CreateDatabase& create);
  Result<void> run(AlterDatabase& alter);
  Result<void> run(DropDatabase& drop);
  Result<void> run(CreateTable& create);
  Result<void> run(AlterTable& alter);
  Result<void> run(RenameTables& rename);
  Result<void> run(DropTables& drop);
  Result<void> run(TruncateTable& truncate);
  Result<void> run(ChangeView& view);
  void follow_new_names();
  bool follow(ForeignKey& key, const TableChange& parent) const;

  TablePtr find(const TableId& table) const {
    const auto staged = staged_.find(definitions_.key(table));
    return staged == staged_.end() ? definitions_.find(table) : staged->second;
  }
  void stage(const TableId& table, TablePtr definition) {
    staged_[definitions_.key(table)] = std::move(definition);
  }
  // As the server spells it.
  TableId folded(const TableId& table) const {
    return definitions_.folding_ == NameFolding::lower ? definitions_.key(table) : table;
  }
  Result<TablePtr> known(const TableId& table) const {
    TablePtr found = find(table);
    if (!found) return fail(unknown(table));
    return found;
  }
  Result<DatabaseDef> database_of(const TableId& table) const {
    const DatabaseDef* const found = definitions_.find_database(table.database);
    if (found != nullptr) return *found;
    return fail(error(ErrorCode::definition_unknown, quoted(table.database),
                      fmt::format("nothing is known of database {}", quoted(table.database))));
  }
  Error error(ErrorCode code, std::string table, std::string message) const {
    Evidence evidence;
    evidence.table = std::move(table);
    return {code, Side::source, Retry::after_operator, std::move(evidence), std::move(message)};
  }
  Error unknown(const TableId& table) const {
    return error(ErrorCode::definition_unknown, quoted(table),
                 fmt::format("the definition of {} is not known; the statement is: {}",
                             quoted(table), change_->statement.substr(0, 300)));
  }
  Error exists(const TableId& table) const {
    return error(ErrorCode::definition_conflict, quoted(table),
                 fmt::format("{} is there already; the statement is: {}", quoted(table),
                             change_->statement.substr(0, 300)));
  }
  void fold_references(TableElements& elements) const {
    for (ForeignKey& key : elements.foreign_keys) key.referenced = folded(key.referenced);
  }
  void refer_to(const TableDef& table) {
    for (const ForeignKey& key : table.foreign_keys) {
      if (std::ranges::find(change_->referenced, key.referenced) == change_->referenced.end())
        change_->referenced.push_back(key.referenced);
    }
  }
  void note(TablePtr before, TablePtr after) {
    change_->tables.push_back({std::move(before), std::move(after)});
  }
  Result<void> rename_one(const TableId& from, const TableId& to);

  Definitions& definitions_;
  const SessionContext& session_;
  std::shared_ptr<SchemaChange> change_;
  std::map<TableId, TablePtr> staged_;                  // nullptr: gone
  std::map<std::string, std::string> renamed_columns_;  // of the altered table; lower case
};

Result<void> StatementTracker::run(CreateDatabase& create) {
  change_->kind = SchemaChangeKind::create_database;
  change_->database = create.name;
  if (definitions_.find_database(create.name) != nullptr) return {};
  const ServerRules rules = rules_of(session_);
  TableCharset server;
  server.collation = rules.server_collation;
  server.charset = charset_of_collation(rules.server_collation);
  const TableCharset own = charset_of(create.charset, create.collation, server, rules);
  if (own.charset.empty()) {
    return fail(error(ErrorCode::definition_unknown, quoted(create.name),
                      fmt::format("database {} has the server's character set, which is not known",
                                  quoted(create.name))));
  }
  definitions_.put(DatabaseDef{create.name, own.charset, own.collation});
  return {};
}

Result<void> StatementTracker::run(AlterDatabase& alter) {
  change_->kind = SchemaChangeKind::alter_database;
  change_->database = alter.name;
  DatabaseDef database = TRY(database_of({alter.name, {}}));
  const TableCharset own = charset_of(alter.charset, alter.collation,
                                      {database.charset, database.collation}, rules_of(session_));
  database.charset = own.charset;
  database.collation = own.collation;
  definitions_.put(std::move(database));
  return {};
}

Result<void> StatementTracker::run(DropDatabase& drop) {
  change_->kind = SchemaChangeKind::drop_database;
  change_->database = drop.name;
  for (const TablePtr& table : definitions_.tables_of(drop.name)) {
    stage(table->id, nullptr);
    note(table, nullptr);
  }
  definitions_.databases_.erase(definitions_.key(drop.name));
  return {};
}

Result<void> StatementTracker::run(CreateTable& create) {
  change_->kind = SchemaChangeKind::create_table;
  create.name.id = folded(create.name.id);
  fold_references(create.elements);
  const TablePtr before = find(create.name.id);
  if (before && create.if_not_exists) return {};
  if (before && !create.or_replace) return fail(exists(create.name.id));
  if (create.select_begin) {
    return fail(error(ErrorCode::definition_unknown, quoted(create.name.id),
                      fmt::format("{} is made by a SELECT, whose columns only the source knows",
                                  quoted(create.name.id))));
  }
  TablePtr after;
  if (create.like) {
    const TablePtr other = TRY(known(folded(create.like->id)));
    change_->referenced.push_back(other->id);
    after = std::make_shared<TableDef>(table_like(*other, create.name.id));
  } else {
    const DatabaseDef database = TRY(database_of(create.name.id));
    after = std::make_shared<TableDef>(TRY(create_table(create, database, session_)));
  }
  refer_to(*after);
  stage(create.name.id, after);
  note(before, after);
  return {};
}

Result<void> StatementTracker::run(AlterTable& alter) {
  change_->kind = SchemaChangeKind::alter_table;
  const TablePtr before = TRY(known(folded(alter.name.id)));
  for (AlterAction& action : alter.actions) {
    if (auto* const add = std::get_if<AddElements>(&action.does)) fold_references(add->elements);
    if (auto* const rename = std::get_if<RenameTo>(&action.does))
      rename->to.id = folded(rename->to.id);
    if (const auto* const rename = std::get_if<RenameColumn>(&action.does))
      renamed_columns_[ascii_lower(rename->from)] = rename->to;
    if (const auto* const change = std::get_if<ChangeColumn>(&action.does))
      renamed_columns_[ascii_lower(change->name)] = change->elements.columns[0].column.name;
    const auto* const partitions = std::get_if<ChangePartitions>(&action.does);
    if (partitions != nullptr && partitions->exchanged_with)
      change_->referenced.push_back(folded(partitions->exchanged_with->id));
  }
  const DatabaseDef database = TRY(database_of(before->id));
  TablePtr after = std::make_shared<TableDef>(TRY(alter_table(*before, alter, database, session_)));
  const bool is_renamed = definitions_.key(after->id) != definitions_.key(before->id);
  if (is_renamed && find(after->id)) return fail(exists(after->id));
  if (is_renamed) stage(before->id, nullptr);
  stage(after->id, after);
  refer_to(*before);
  refer_to(*after);
  note(before, std::move(after));
  return {};
}

// A table that an earlier pair moved moves on.
Result<void> StatementTracker::rename_one(const TableId& from, const TableId& to) {
  const TablePtr table = TRY(known(from));
  if (find(to) && definitions_.key(from) != definitions_.key(to)) return fail(exists(to));
  TablePtr renamed = std::make_shared<TableDef>(renamed_table(*table, to));
  stage(from, nullptr);
  stage(to, renamed);
  const auto moved = std::ranges::find(change_->tables, table, &TableChange::after);
  if (moved != change_->tables.end()) {
    moved->after = std::move(renamed);
  } else {
    note(table, std::move(renamed));
  }
  return {};
}

Result<void> StatementTracker::run(RenameTables& rename) {
  change_->kind = SchemaChangeKind::rename_tables;
  for (const RenameTables::Pair& pair : rename.pairs)
    TRY(rename_one(folded(pair.from.id), folded(pair.to.id)));
  return {};
}

Result<void> StatementTracker::run(DropTables& drop) {
  change_->kind = SchemaChangeKind::drop_tables;
  for (const TableName& name : drop.names) {
    const TablePtr before = find(name.id);
    if (!before) continue;
    stage(before->id, nullptr);
    note(before, nullptr);
  }
  return {};
}

Result<void> StatementTracker::run(TruncateTable& truncate) {
  change_->kind = SchemaChangeKind::truncate_table;
  const TablePtr table = TRY(known(folded(truncate.name.id)));
  note(table, table);
  return {};
}

Result<void> StatementTracker::run(ChangeView&) { return {}; }

bool StatementTracker::follow(ForeignKey& key, const TableChange& parent) const {
  ForeignKey now = key;
  if (definitions_.key(parent.before->id) != definitions_.key(parent.after->id))
    now.referenced = parent.after->id;
  for (std::string& column : now.referenced_columns) {
    const auto renamed = renamed_columns_.find(ascii_lower(column));
    if (renamed != renamed_columns_.end()) column = renamed->second;
  }
  const bool differs =
      now.referenced != key.referenced || now.referenced_columns != key.referenced_columns;
  key = std::move(now);
  return differs;
}

// Foreign keys of other tables name a table and its columns by the names they have now.
void StatementTracker::follow_new_names() {
  const std::vector<TableChange> changes = change_->tables;
  std::map<TableId, const TableChange*> by_old_name;
  for (const TableChange& change : changes) {
    if (change.before && change.after) by_old_name[definitions_.key(change.before->id)] = &change;
  }
  if (by_old_name.empty()) return;
  for (const TablePtr& table : definitions_.tables()) {
    TablePtr now = find(table->id);
    const auto own = std::ranges::find(change_->tables, table, &TableChange::before);
    if (own != change_->tables.end()) now = own->after;
    if (!now || now->foreign_keys.empty()) continue;
    auto changed = std::make_shared<TableDef>(*now);
    bool differs = false;
    for (ForeignKey& key : changed->foreign_keys) {
      const auto found = by_old_name.find(definitions_.key(key.referenced));
      if (found == by_old_name.end() || found->second->before == table) continue;
      differs = follow(key, *found->second) || differs;
    }
    if (!differs) continue;
    changed->create_text = to_create_table(*changed);
    stage(changed->id, changed);
    if (own != change_->tables.end()) {
      own->after = std::move(changed);
    } else {
      note(now, std::move(changed));
    }
  }
}

void Definitions::put(TablePtr table) {
  TableId id = key(table->id);
  tables_[std::move(id)] = std::move(table);
}

void Definitions::put(DatabaseDef database) {
  std::string name = key(database.name);
  databases_[std::move(name)] = std::move(database);
}

void Definitions::forget(const TableId& table) { tables_.erase(key(table)); }

TablePtr Definitions::find(const TableId& table) const {
  const auto found = tables_.find(key(table));
  return found == tables_.end() ? nullptr : found->second;
}

const DatabaseDef* Definitions::find_database(std::string_view name) const {
  const auto found = databases_.find(key(name));
  return found == databases_.end() ? nullptr : &found->second;
}

std::vector<TablePtr> Definitions::tables_of(std::string_view database) const {
  std::vector<TablePtr> found;
  const std::string wanted = key(database);
  for (auto it = tables_.lower_bound({wanted, {}});
       it != tables_.end() && it->first.database == wanted; ++it)
    found.push_back(it->second);
  return found;
}

std::vector<TablePtr> Definitions::tables() const {
  std::vector<TablePtr> all;
  for (const auto& [key, table] : tables_) all.push_back(table);
  return all;
}

Result<std::shared_ptr<const SchemaChange>> Definitions::apply(std::string_view statement,
                                                               const SessionContext& session) {
  return StatementTracker(*this, statement, session).track();
}

TableId Definitions::key(const TableId& table) const {
  return {key(table.database), key(table.name)};
}

std::string Definitions::key(std::string_view name) const {
  return folding_ == NameFolding::exact ? std::string(name) : ascii_lower(name);
}

}  // namespace tideway
