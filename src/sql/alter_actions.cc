#include "sql/alter_actions.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "sql/table_options.h"
#include "sql/usual_text.h"

namespace tideway {
namespace {

using Verb = ChangePartitions::Verb;
using What = SetOption::What;

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

class ActionParser {
 public:
  ActionParser(TokenCursor& cursor, std::string_view database, std::string_view table_database)
      : cursor_(cursor), database_(database), table_database_(table_database) {}

  Result<std::vector<AlterAction>> parse() {
    while (!is_at_end()) {
      AlterAction action;
      action.begin = cursor_.peek().offset;
      TRY(parse_action(action));
      action.end = cursor_.last().end();
      actions_.push_back(std::move(action));
      // Options stand beside one another without commas, clauses of partitions behind everything.
      if (cursor_.accept(',')) {
        if (is_at_end()) return fail(cursor_.unexpected("an action of ALTER TABLE"));
      } else if (!is_at_end() && !is_option_next()) {
        return fail(cursor_.unexpected("',', an option or the end of the statement"));
      }
    }
    return std::move(actions_);
  }

 private:
  bool is_at_end() const { return cursor_.is_at_end() || cursor_.at(';'); }
  bool is_option_next() const {
    return std::holds_alternative<SetOption>(actions_.back().does) ||
           std::holds_alternative<OtherAction>(actions_.back().does) ||
           cursor_.at_words({"PARTITION", "BY"}) || cursor_.at_words({"REMOVE", "PARTITIONING"}) ||
           cursor_.at_one_of({"ALGORITHM", "LOCK"});
  }

  Result<void> parse_action(AlterAction& action);
  Result<bool> parse_lone(AlterAction& action);
  Result<void> parse_add(AlterAction& action);
  Result<void> parse_add_list(AddElements& add);
  Result<void> parse_change(AlterAction& action, bool is_modify);
  Result<void> parse_drop(AlterAction& action);
  Result<void> parse_alter(AlterAction& action);
  Result<void> parse_alter_column(AlterAction& action);
  Result<void> parse_rename(AlterAction& action);
  Result<void> parse_convert(AlterAction& action);
  Result<void> parse_option(AlterAction& action);
  Result<void> parse_order(AlterAction& action);
  Result<bool> parse_partition_action(AlterAction& action);
  Result<void> parse_partition_names(ChangePartitions& change);
  Result<void> parse_reorganize(ChangePartitions& change);
  Result<void> parse_exchange(ChangePartitions& change);
  Result<ColumnPlace> parse_place();

  TokenCursor& cursor_;
  std::string_view database_, table_database_;
  std::vector<AlterAction> actions_;
};

Result<void> ActionParser::parse_action(AlterAction& action) {
  if (TRY(parse_partition_action(action))) return {};
  if (TRY(parse_lone(action))) return {};
  if (cursor_.accept("ADD")) return parse_add(action);
  if (cursor_.accept("MODIFY")) return parse_change(action, true);
  if (cursor_.accept("CHANGE")) return parse_change(action, false);
  if (cursor_.accept("DROP")) return parse_drop(action);
  if (cursor_.accept("ALTER")) return parse_alter(action);
  if (cursor_.accept("RENAME")) return parse_rename(action);
  if (cursor_.accept_words({"CONVERT", "TO"})) return parse_convert(action);
  if (cursor_.accept_words({"ORDER", "BY"})) return parse_order(action);
  return parse_option(action);
}

// Actions that change no definition.
Result<bool> ActionParser::parse_lone(AlterAction& action) {
  const auto is = [&](std::string_view what) {
    action.does = OtherAction{std::string(what)};
    return true;
  };
  if (cursor_.accept_words({"DISABLE", "KEYS"})) return is("DISABLE KEYS");
  if (cursor_.accept_words({"ENABLE", "KEYS"})) return is("ENABLE KEYS");
  if (cursor_.accept_words({"DISCARD", "TABLESPACE"})) return is("DISCARD TABLESPACE");
  if (cursor_.accept_words({"IMPORT", "TABLESPACE"})) return is("IMPORT TABLESPACE");
  if (cursor_.accept_words({"WITH", "VALIDATION"})) return is("WITH VALIDATION");
  if (cursor_.accept_words({"WITHOUT", "VALIDATION"})) return is("WITHOUT VALIDATION");
  if (cursor_.accept("SECONDARY_LOAD")) return is("SECONDARY_LOAD");
  if (cursor_.accept("SECONDARY_UNLOAD")) return is("SECONDARY_UNLOAD");
  if (cursor_.accept("FORCE")) return is("FORCE");
  if (!cursor_.at_one_of({"ALGORITHM", "LOCK"})) return false;
  const std::string what = upper(cursor_.take().text);
  cursor_.accept('=');
  TRY(cursor_.expect_name("a value"));
  return is(what);
}

Result<ColumnPlace> ActionParser::parse_place() {
  ColumnPlace place;
  if (cursor_.accept("FIRST")) {
    place.at = ColumnPlace::At::first;
  } else if (cursor_.accept("AFTER")) {
    place.at = ColumnPlace::At::after;
    place.after = TRY(cursor_.expect_name("a column"));
  }
  return place;
}

// ( … , … ) of columns, keys and constraints.
Result<void> ActionParser::parse_add_list(AddElements& add) {
  add.elements_begin = cursor_.peek().end();
  TRY(cursor_.expect('('));
  do {
    TRY(parse_table_element(cursor_, table_database_, ColumnContext::create, add.elements));
  } while (cursor_.accept(','));
  add.elements_end = cursor_.peek().offset;
  return cursor_.expect(')');
}

Result<void> ActionParser::parse_add(AlterAction& action) {
  AddElements add;
  const bool is_column = cursor_.accept("COLUMN");
  if (cursor_.at_words({"IF", "NOT", "EXISTS"})) {
    cursor_.accept_words({"IF", "NOT", "EXISTS"});
    add.if_not_exists = true;
  }
  if (cursor_.at('(')) {
    TRY(parse_add_list(add));
  } else {
    add.elements_begin = cursor_.peek().offset;
    if (is_column) {
      add.elements.columns.push_back(TRY(parse_column(cursor_, ColumnContext::alter)));
      add_column_keys(add.elements.columns.back(), add.elements);
    } else {
      TRY(parse_table_element(cursor_, table_database_, ColumnContext::alter, add.elements));
    }
    add.elements_end = cursor_.last().end();
    if (!add.elements.columns.empty()) add.place = TRY(parse_place());
  }
  to_usual_mode(add.elements, cursor_.options());
  action.does = std::move(add);
  return {};
}

Result<void> ActionParser::parse_change(AlterAction& action, bool is_modify) {
  ChangeColumn change;
  change.is_modify = is_modify;
  cursor_.accept("COLUMN");
  cursor_.accept_words({"IF", "EXISTS"});
  if (!is_modify) change.name = TRY(cursor_.expect_name("a column"));
  change.column_begin = cursor_.peek().offset;
  change.elements.columns.push_back(TRY(parse_column(cursor_, ColumnContext::alter)));
  add_column_keys(change.elements.columns[0], change.elements);
  change.column_end = cursor_.last().end();
  if (is_modify) change.name = change.elements.columns[0].column.name;
  change.place = TRY(parse_place());
  to_usual_mode(change.elements, cursor_.options());
  action.does = std::move(change);
  return {};
}

Result<void> ActionParser::parse_drop(AlterAction& action) {
  const auto name = [this](std::string_view what) -> Result<std::string> {
    cursor_.accept_words({"IF", "EXISTS"});
    return cursor_.expect_name(what);
  };
  if (cursor_.accept_words({"PRIMARY", "KEY"})) {
    action.does = DropKey{"PRIMARY"};
  } else if (cursor_.accept_words({"FOREIGN", "KEY"})) {
    action.does = DropForeignKey{TRY(name("a foreign key"))};
  } else if (cursor_.accept("INDEX") || cursor_.accept("KEY")) {
    action.does = DropKey{TRY(name("a key"))};
  } else if (cursor_.at_one_of({"CHECK", "CONSTRAINT"})) {
    const bool is_check = cursor_.take().is("CHECK");
    action.does = DropConstraint{TRY(name("a constraint")), is_check};
  } else {
    cursor_.accept("COLUMN");
    action.does = DropColumn{TRY(name("a column"))};
    if (!cursor_.accept("RESTRICT")) cursor_.accept("CASCADE");
  }
  return {};
}

Result<void> ActionParser::parse_alter(AlterAction& action) {
  if (cursor_.accept("INDEX") || cursor_.accept("KEY")) {
    AlterKey alter{TRY(cursor_.expect_name("a key"))};
    cursor_.accept("NOT");  // MariaDB: [NOT] IGNORED
    const bool is_not = cursor_.last().is("NOT");
    alter.is_invisible = is_not ? false : cursor_.at_one_of({"INVISIBLE", "IGNORED"});
    if (!cursor_.at_one_of({"VISIBLE", "INVISIBLE", "IGNORED"}))
      return fail(cursor_.unexpected("VISIBLE or INVISIBLE"));
    cursor_.take();
    action.does = std::move(alter);
    return {};
  }
  if (cursor_.accept("CHECK") || cursor_.accept("CONSTRAINT")) {
    AlterCheck alter{TRY(cursor_.expect_name("a constraint"))};
    alter.is_enforced = !cursor_.accept("NOT");
    TRY(cursor_.expect("ENFORCED"));
    action.does = std::move(alter);
    return {};
  }
  return parse_alter_column(action);
}

Result<void> ActionParser::parse_alter_column(AlterAction& action) {
  cursor_.accept("COLUMN");
  cursor_.accept_words({"IF", "EXISTS"});
  AlterColumn alter;
  alter.name = TRY(cursor_.expect_name("a column"));
  if (cursor_.accept_words({"DROP", "DEFAULT"})) {
    alter.does = AlterColumn::Does::drop_default;
  } else if (cursor_.accept_words({"SET", "VISIBLE"})) {
    alter.does = AlterColumn::Does::show;
  } else if (cursor_.accept_words({"SET", "INVISIBLE"})) {
    alter.does = AlterColumn::Does::hide;
  } else {
    TRY(cursor_.expect("SET"));
    TRY(cursor_.expect("DEFAULT"));
    alter.default_text = in_usual_mode(TRY(parse_default_value(cursor_)), cursor_.options());
  }
  action.does = std::move(alter);
  return {};
}

Result<void> ActionParser::parse_rename(AlterAction& action) {
  if (cursor_.accept("COLUMN")) {
    cursor_.accept_words({"IF", "EXISTS"});
    RenameColumn rename{TRY(cursor_.expect_name("a column")), {}};
    TRY(cursor_.expect("TO"));
    rename.to = TRY(cursor_.expect_name("a column"));
    action.does = std::move(rename);
    return {};
  }
  if (cursor_.at_one_of({"INDEX", "KEY"})) {
    cursor_.take();
    cursor_.accept_words({"IF", "EXISTS"});
    RenameKey rename{TRY(cursor_.expect_name("a key")), {}};
    TRY(cursor_.expect("TO"));
    rename.to = TRY(cursor_.expect_name("a key"));
    action.does = std::move(rename);
    return {};
  }
  if (!cursor_.accept("TO") && !cursor_.accept("AS")) cursor_.accept('=');
  action.does = RenameTo{TRY(parse_table_name(cursor_, database_))};
  return {};
}

Result<void> ActionParser::parse_convert(AlterAction& action) {
  if (!accept_charset_words(cursor_)) return fail(cursor_.unexpected("CHARACTER SET"));
  ConvertCharset convert{TRY(parse_option_word(cursor_, "a character set")), {}};
  if (cursor_.accept("COLLATE")) {
    cursor_.accept('=');
    convert.collation = TRY(parse_option_word(cursor_, "a collation"));
  }
  action.does = std::move(convert);
  return {};
}

// Columns, not actions, follow its commas.
Result<void> ActionParser::parse_order(AlterAction& action) {
  do {
    TRY(cursor_.expect_name("a column"));
    while (cursor_.accept('.')) TRY(cursor_.expect_name("a column"));
    if (!cursor_.accept("ASC")) cursor_.accept("DESC");
  } while (cursor_.accept(','));
  action.does = OtherAction{"ORDER BY"};
  return {};
}

Result<void> ActionParser::parse_option(AlterAction& action) {
  TableDef table;
  SetOption option;
  Token first = cursor_.peek();
  if (first.is("DEFAULT")) first = cursor_.peek(1);
  if (!TRY(parse_table_option(cursor_, table)))
    return fail(cursor_.unexpected("an action of ALTER TABLE"));
  option.name = upper(name_of(first));
  if (!table.charset.empty()) {
    option.what = What::charset;
    option.value = std::move(table.charset);
  } else if (!table.collation.empty()) {
    option.what = What::collation;
    option.value = std::move(table.collation);
  } else if (!table.engine.empty()) {
    option.what = What::engine;
    option.value = std::move(table.engine);
  } else if (first.is("COMMENT")) {
    option.what = What::comment;
    option.value = std::move(table.comment);
  }
  action.does = std::move(option);
  return {};
}

Result<void> ActionParser::parse_partition_names(ChangePartitions& change) {
  if (cursor_.accept("ALL")) return {};
  do {
    change.names.push_back(TRY(cursor_.expect_name("a partition")));
  } while (cursor_.accept(','));
  return {};
}

Result<void> ActionParser::parse_reorganize(ChangePartitions& change) {
  if (cursor_.is_at_end() || cursor_.at(';')) return {};
  TRY(parse_partition_names(change));
  TRY(cursor_.expect("INTO"));
  change.definitions = in_usual_mode(TRY(cursor_.skip_parentheses()), cursor_.options());
  return {};
}

Result<void> ActionParser::parse_exchange(ChangePartitions& change) {
  change.names.push_back(TRY(cursor_.expect_name("a partition")));
  TRY(cursor_.expect("WITH"));
  TRY(cursor_.expect("TABLE"));
  change.exchanged_with = TRY(parse_table_name(cursor_, database_));
  if (!cursor_.accept_words({"WITH", "VALIDATION"}))
    cursor_.accept_words({"WITHOUT", "VALIDATION"});
  return {};
}

struct PartitionWord {
  std::string_view word;
  Verb verb;
};
constexpr std::array<PartitionWord, 13> partition_words = {{
    {"ADD", Verb::add},
    {"DROP", Verb::drop},
    {"TRUNCATE", Verb::truncate},
    {"COALESCE", Verb::coalesce},
    {"REORGANIZE", Verb::reorganize},
    {"EXCHANGE", Verb::exchange},
    {"REBUILD", Verb::rebuild},
    {"ANALYZE", Verb::look_after},
    {"CHECK", Verb::look_after},
    {"OPTIMIZE", Verb::look_after},
    {"REPAIR", Verb::look_after},
    {"DISCARD", Verb::look_after},
    {"IMPORT", Verb::look_after},
}};

// False: another action stands here.
Result<bool> ActionParser::parse_partition_action(AlterAction& action) {
  ChangePartitions change;
  if (cursor_.at_words({"PARTITION", "BY"})) {
    change.verb = Verb::split_by;
    change.definitions = in_usual_mode(TRY(parse_partitions(cursor_)), cursor_.options());
    action.does = std::move(change);
    return true;
  }
  if (cursor_.accept_words({"REMOVE", "PARTITIONING"})) {
    change.verb = Verb::remove;
    action.does = std::move(change);
    return true;
  }
  const auto* const word = std::ranges::find_if(
      partition_words, [this](const PartitionWord& entry) { return cursor_.at(entry.word); });
  if (word == partition_words.end() || !cursor_.peek(1).is("PARTITION")) return false;
  cursor_.take();
  cursor_.take();
  if (!cursor_.accept("NO_WRITE_TO_BINLOG")) cursor_.accept("LOCAL");
  change.verb = word->verb;
  if (change.verb == Verb::add) {
    cursor_.accept_words({"IF", "NOT", "EXISTS"});
    if (cursor_.accept("PARTITIONS")) {
      change.definitions = std::to_string(TRY(cursor_.expect_number("a number of partitions")));
    } else {
      change.definitions = in_usual_mode(TRY(cursor_.skip_parentheses()), cursor_.options());
    }
  } else if (change.verb == Verb::coalesce) {
    change.definitions = std::to_string(TRY(cursor_.expect_number("a number of partitions")));
  } else if (change.verb == Verb::reorganize) {
    TRY(parse_reorganize(change));
  } else if (change.verb == Verb::exchange) {
    TRY(parse_exchange(change));
  } else {
    cursor_.accept_words({"IF", "EXISTS"});
    TRY(parse_partition_names(change));
    // FOR UPGRADE, QUICK, EXTENDED, TABLESPACE …
    while (change.verb == Verb::look_after && !is_at_end()) cursor_.take();
  }
  action.does = std::move(change);
  return true;
}

}  // namespace

Result<std::vector<AlterAction>> parse_alter_actions(TokenCursor& cursor, std::string_view database,
                                                     std::string_view table_database) {
  return ActionParser(cursor, database, table_database).parse();
}

Result<TableName> parse_table_name(TokenCursor& cursor, std::string_view database) {
  TableName name;
  const Token first = cursor.peek();
  name.begin = first.offset;
  name.id.database = std::string(database);
  if (!cursor.accept('.')) {
    name.id.name = TRY(cursor.expect_name("a table"));
    if (cursor.accept('.')) {
      name.id.database = std::move(name.id.name);
      name.id.name = TRY(cursor.expect_name("a table"));
    }
  } else {
    name.id.name = TRY(cursor.expect_name("a table"));
  }
  name.end = cursor.last().end();
  if (name.id.database.empty())
    return fail(cursor.error_at(first, "the table has no database and the session had none"));
  return name;
}

}  // namespace tideway
