#include "sql/create_table.h"

#include <algorithm>

#include "base/text.h"
#include "sql/charset.h"
#include "sql/column_type.h"
#include "sql/cursor.h"
#include "sql/table_elements.h"
#include "sql/table_options.h"

namespace tideway {
namespace {

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
      TRY(parse_table_element(cursor_, table_.id.database, ColumnContext::create, elements_));
    } while (cursor_.accept(','));
    TRY(cursor_.expect(')'));
    TRY(parse_table_options(cursor_, table_));
    cursor_.accept(';');
    if (!cursor_.is_at_end())
      return fail(cursor_.unexpected("a table option or the end of the statement"));
    if (elements_.columns.empty())
      return fail(cursor_.error_at(cursor_.peek(), "the table has no column"));
    table_.checks = std::move(elements_.checks);
    table_.foreign_keys = std::move(elements_.foreign_keys);
    resolve_columns();
    TRY(resolve_keys());
    return std::move(table_);
  }

 private:
  Result<void> parse_head();
  void resolve_columns();
  Result<void> resolve_keys();
  Result<std::uint32_t> find_column(const ParsedKeyPart& part) const;
  void name_key(Key& key);

  TokenCursor cursor_;
  std::string_view default_database_;
  TableDef table_;
  TableElements elements_;
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

void CreateTableParser::resolve_columns() {
  if (table_.charset.empty() && !table_.collation.empty())
    table_.charset = charset_of_collation(table_.collation);
  if (table_.collation.empty() && !table_.charset.empty())
    table_.collation = default_collation(table_.charset);
  for (ParsedColumn& parsed : elements_.columns) {
    resolve_charset(parsed, table_.charset, table_.collation);
    table_.columns.push_back(std::move(parsed.column));
  }
}

Result<std::uint32_t> CreateTableParser::find_column(const ParsedKeyPart& part) const {
  const auto found = std::ranges::find_if(table_.columns, [&part](const Column& column) {
    return column.name == part.column || ascii_lower(column.name) == ascii_lower(part.column);
  });
  if (found != table_.columns.end())
    return static_cast<std::uint32_t>(found - table_.columns.begin());
  Token at;
  at.offset = part.offset;
  return fail(cursor_.error_at(
      at, "the key names column '" + part.column + "', which the table does not have"));
}

// The primary key first, as the server orders it; the others as they are written. SHOW CREATE TABLE
// has the keys that a server made for foreign keys among the others.
Result<void> CreateTableParser::resolve_keys() {
  std::erase_if(elements_.keys, [](const ParsedKey& key) { return key.key.is_implicit; });
  std::ranges::stable_partition(
      elements_.keys, [](const ParsedKey& key) { return key.key.kind == KeyKind::primary; });
  for (ParsedKey& parsed : elements_.keys) {
    for (ParsedKeyPart& part : parsed.parts) {
      if (part.part.expression.empty()) {
        part.part.column = TRY(find_column(part));
        if (parsed.key.kind == KeyKind::primary)
          table_.columns[part.part.column].is_nullable = false;
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
