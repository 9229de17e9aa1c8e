#include "sql/rewrite_ddl.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <variant>

#include "sql/charset.h"
#include "sql/collation_map.h"
#include "sql/ddl.h"
#include "sql/rewrite_alter.h"
#include "sql/rewrite_parts.h"
#include "sql/server_rules.h"
#include "sql/statement_kind.h"
#include "sql/table_text.h"
#include "sql/told_text.h"
#include "sql/usual_text.h"

namespace tideway {
namespace {

using Kind = TargetTraits::Kind;
using Statements = std::vector<TargetStatement>;

constexpr std::uint64_t ansi_quotes = 0x4, no_backslash_escapes = 0x100000;  // of sql_mode

// What the source did not run of a statement, comments for newer servers, goes.
std::string as_it_ran(std::string_view statement, LexerOptions options) {
  options.keep_comments = true;
  Lexer lexer(statement, options);
  TextEdit edit(statement);
  for (Token token = lexer.next(); token.kind != TokenKind::end; token = lexer.next()) {
    if (token.kind == TokenKind::comment && token.text.starts_with("/*!"))
      edit.remove(token.offset, token.end());
  }
  return edit.apply();
}

SessionContext in_usual_mode(SessionContext session) {
  session.sql_mode &= ~(ansi_quotes | no_backslash_escapes);
  session.server_version = 0;  // what is left of version comments is for the target
  return session;
}

class DdlRewriter {
 public:
  DdlRewriter(const SchemaChange& change, const DdlTarget& target)
      : change_(change),
        target_(target),
        rules_(rules_of(change.session)),
        session_(in_usual_mode(change.session)) {}

  Result<Statements> rewrite() {
    const LexerOptions options = lexer_options(change_.session);
    std::string text = tideway::in_usual_mode(as_it_ran(change_.statement, options), options);
    text = with_told_collations(text, rules_);
    text_ =
        without_empty_version_comments(resolve_version_comments(text, target_.traits, changes_));
    const DdlStatement statement = TRY(parse_ddl(text_, session_));
    TRY(std::visit([this](const auto& parsed) { return run(parsed); }, statement));
    return std::move(statements_);
  }

 private:
  Result<void> run(const CreateDatabase& create);
  Result<void> run(const AlterDatabase& alter);
  Result<void> run(const DropDatabase& drop);
  Result<void> run(const CreateTable& create);
  Result<void> run(const AlterTable& alter);
  Result<void> run(const RenameTables& rename);
  Result<void> run(const DropTables& drop);
  Result<void> run(const TruncateTable& truncate);
  Result<void> run(const ChangeView& view);

  void add(std::string text, std::vector<TableId> tables) {
    if (!target_.tag.empty()) text = "/* " + target_.tag + " */ " + text;
    statements_.push_back(
        {std::move(text), session_.sql_mode, {}, std::move(changes_), std::move(tables)});
    changes_.clear();
  }
  bool wants(const TableId& table) const { return is_wanted(table, target_); }
  std::string database(const std::string& name) const {
    return moved({name, {}}, target_).database;
  }
  TableChange own_change() const {
    return change_.tables.empty() ? TableChange() : change_.tables[0];
  }
  std::string with_foreign_keys(std::string text, std::size_t written) const;

  const SchemaChange& change_;
  const DdlTarget& target_;
  const ServerRules rules_;
  const SessionContext session_;
  std::string text_;
  std::vector<StatementChange> changes_;
  Statements statements_;
};

Result<void> DdlRewriter::run(const CreateDatabase& create) {
  if (!wants({create.name, {}})) return {};
  std::string text = text_;
  const bool is_told = !create.charset.empty() || !create.collation.empty();
  if (!is_told && !rules_.server_collation.empty()) {
    text += fmt::format(" CHARACTER SET {} COLLATE {}",
                        charset_of_collation(rules_.server_collation), rules_.server_collation);
  }
  Rewritten rewritten = TRY(rewrite_create_database(text, database(create.name), target_.traits));
  std::ranges::move(rewritten.changes, std::back_inserter(changes_));
  add(std::move(rewritten.text), {});
  return {};
}

Result<void> DdlRewriter::run(const AlterDatabase& alter) {
  if (!wants({alter.name, {}})) return {};
  if (alter.charset.empty() && alter.collation.empty()) return {};  // ENCRYPTION, READ ONLY
  std::string options;
  if (!alter.charset.empty()) options += " CHARACTER SET " + alter.charset;
  if (!alter.collation.empty()) options += " COLLATE " + alter.collation;
  TokenCursor cursor(options);
  TextEdit edit(options);
  CharsetClause clause;
  while (TRY(clause.take(cursor))) {
  }
  const std::string name = quoted(database(alter.name));
  clause.rewrite(edit, target_.traits, {}, "database " + name, changes_);
  add("ALTER DATABASE " + name + edit.apply(), {});
  return {};
}

Result<void> DdlRewriter::run(const DropDatabase& drop) {
  if (!wants({drop.name, {}})) return {};
  std::vector<TableId> tables;
  for (const TableChange& change : change_.tables) {
    if (wants(change.id())) tables.push_back(change.id());
  }
  add("DROP DATABASE IF EXISTS " + quoted(database(drop.name)), std::move(tables));
  return {};
}

// A MySQL names foreign keys as the source does, as long as their table has the same name.
std::string DdlRewriter::with_foreign_keys(std::string text, std::size_t written) const {
  const TablePtr after = own_change().after;
  if (written == 0 || !after) return text;
  const bool is_named_alike =
      target_.traits.kind == Kind::mysql && moved(after->id, target_).name == after->id.name;
  return is_named_alike ? text : with_told_foreign_keys(text, *after, written);
}

Result<void> DdlRewriter::run(const CreateTable& create) {
  const TablePtr after = own_change().after;
  if (!after || !wants(after->id)) return {};  // IF NOT EXISTS, and it existed
  const TableId name = moved(after->id, target_);
  std::string text = text_;
  if (create.like || create.select_begin) {
    text = to_create_table(*after);
  } else {
    text = with_foreign_keys(std::move(text), create.elements.foreign_keys.size());
    const bool is_told = !create.options.charset.empty() || !create.options.collation.empty();
    if (!is_told && !after->charset.empty() && create.options.partition_text.empty())
      text += " DEFAULT " + charset_clause(after->charset, after->collation);
  }
  if (own_change().before) add("DROP TABLE IF EXISTS " + quoted(name), {after->id});  // OR REPLACE
  Rewritten rewritten =
      TRY(rewrite_create_table(text, name, target_.traits, after->id.database, target_.renaming));
  std::ranges::move(rewritten.changes, std::back_inserter(changes_));
  TokenCursor cursor(rewritten.text);
  TextEdit edit(rewritten.text);
  while (!cursor.is_at_end() && !cursor.at_words({"IF", "NOT", "EXISTS"})) cursor.take();
  const std::size_t begin = cursor.peek().offset;
  if (!create.if_not_exists && cursor.accept_words({"IF", "NOT", "EXISTS"}))
    edit.remove(begin, cursor.last().end());
  add(edit.apply(), {after->id});
  return {};
}

Result<void> DdlRewriter::run(const AlterTable& alter) {
  const TableChange change = own_change();
  const TableId table = change.before ? change.before->id : alter.name.id;
  if (!wants(table)) {
    if (change.after && change.after->id != table && wants(change.after->id))
      return fail(not_followed(change.after->id, "it was a table that is not"));
    return {};
  }
  std::size_t count = 0;
  for (const AlterAction& action : alter.actions) {
    if (const auto* const adds = std::get_if<AddElements>(&action.does))
      count += adds->elements.foreign_keys.size();
  }
  const std::string text = with_foreign_keys(text_, count);
  AlterTable statement = std::get<AlterTable>(TRY(parse_ddl(text, session_)));
  statement.name.id = table;
  auto rewritten = TRY(rewrite_alter_table(text, statement, change, target_, changes_));
  if (!rewritten) return {};
  std::vector<TableId> tables{table};
  if (change.after && change.after->id != table) tables.push_back(change.after->id);
  add(*std::move(rewritten), std::move(tables));
  return {};
}

Result<void> DdlRewriter::run(const RenameTables& rename) {
  // A table that moves by way of a name that is not wanted stays one that is.
  for (const TableChange& change : change_.tables) {
    if (!change.before || !change.after || wants(change.before->id) == wants(change.after->id))
      continue;
    return fail(wants(change.after->id)
                    ? not_followed(change.after->id, "it was a table that is not")
                    : not_followed(change.before->id, "it gets the name of a table that is not"));
  }
  std::map<TableId, TableId> origins;  // what stands under a name now -> its first name
  std::string joined;
  std::vector<TableId> tables;
  for (const RenameTables::Pair& pair : rename.pairs) {
    const auto known = origins.find(pair.from.id);
    const TableId origin = known == origins.end() ? pair.from.id : known->second;
    origins.erase(pair.from.id);
    origins[pair.to.id] = origin;
    const TableId from = moved(pair.from.id, target_), to = moved(pair.to.id, target_);
    if (!wants(origin) || from == to) continue;
    const std::string one = quoted(from) + " TO " + quoted(to);
    if (target_.splits_tables) {
      add("RENAME TABLE " + one, {pair.from.id, pair.to.id});
    } else {
      joined += (joined.empty() ? "" : ", ") + one;
      tables.insert(tables.end(), {pair.from.id, pair.to.id});
    }
  }
  if (!joined.empty()) add("RENAME TABLE " + joined, std::move(tables));
  return {};
}

Result<void> DdlRewriter::run(const DropTables& drop) {
  const std::string head = drop.if_exists ? "DROP TABLE IF EXISTS " : "DROP TABLE ";
  std::string joined;
  std::vector<TableId> tables;
  for (const TableName& name : drop.names) {
    if (!wants(name.id)) continue;
    const std::string one = quoted(moved(name.id, target_));
    if (target_.splits_tables) {
      add(head + one, {name.id});
    } else {
      joined += (joined.empty() ? "" : ", ") + one;
      tables.push_back(name.id);
    }
  }
  if (!joined.empty()) add(head + joined, std::move(tables));
  return {};
}

Result<void> DdlRewriter::run(const TruncateTable& truncate) {
  if (!wants(truncate.name.id)) return {};
  add("TRUNCATE TABLE " + quoted(moved(truncate.name.id, target_)), {truncate.name.id});
  return {};
}

Result<void> DdlRewriter::run(const ChangeView& view) {
  std::vector<TableName> wanted;
  std::ranges::copy_if(view.names, std::back_inserter(wanted),
                       [this](const TableName& name) { return wants(name.id); });
  if (wanted.empty()) return {};
  if (view.verb == ChangeView::Verb::drop) {
    std::string names;
    for (const TableName& name : wanted)
      names += (names.empty() ? "" : ", ") + quoted(moved(name.id, target_));
    add("DROP VIEW IF EXISTS " + names, {});
    return {};
  }
  TextEdit edit(text_);
  edit.replace(wanted[0].begin, wanted[0].end, quoted(moved(wanted[0].id, target_)));
  if (view.verb == ChangeView::Verb::alter && target_.traits.kind == Kind::tidb) {
    TokenCursor cursor(text_);
    edit.replace(cursor.peek().offset, cursor.peek().end(), "CREATE OR REPLACE");
  }
  add(edit.apply(), {});
  statements_.back().database = database(session_.database);
  return {};
}

}  // namespace

Result<std::vector<TargetStatement>> rewrite_ddl(const SchemaChange& change,
                                                 const DdlTarget& target) {
  return DdlRewriter(change, target).rewrite();
}

}  // namespace tideway
