#include "sql/create_table.h"

#include <algorithm>

#include "base/text.h"
#include "sql/charset.h"
#include "sql/column_parser.h"
#include "sql/column_type.h"
#include "sql/cursor.h"
#include "sql/table_options.h"

namespace tideway {
namespace {

// A part of a key as it is written; its column may be defined further down.
struct ParsedPart {
  Token at;
  std::string column;
  KeyPart part;
};

struct ParsedKey {
  Key key;
  std::vector<ParsedPart> parts;
};

class CreateTableParser {
 public:
  CreateTableParser(std::string_view statement, std::string_view default_database)
      : cursor_(statement), default_database_(default_database) {
    table_.create_text = std::string(statement);
  }

  Result<TableDef> parse() {
    TRY(parse_head());
    TRY(cursor_.expect('('));
    do {
      TRY(parse_element());
    } while (cursor_.accept(','));
    TRY(cursor_.expect(')'));
    TRY(parse_table_options(cursor_, table_));
    cursor_.accept(';');
    if (!cursor_.is_at_end())
      return fail(cursor_.unexpected("a table option or the end of the statement"));
    if (columns_.empty()) return fail(cursor_.error_at(cursor_.peek(), "the table has no column"));
    resolve_columns();
    TRY(resolve_keys());
    return std::move(table_);
  }

 private:
  Result<void> parse_head();
  Result<void> parse_element();
  Result<bool> parse_constraint();
  Result<bool> parse_key_element();
  Result<void> parse_key(KeyKind kind, std::string constraint_name);
  Result<void> parse_key_options(Key& key);
  Result<ParsedPart> parse_part();
  Result<void> parse_foreign_key(std::string name);
  void resolve_columns();
  Result<void> resolve_keys();
  void name_key(Key& key);
  void add_column_keys(ParsedColumn& parsed);

  TokenCursor cursor_;
  std::string_view default_database_;
  TableDef table_;
  std::vector<ParsedColumn> columns_;
  std::vector<ParsedKey> keys_;
};

Result<void> CreateTableParser::parse_head() {
  TRY(cursor_.expect("CREATE"));
  cursor_.accept_words({"OR", "REPLACE"});
  if (cursor_.accept("GLOBAL")) TRY(cursor_.expect("TEMPORARY"));
  cursor_.accept("TEMPORARY");
  TRY(cursor_.expect("TABLE"));
  cursor_.accept_words({"IF", "NOT", "EXISTS"});
  table_.id = {std::string(default_database_), TRY(cursor_.expect_name("the name of the table"))};
  if (cursor_.accept('.'))
    table_.id = {std::move(table_.id.name), TRY(cursor_.expect_name("the name of the table"))};
  return {};
}

Result<void> CreateTableParser::parse_element() {
  // A quoted word always begins a column; a bare one that introduces a key may also be a column's
  // name (`key` is reserved, `period` and `vector` are not).
  if (cursor_.peek().kind == TokenKind::word && TRY(parse_constraint())) return {};
  columns_.push_back(TRY(parse_column(cursor_)));
  add_column_keys(columns_.back());
  return {};
}

void CreateTableParser::add_column_keys(ParsedColumn& parsed) {
  const auto add = [&](KeyKind kind) {
    ParsedKey key;
    key.key.kind = kind;
    key.parts.push_back({{}, parsed.column.name, {}});
    keys_.push_back(std::move(key));
  };
  if (parsed.is_primary) add(KeyKind::primary);
  if (parsed.is_unique) add(KeyKind::unique);
  std::ranges::move(parsed.checks, std::back_inserter(table_.checks));
}

// Everything between the parentheses that is no column. False: a column stands here.
Result<bool> CreateTableParser::parse_constraint() {
  const std::size_t start = cursor_.peek().offset;
  if (cursor_.at_words({"PERIOD", "FOR"})) {
    cursor_.accept_words({"PERIOD", "FOR"});
    TRY(cursor_.expect_name("the name of a period"));
    TRY(cursor_.skip_parentheses());
    return true;
  }
  std::string name;
  const bool is_constraint = cursor_.accept("CONSTRAINT");
  if (is_constraint && !cursor_.at_one_of({"PRIMARY", "UNIQUE", "FOREIGN", "CHECK"})) {
    name = TRY(cursor_.expect_name("the name of a constraint"));
  }
  if (cursor_.at("CHECK") && (is_constraint || cursor_.peek(1).is('('))) {
    table_.checks.push_back(TRY(parse_check(cursor_, start)));
    return true;
  }
  if (cursor_.accept_words({"FOREIGN", "KEY"})) {
    TRY(parse_foreign_key(std::move(name)));
  } else if (cursor_.accept_words({"PRIMARY", "KEY"})) {
    TRY(parse_key(KeyKind::primary, {}));
  } else if (cursor_.accept("UNIQUE")) {
    if (!cursor_.accept("KEY")) cursor_.accept("INDEX");
    TRY(parse_key(KeyKind::unique, std::move(name)));
  } else if (is_constraint) {
    return fail(cursor_.unexpected("PRIMARY KEY, UNIQUE, FOREIGN KEY or CHECK"));
  } else {
    return parse_key_element();
  }
  return true;
}

Result<bool> CreateTableParser::parse_key_element() {
  if (cursor_.accept("KEY") || cursor_.accept("INDEX")) {
    TRY(parse_key(KeyKind::plain, {}));
    return true;
  }
  const bool is_fulltext = cursor_.at("FULLTEXT"), is_spatial = cursor_.at("SPATIAL");
  // TiDB's VECTOR INDEX and COLUMNAR INDEX, MariaDB's VECTOR KEY: `vector` may also be a column.
  const bool is_other = cursor_.at_one_of({"VECTOR", "COLUMNAR", "HYBRID"}) &&
                        (cursor_.peek(1).is("INDEX") || cursor_.peek(1).is("KEY"));
  if (!is_fulltext && !is_spatial && !is_other) return false;
  cursor_.take();
  if (!cursor_.accept("KEY")) cursor_.accept("INDEX");
  TRY(parse_key(is_fulltext  ? KeyKind::fulltext
                : is_spatial ? KeyKind::spatial
                             : KeyKind::plain,
                {}));
  return true;
}

Result<void> CreateTableParser::parse_key(KeyKind kind, std::string constraint_name) {
  ParsedKey parsed;
  parsed.key.kind = kind;
  parsed.key.name = std::move(constraint_name);
  cursor_.accept_words({"IF", "NOT", "EXISTS"});
  if (!cursor_.at('(') && !cursor_.at_one_of({"USING", "TYPE"})) {
    std::string name = TRY(cursor_.expect_name("the name of a key or '('"));
    if (kind != KeyKind::primary) parsed.key.name = std::move(name);
  }
  TRY(parse_key_options(parsed.key));
  TRY(cursor_.expect('('));
  do {
    if (cursor_.peek(1).is("WITHOUT") &&
        cursor_.peek(2).is("OVERLAPS")) {  // MariaDB: a period, no column
      cursor_.take();
      cursor_.accept_words({"WITHOUT", "OVERLAPS"});
      continue;
    }
    parsed.parts.push_back(TRY(parse_part()));
  } while (cursor_.accept(','));
  TRY(cursor_.expect(')'));
  TRY(parse_key_options(parsed.key));
  keys_.push_back(std::move(parsed));
  return {};
}

Result<ParsedPart> CreateTableParser::parse_part() {
  ParsedPart parsed;
  parsed.at = cursor_.peek();
  if (cursor_.at('(')) {
    parsed.part.expression = std::string(TRY(cursor_.skip_parentheses()));
  } else {
    parsed.column = TRY(cursor_.expect_name("a column"));
    if (cursor_.accept('(')) {
      parsed.part.prefix_length =
          static_cast<std::uint32_t>(TRY(cursor_.expect_number("a prefix length")));
      TRY(cursor_.expect(')'));
    }
  }
  if (cursor_.accept("DESC")) {
    parsed.part.is_descending = true;
  } else {
    cursor_.accept("ASC");
  }
  return parsed;
}

Result<void> CreateTableParser::parse_key_options(Key& key) {
  while (!cursor_.at(',') && !cursor_.at(')') && !cursor_.at('(')) {
    if (cursor_.accept("INVISIBLE") || cursor_.accept("IGNORED")) {
      key.is_invisible = true;
    } else if (cursor_.accept_words({"NOT", "IGNORED"}) || cursor_.accept("VISIBLE") ||
               cursor_.accept("CLUSTERED") || cursor_.accept("NONCLUSTERED") ||
               cursor_.accept("GLOBAL") || cursor_.accept("LOCAL") ||
               cursor_.accept("ADD_COLUMNAR_REPLICA_ON_DEMAND")) {
      continue;
    } else if (cursor_.accept_words({"WITH", "PARSER"}) || cursor_.accept("USING") ||
               cursor_.accept("TYPE")) {
      TRY(cursor_.expect_name("a name"));
    } else if (cursor_.accept("WHERE")) {  // TiDB's partial index
      while (!cursor_.at(',') && !cursor_.at(')') && !cursor_.is_at_end()) {
        if (cursor_.at('(')) {
          TRY(cursor_.skip_parentheses());
        } else {
          cursor_.take();
        }
      }
    } else if (cursor_.peek().kind == TokenKind::word &&
               (cursor_.peek(1).is('=') ||
                cursor_.at_one_of({"COMMENT", "KEY_BLOCK_SIZE", "ENGINE_ATTRIBUTE",
                                   "SECONDARY_ENGINE_ATTRIBUTE"}))) {
      cursor_.take();
      cursor_.accept('=');
      if (cursor_.is_at_end()) return fail(cursor_.unexpected("a value"));
      cursor_.take();
    } else {
      return fail(cursor_.unexpected("an option of the key, ',' or ')'"));
    }
  }
  return {};
}

Result<void> CreateTableParser::parse_foreign_key(std::string name) {
  ForeignKey key;
  key.name = std::move(name);
  cursor_.accept_words({"IF", "NOT", "EXISTS"});
  if (!cursor_.at('(')) {
    std::string index_name = TRY(cursor_.expect_name("the name of a key or '('"));
    if (key.name.empty()) key.name = std::move(index_name);
  }
  TRY(cursor_.expect('('));
  do {
    key.columns.push_back(TRY(cursor_.expect_name("a column")));
  } while (cursor_.accept(','));
  TRY(cursor_.expect(')'));
  TRY(parse_references(cursor_, table_.id.database, key));
  table_.foreign_keys.push_back(std::move(key));
  return {};
}

void CreateTableParser::resolve_columns() {
  if (table_.charset.empty() && !table_.collation.empty())
    table_.charset = charset_of_collation(table_.collation);
  if (table_.collation.empty() && !table_.charset.empty())
    table_.collation = default_collation(table_.charset);
  for (ParsedColumn& parsed : columns_) {
    resolve_charset(parsed, table_.charset, table_.collation);
    table_.columns.push_back(std::move(parsed.column));
  }
}

// The primary key first, as the server orders it; the others as they are written.
Result<void> CreateTableParser::resolve_keys() {
  std::ranges::stable_partition(
      keys_, [](const ParsedKey& key) { return key.key.kind == KeyKind::primary; });
  for (ParsedKey& parsed : keys_) {
    for (ParsedPart& part : parsed.parts) {
      if (part.part.expression.empty()) {
        const auto found = std::ranges::find_if(table_.columns, [&part](const Column& column) {
          return column.name == part.column || ascii_lower(column.name) == ascii_lower(part.column);
        });
        if (found == table_.columns.end()) {
          return fail(cursor_.error_at(part.at, "the key names column '" + part.column +
                                                    "', which the table does not have"));
        }
        part.part.column = static_cast<std::uint32_t>(found - table_.columns.begin());
        if (parsed.key.kind == KeyKind::primary) found->is_nullable = false;
      }
      parsed.key.parts.push_back(std::move(part.part));
    }
    name_key(parsed.key);
    table_.keys.push_back(std::move(parsed.key));
  }
  return {};
}

void CreateTableParser::name_key(Key& key) {
  if (key.kind == KeyKind::primary) key.name = "PRIMARY";
  if (!key.name.empty()) return;
  const bool is_functional = !key.parts.empty() && !key.parts[0].expression.empty();
  const std::string first = is_functional || key.parts.empty()
                                ? "functional_index"
                                : table_.columns[key.parts[0].column].name;
  const auto is_taken = [this](const std::string& name) {
    const auto has_name = [&name](const Key& other) {
      return ascii_lower(other.name) == ascii_lower(name);
    };
    return std::ranges::any_of(table_.keys, has_name);
  };
  key.name = first;
  for (int i = 2; is_taken(key.name); ++i) key.name = first + "_" + std::to_string(i);
}

}  // namespace

Result<TableDef> parse_create_table(std::string_view statement, std::string_view default_database) {
  return CreateTableParser(statement, default_database).parse();
}

}  // namespace tideway
