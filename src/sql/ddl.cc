#include "sql/ddl.h"

#include <algorithm>

#include "base/text.h"
#include "sql/column_parser.h"
#include "sql/cursor.h"
#include "sql/statement_kind.h"
#include "sql/table_options.h"
#include "sql/usual_text.h"

namespace tideway {
namespace {

class DdlParser {
 public:
  DdlParser(std::string_view statement, const SessionContext& session)
      : options_(lexer_options(session)),
        cursor_(statement, options_),
        database_(session.database) {}

  Result<DdlStatement> parse() {
    while (cursor_.accept(';')) {
    }
    DdlStatement statement = TRY(parse_statement());
    while (cursor_.accept(';')) {
    }
    if (!cursor_.is_at_end()) return fail(cursor_.unexpected("the end of the statement"));
    return statement;
  }

 private:
  Result<DdlStatement> parse_statement();
  Result<DdlStatement> parse_create();
  Result<DdlStatement> parse_alter();
  Result<DdlStatement> parse_drop();
  Result<DdlStatement> parse_create_database();
  Result<DdlStatement> parse_alter_database();
  Result<DdlStatement> parse_create_table(bool or_replace);
  Result<void> parse_table_body(CreateTable& create);
  Result<void> parse_written_options(WrittenOptions& options);
  Result<DdlStatement> parse_create_index();
  Result<DdlStatement> parse_drop_index();
  Result<DdlStatement> parse_view(ChangeView::Verb verb);
  Result<DdlStatement> parse_rename();
  Result<void> parse_database_options(std::string& charset, std::string& collation);
  Result<void> take_query(CreateTable& create);
  Result<TableName> table_name() { return parse_table_name(cursor_, database_); }
  bool accept_if_not_exists() { return cursor_.accept_words({"IF", "NOT", "EXISTS"}); }
  bool accept_if_exists() { return cursor_.accept_words({"IF", "EXISTS"}); }
  // WAIT n and NOWAIT of MariaDB.
  Result<void> skip_wait() {
    if (cursor_.accept("WAIT")) TRY(cursor_.expect_number("seconds"));
    cursor_.accept("NOWAIT");
    return {};
  }

  const LexerOptions options_;
  TokenCursor cursor_;
  std::string_view database_;
};

Result<DdlStatement> DdlParser::parse_statement() {
  if (cursor_.accept("CREATE")) return parse_create();
  if (cursor_.accept("ALTER")) return parse_alter();
  if (cursor_.accept("DROP")) return parse_drop();
  if (cursor_.accept("RENAME")) return parse_rename();
  TRY(cursor_.expect("TRUNCATE"));
  cursor_.accept("TABLE");
  TruncateTable truncate{TRY(table_name())};
  TRY(skip_wait());
  return truncate;
}

Result<DdlStatement> DdlParser::parse_create() {
  const bool or_replace = cursor_.accept_words({"OR", "REPLACE"});
  if (cursor_.accept("TABLE")) return parse_create_table(or_replace);
  if (cursor_.accept("DATABASE") || cursor_.accept("SCHEMA")) return parse_create_database();
  const bool is_index =
      cursor_.at_one_of({"UNIQUE", "FULLTEXT", "SPATIAL", "INDEX", "ONLINE", "OFFLINE"});
  if (is_index) return parse_create_index();
  return parse_view(ChangeView::Verb::create);
}

Result<DdlStatement> DdlParser::parse_alter() {
  while (cursor_.accept("IGNORE") || cursor_.accept("ONLINE") || cursor_.accept("OFFLINE")) {
  }
  if (cursor_.accept("DATABASE") || cursor_.accept("SCHEMA")) return parse_alter_database();
  if (!cursor_.accept("TABLE")) return parse_view(ChangeView::Verb::alter);
  accept_if_exists();
  AlterTable alter;
  alter.name = TRY(table_name());
  TRY(skip_wait());
  alter.actions = TRY(parse_alter_actions(cursor_, database_, alter.name.id.database));
  return alter;
}

Result<DdlStatement> DdlParser::parse_drop() {
  if (cursor_.accept("DATABASE") || cursor_.accept("SCHEMA")) {
    DropDatabase drop;
    drop.if_exists = accept_if_exists();
    drop.name = TRY(cursor_.expect_name("a database"));
    return drop;
  }
  if (cursor_.at_one_of({"INDEX", "ONLINE", "OFFLINE"})) return parse_drop_index();
  if (cursor_.accept("VIEW")) {
    ChangeView view;
    view.verb = ChangeView::Verb::drop;
    accept_if_exists();
    do {
      view.names.push_back(TRY(table_name()));
    } while (cursor_.accept(','));
    if (!cursor_.accept("RESTRICT")) cursor_.accept("CASCADE");
    return view;
  }
  if (!cursor_.accept("TABLES")) TRY(cursor_.expect("TABLE"));
  DropTables drop;
  drop.if_exists = accept_if_exists();
  do {
    drop.names.push_back(TRY(table_name()));
  } while (cursor_.accept(','));
  TRY(skip_wait());
  if (!cursor_.accept("RESTRICT")) cursor_.accept("CASCADE");
  return drop;
}

Result<DdlStatement> DdlParser::parse_rename() {
  if (!cursor_.accept("TABLES")) TRY(cursor_.expect("TABLE"));
  accept_if_exists();
  RenameTables rename;
  do {
    RenameTables::Pair pair;
    pair.from = TRY(table_name());
    TRY(skip_wait());
    TRY(cursor_.expect("TO"));
    pair.to = TRY(table_name());
    rename.pairs.push_back(std::move(pair));
  } while (cursor_.accept(','));
  return rename;
}

Result<void> DdlParser::parse_database_options(std::string& charset, std::string& collation) {
  while (!cursor_.is_at_end() && !cursor_.at(';')) {
    cursor_.accept("DEFAULT");
    if (accept_charset_words(cursor_)) {
      charset = TRY(parse_option_word(cursor_, "a character set"));
    } else if (cursor_.accept("COLLATE")) {
      cursor_.accept('=');
      collation = TRY(parse_option_word(cursor_, "a collation"));
    } else if (cursor_.accept("ENCRYPTION") || cursor_.accept_words({"READ", "ONLY"}) ||
               cursor_.accept("COMMENT")) {
      cursor_.accept('=');
      cursor_.take();
    } else if (!cursor_.accept_words({"UPGRADE", "DATA", "DIRECTORY", "NAME"})) {
      return fail(cursor_.unexpected("an option of the database"));
    }
  }
  return {};
}

Result<DdlStatement> DdlParser::parse_create_database() {
  CreateDatabase create;
  create.if_not_exists = accept_if_not_exists();
  create.name = TRY(cursor_.expect_name("a database"));
  TRY(parse_database_options(create.charset, create.collation));
  return create;
}

// Without a name it is the session's.
Result<DdlStatement> DdlParser::parse_alter_database() {
  AlterDatabase alter;
  alter.name = std::string(database_);
  const bool is_option =
      cursor_.at_one_of({"DEFAULT", "CHARACTER", "CHARSET", "COLLATE", "ENCRYPTION", "READ"});
  if (!is_option) alter.name = TRY(cursor_.expect_name("a database"));
  if (alter.name.empty()) return fail(cursor_.unexpected("a database"));
  TRY(parse_database_options(alter.charset, alter.collation));
  return alter;
}

Result<DdlStatement> DdlParser::parse_create_table(bool or_replace) {
  CreateTable create;
  create.or_replace = or_replace;
  create.if_not_exists = accept_if_not_exists();
  create.name = TRY(table_name());
  if (cursor_.accept("LIKE")) {
    create.like = TRY(table_name());
    return create;
  }
  if (cursor_.at('(') && cursor_.peek(1).is("LIKE")) {
    cursor_.accept('(');
    cursor_.accept("LIKE");
    create.like = TRY(table_name());
    TRY(cursor_.expect(')'));
    return create;
  }
  const bool is_query =
      cursor_.at('(') && (cursor_.peek(1).is("SELECT") || cursor_.peek(1).is('('));
  if (cursor_.at('(') && !is_query) TRY(parse_table_body(create));
  TRY(parse_written_options(create.options));
  TRY(take_query(create));
  if (!create.select_begin && create.elements.columns.empty())
    return fail(cursor_.unexpected("the columns of the table"));
  return create;
}

Result<void> DdlParser::parse_table_body(CreateTable& create) {
  TRY(cursor_.expect('('));
  do {
    TRY(parse_table_element(cursor_, create.name.id.database, ColumnContext::create,
                            create.elements));
  } while (cursor_.accept(','));
  TRY(cursor_.expect(')'));
  to_usual_mode(create.elements, options_);
  for (std::size_t ahead = 0; cursor_.peek(ahead).kind != TokenKind::end; ++ahead) {
    if (cursor_.peek(ahead).is("START") && cursor_.peek(ahead + 1).is("TRANSACTION"))
      create.starts_transaction = true;
  }
  return {};
}

Result<void> DdlParser::parse_written_options(WrittenOptions& options) {
  TableDef table;
  TRY(parse_table_options(cursor_, table));
  options.engine = std::move(table.engine);
  options.charset = std::move(table.charset);
  options.collation = std::move(table.collation);
  options.partition_text = in_usual_mode(table.partition_text, options_);
  if (!table.comment.empty()) options.comment = std::move(table.comment);
  return {};
}

// [IGNORE | REPLACE] [AS] SELECT …, up to the end of the statement.
Result<void> DdlParser::take_query(CreateTable& create) {
  if (cursor_.is_at_end() || cursor_.at(';')) return {};
  const std::size_t begin = cursor_.peek().offset;
  if (!cursor_.accept("IGNORE")) cursor_.accept("REPLACE");
  cursor_.accept("AS");
  if (!cursor_.at('(') && !cursor_.at_one_of({"SELECT", "WITH", "TABLE", "VALUES"}))
    return fail(cursor_.unexpected("a table option, SELECT or the end of the statement"));
  create.select_begin = begin;
  while (!cursor_.is_at_end()) cursor_.take();
  return {};
}

Result<DdlStatement> DdlParser::parse_create_index() {
  AlterTable alter;
  alter.form = AlterTable::Form::create_index;
  if (!cursor_.accept("ONLINE")) cursor_.accept("OFFLINE");
  AlterAction action;
  action.begin = cursor_.peek().offset;
  ParsedKey key;
  if (cursor_.accept("UNIQUE")) {
    key.key.kind = KeyKind::unique;
  } else if (cursor_.accept("FULLTEXT")) {
    key.key.kind = KeyKind::fulltext;
  } else if (cursor_.accept("SPATIAL")) {
    key.key.kind = KeyKind::spatial;
  }
  TRY(cursor_.expect("INDEX"));
  AddElements add;
  add.if_not_exists = accept_if_not_exists();
  key.key.name = TRY(cursor_.expect_name("the name of a key"));
  TRY(parse_key_options(cursor_, key.key));
  TRY(cursor_.expect("ON"));
  alter.name = TRY(table_name());
  TRY(skip_wait());
  add.elements_begin = cursor_.peek().offset;
  TRY(parse_key_body(cursor_, key));
  add.elements_end = action.end = cursor_.last().end();
  add.elements.keys.push_back(std::move(key));
  action.does = std::move(add);
  alter.actions.push_back(std::move(action));
  auto rest = TRY(parse_alter_actions(cursor_, database_, alter.name.id.database));
  std::ranges::move(rest, std::back_inserter(alter.actions));
  return alter;
}

Result<DdlStatement> DdlParser::parse_drop_index() {
  AlterTable alter;
  alter.form = AlterTable::Form::drop_index;
  if (!cursor_.accept("ONLINE")) cursor_.accept("OFFLINE");
  AlterAction action;
  action.begin = cursor_.peek().offset;
  TRY(cursor_.expect("INDEX"));
  accept_if_exists();
  DropKey drop{TRY(cursor_.expect_name("a key"))};
  if (ascii_lower(drop.name) == "primary") drop.name = "PRIMARY";
  action.does = std::move(drop);
  TRY(cursor_.expect("ON"));
  alter.name = TRY(table_name());
  TRY(skip_wait());
  action.end = cursor_.last().end();
  alter.actions.push_back(std::move(action));
  auto rest = TRY(parse_alter_actions(cursor_, database_, alter.name.id.database));
  std::ranges::move(rest, std::back_inserter(alter.actions));
  return alter;
}

// [ALGORITHM = …] [DEFINER = …] [SQL SECURITY …] VIEW [IF NOT EXISTS] name …
Result<DdlStatement> DdlParser::parse_view(ChangeView::Verb verb) {
  while (!cursor_.at("VIEW")) {
    const bool is_attribute = cursor_.at_one_of({"ALGORITHM", "DEFINER", "SQL"});
    if (!is_attribute) return fail(cursor_.unexpected("TABLE, DATABASE, INDEX or VIEW"));
    cursor_.take();
    while (!cursor_.is_at_end() && !cursor_.at_one_of({"ALGORITHM", "DEFINER", "SQL", "VIEW"}))
      cursor_.take();
  }
  cursor_.take();
  accept_if_not_exists();
  ChangeView view;
  view.verb = verb;
  view.names.push_back(TRY(table_name()));
  if (!cursor_.at('(')) TRY(cursor_.expect("AS"));
  while (!cursor_.is_at_end()) cursor_.take();
  return view;
}

}  // namespace

Result<DdlStatement> parse_ddl(std::string_view statement, const SessionContext& session) {
  return DdlParser(statement, session).parse();
}

}  // namespace tideway
