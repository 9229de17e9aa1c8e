#include "sql/rewrite_alter.h"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "base/text.h"
#include "sql/rewrite_options.h"
#include "sql/rewrite_parts.h"
#include "sql/settle_keys.h"
#include "sql/table_text.h"

namespace tideway {
namespace {

using Kind = TargetTraits::Kind;
using Action = std::optional<std::string>;  // nullopt: it is to go

class AlterRewriter {
 public:
  AlterRewriter(std::string_view text, const AlterTable& statement, const TableChange& change,
                const DdlTarget& target, std::vector<StatementChange>& changes)
      : text_(text),
        statement_(statement),
        before_(change.before.get()),
        after_(change.after.get()),
        target_(target),
        name_(moved(statement.name.id, target)),
        changes_(changes) {}

  Result<Action> rewrite() {
    std::string out = statement_.form == AlterTable::Form::alter
                          ? std::string(text_.substr(0, statement_.name.begin)) + quoted(name_)
                          : "ALTER TABLE " + quoted(name_);
    bool is_first = true;
    for (const std::string& key : vanished_keys()) {
      out += (is_first ? " DROP KEY " : ", DROP KEY ") + quoted(key);
      is_first = false;
    }
    bool is_any_left = false;
    for (const AlterAction& action : statement_.actions) {
      at_ = &action;
      const Action rewritten =
          TRY(std::visit([this](const auto& does) { return run(does); }, action.does));
      if (!rewritten) continue;
      out += is_first || is_clause(action) ? " " : ", ";
      out += *rewritten;
      is_first = false;
      is_any_left = true;
    }
    if (!is_any_left) return Action();
    return Action(std::move(out));
  }

 private:
  // Clauses of partitions stand behind all actions without a comma.
  static bool is_clause(const AlterAction& action) {
    const auto* const change = std::get_if<ChangePartitions>(&action.does);
    return change != nullptr && (change->verb == ChangePartitions::Verb::split_by ||
                                 change->verb == ChangePartitions::Verb::remove);
  }
  std::string own_text() const {
    return std::string(text_.substr(at_->begin, at_->end - at_->begin));
  }
  std::string_view between(std::size_t begin, std::size_t end) const {
    return text_.substr(begin, end - begin);
  }
  bool is_old_mysql(std::uint32_t version) const {
    return target_.traits.kind == Kind::mysql && target_.traits.version < version;
  }
  bool is_tidb() const { return target_.traits.kind == Kind::tidb; }
  Action leave_out(std::string why) {
    changes_.push_back({own_text().substr(0, 80) + " left out", std::move(why)});
    return std::nullopt;
  }
  std::vector<std::string> vanished_keys() const;
  bool names_key(std::string_view key) const;
  // A key that CREATE TABLE or ADD left out on this target.
  bool is_lacked(std::string_view key) const;
  Result<Action> rewritten_list(std::string_view elements) {
    return rewrite_elements(elements, name_, target_.traits, statement_.name.id.database,
                            target_.renaming, changes_);
  }

  Result<Action> run(const AddElements& add);
  Result<Action> run(const ChangeColumn& change);
  Result<Action> run(const RenameColumn& rename);
  Result<Action> run(const DropKey& drop);
  Result<Action> run(const RenameKey& rename);
  Result<Action> run(const AlterKey& alter);
  Result<Action> run(const DropConstraint& drop);
  Result<Action> run(const AlterCheck& alter);
  Result<Action> run(const RenameTo& rename);
  Result<Action> run(const ConvertCharset& convert);
  Result<Action> run(const SetOption& option);
  Result<Action> run(const ChangePartitions& change);
  Result<Action> run(const OtherAction& other);
  Result<Action> run(const DropColumn&) { return Action(own_text()); }
  Result<Action> run(const AlterColumn&) { return Action(own_text()); }
  Result<Action> run(const DropForeignKey&) { return Action(own_text()); }

  std::string_view text_;
  const AlterTable& statement_;
  const TableDef* before_;
  const TableDef* after_;
  const DdlTarget& target_;
  const TableId name_;
  std::vector<StatementChange>& changes_;
  const AlterAction* at_ = nullptr;
};

// Does the statement drop or rename the key itself?
bool AlterRewriter::names_key(std::string_view key) const {
  return std::ranges::any_of(statement_.actions, [key](const AlterAction& action) {
    const auto* const drop = std::get_if<DropKey>(&action.does);
    const auto* const rename = std::get_if<RenameKey>(&action.does);
    return (drop != nullptr && same_name(drop->name, key)) ||
           (rename != nullptr && same_name(rename->from, key));
  });
}

// Keys that the source had made for foreign keys and takes away now that another serves. The target
// may have them as keys like others (a table LIKE another, one whose foreign keys were told).
std::vector<std::string> AlterRewriter::vanished_keys() const {
  std::vector<std::string> names;
  if (before_ == nullptr || after_ == nullptr) return names;
  for (const Key& key : before_->keys) {
    if (!key.is_implicit || names_key(key.name)) continue;
    const auto now = std::ranges::find_if(
        after_->keys, [&key](const Key& each) { return same_name(each.name, key.name); });
    const bool is_gone = now == after_->keys.end();
    // TiDB drops no key of a foreign key; one more does no harm, two of one name would.
    if (is_gone ? target_.traits.kind == Kind::mysql : !now->is_implicit) names.push_back(key.name);
  }
  return names;
}

bool AlterRewriter::is_lacked(std::string_view key) const {
  if (!is_tidb() || before_ == nullptr) return false;
  return std::ranges::any_of(before_->keys, [key](const Key& each) {
    return same_name(each.name, key) &&
           (each.kind == KeyKind::fulltext || each.kind == KeyKind::spatial);
  });
}

Result<Action> AlterRewriter::run(const AddElements& add) {
  if (statement_.form == AlterTable::Form::create_index) {
    // CREATE UNIQUE INDEX i ON t (a): ADD UNIQUE INDEX i (a).
    const Key& key = add.elements.keys[0].key;
    const std::string_view kind = key.kind == KeyKind::unique     ? "UNIQUE INDEX "
                                  : key.kind == KeyKind::fulltext ? "FULLTEXT INDEX "
                                  : key.kind == KeyKind::spatial  ? "SPATIAL INDEX "
                                                                  : "INDEX ";
    const std::string options = key.options.empty() ? "" : " " + key.options;
    const std::string body(between(add.elements_begin, add.elements_end));
    const Action list =
        TRY(rewritten_list("(" + std::string(kind) + quoted(key.name) + " " + body + ")"));
    if (!list) return list;
    return Action("ADD " + list->substr(1, list->size() - 2));
  }
  const Action list =
      TRY(rewritten_list("(" + std::string(between(add.elements_begin, add.elements_end)) + ")"));
  if (!list) return list;
  return Action(std::string(between(at_->begin, add.elements_begin)) +
                list->substr(1, list->size() - 2) +
                std::string(between(add.elements_end, at_->end)));
}

Result<Action> AlterRewriter::run(const ChangeColumn& change) {
  const Action list =
      TRY(rewritten_list("(" + std::string(between(change.column_begin, change.column_end)) + ")"));
  if (!list) return list;
  return Action(std::string(between(at_->begin, change.column_begin)) +
                list->substr(1, list->size() - 2) +
                std::string(between(change.column_end, at_->end)));
}

// MySQL 5.7 and old MariaDB take CHANGE with the whole definition instead.
Result<Action> AlterRewriter::run(const RenameColumn& rename) {
  const bool has_it = !is_old_mysql(80000) &&
                      !(target_.traits.kind == Kind::mariadb && target_.traits.version < 100502);
  if (has_it || after_ == nullptr) return Action(own_text());
  const auto column = std::ranges::find_if(
      after_->columns, [&rename](const Column& each) { return same_name(each.name, rename.to); });
  if (column == after_->columns.end()) return Action(own_text());
  return Action("CHANGE " + quoted(rename.from) + " " + to_text(*column));
}

Result<Action> AlterRewriter::run(const DropKey& drop) {
  if (is_lacked(drop.name)) return leave_out("the target does not have the key");
  if (statement_.form != AlterTable::Form::drop_index) return Action(own_text());
  return Action(same_name(drop.name, "PRIMARY") ? "DROP PRIMARY KEY"
                                                : "DROP INDEX " + quoted(drop.name));
}

Result<Action> AlterRewriter::run(const RenameKey& rename) {
  if (is_lacked(rename.from)) return leave_out("the target does not have the key");
  return Action(own_text());
}

Result<Action> AlterRewriter::run(const AlterKey& alter) {
  if (is_lacked(alter.name)) return leave_out("the target does not have the key");
  if (is_old_mysql(80000)) return leave_out(target_text(target_.traits) + " uses every index");
  return Action(own_text());
}

Result<Action> AlterRewriter::run(const DropConstraint& drop) {
  if (!drop.is_check && before_ != nullptr) {
    const auto has = [&drop](const auto& each) { return same_name(each.name, drop.name); };
    if (std::ranges::any_of(before_->foreign_keys, has))
      return Action("DROP FOREIGN KEY " + quoted(drop.name));
    if (std::ranges::any_of(before_->keys, has)) {
      return Action(same_name(drop.name, "PRIMARY") ? "DROP PRIMARY KEY"
                                                    : "DROP KEY " + quoted(drop.name));
    }
  }
  if (is_old_mysql(80016)) return leave_out(target_text(target_.traits) + " keeps no checks");
  return Action(own_text());
}

Result<Action> AlterRewriter::run(const AlterCheck&) {
  if (is_old_mysql(80016)) return leave_out(target_text(target_.traits) + " keeps no checks");
  return Action(own_text());
}

Result<Action> AlterRewriter::run(const RenameTo& rename) {
  if (!is_wanted(rename.to.id, target_))
    return fail(not_followed(statement_.name.id, "it gets the name of a table that is not"));
  const TableId to = moved(rename.to.id, target_);
  if (to == name_) return Action();
  return Action("RENAME TO " + quoted(to));
}

Result<Action> AlterRewriter::run(const ConvertCharset& convert) {
  const bool is_default = ascii_lower(convert.charset) == "default" && after_ != nullptr;
  const std::string text = is_default ? charset_clause(after_->charset, after_->collation)
                                      : charset_clause(convert.charset, convert.collation);
  TokenCursor cursor(text);
  TextEdit edit(text);
  CharsetClause clause;
  while (TRY(clause.take(cursor))) {
  }
  clause.rewrite(edit, target_.traits, {}, "table", changes_);
  return Action("CONVERT TO " + edit.apply());
}

Result<Action> AlterRewriter::run(const SetOption&) {
  const std::string text = own_text();
  TokenCursor cursor(text);
  TextEdit edit(text);
  auto options = TRY(take_table_options(cursor));
  rewrite_table_options(edit, options, target_.traits, changes_);
  const std::string rewritten = edit.apply();
  if (rewritten.find_first_not_of(" \n\t") == std::string::npos) return Action();
  return Action(rewritten);
}

Result<Action> AlterRewriter::run(const ChangePartitions& change) {
  using Verb = ChangePartitions::Verb;
  const std::string text = own_text();
  TokenCursor cursor(text);
  if (change.verb == Verb::exchange || cursor.at("DISCARD") || cursor.at("IMPORT")) {
    return fail(not_followed(statement_.name.id,
                             fmt::format("the rows of a partition change in no log: {}", text)));
  }
  if (change.verb == Verb::look_after) {
    if (is_tidb()) return Action();
    return Action(text);
  }
  if (change.verb == Verb::rebuild && is_tidb()) return leave_out("TiDB has nothing to rebuild");
  TextEdit edit(text);
  TRY(rewrite_partitions(cursor, edit, false, target_.traits, changes_));
  return Action(edit.apply());
}

Result<Action> AlterRewriter::run(const OtherAction& other) {
  if (other.what == "DISCARD TABLESPACE" || other.what == "IMPORT TABLESPACE") {
    return fail(not_followed(statement_.name.id,
                             "its tablespace is discarded or imported, and its rows with it"));
  }
  // How the source did it.
  if (other.what == "ALGORITHM" || other.what == "LOCK" || other.what.ends_with("VALIDATION") ||
      other.what.starts_with("SECONDARY_"))
    return Action();
  if (other.what == "ORDER BY" && is_tidb()) return leave_out("TiDB keeps rows by their key");
  if (is_tidb()) return Action();  // FORCE, ENABLE KEYS, DISABLE KEYS: nothing to do
  return Action(own_text());
}

}  // namespace

Result<std::optional<std::string>> rewrite_alter_table(std::string_view text,
                                                       const AlterTable& statement,
                                                       const TableChange& change,
                                                       const DdlTarget& target,
                                                       std::vector<StatementChange>& changes) {
  return AlterRewriter(text, statement, change, target, changes).rewrite();
}

TableId moved(const TableId& table, const DdlTarget& target) {
  return target.renaming ? target.renaming(table) : table;
}

bool is_wanted(const TableId& table, const DdlTarget& target) {
  return !target.is_wanted || target.is_wanted(table);
}

Error not_followed(const TableId& table, std::string_view why) {
  Evidence evidence;
  evidence.table = quoted(table);
  return {ErrorCode::not_supported, Side::source, Retry::after_operator, std::move(evidence),
          fmt::format("{} cannot be followed on: {}", quoted(table), why)};
}

}  // namespace tideway
