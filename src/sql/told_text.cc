#include "sql/told_text.h"

#include "sql/charset.h"
#include "sql/column_parser.h"
#include "sql/cursor.h"
#include "sql/settle_keys.h"
#include "sql/text_edit.h"

namespace tideway {
namespace {

// Does COLLATE or BINARY follow before the column or option list ends?
bool is_collation_told(const TokenCursor& cursor) {
  std::size_t depth = 0;
  for (std::size_t ahead = 0;; ++ahead) {
    const Token& token = cursor.peek(ahead);
    if (token.kind == TokenKind::end) return false;
    if (token.is('(')) ++depth;
    if (depth == 0 && (token.is(',') || token.is(')'))) return false;
    if (token.is(')')) --depth;
    if (depth == 0 && (token.is("COLLATE") || token.is("BINARY"))) return true;
  }
}

// KEY `name` (`a`), the one that was made for the foreign key; empty: another serves it.
std::string index_of(const TableDef& after, const ForeignKey& key) {
  for (const Key& index : after.keys) {
    if (!index.is_implicit || index.parts.size() != key.columns.size()) continue;
    std::string columns;
    bool is_it = true;
    for (std::size_t i = 0; i < key.columns.size(); ++i) {
      const std::string& column = after.columns[index.parts[i].column].name;
      is_it = is_it && same_name(column, key.columns[i]);
      columns += (i == 0 ? "" : ", ") + quoted(column);
    }
    if (is_it) return "KEY " + quoted(index.name) + " (" + columns + ")";
  }
  return {};
}

}  // namespace

std::string with_told_collations(std::string_view statement, const ServerRules& rules) {
  TokenCursor cursor(statement);
  TextEdit edit(statement);
  // Deeper than a column's own attributes are casts, whose COLLATE would be an operator.
  for (std::size_t depth = 0; !cursor.is_at_end();) {
    if (cursor.at('(')) ++depth;
    if (cursor.at(')') && depth > 0) --depth;
    if (depth > 1 || !accept_charset_words(cursor)) {
      cursor.take();
      continue;
    }
    const Token name = cursor.peek();
    const bool is_name = name.kind == TokenKind::word || name.kind == TokenKind::quoted_word ||
                         name.kind == TokenKind::text;
    if (!is_name) continue;
    const std::string charset =
        name.kind == TokenKind::text ? bytes_of(name) : canonical_charset(name_of(name));
    cursor.take();
    if (canonical_charset(charset) == "utf8mb4" && !is_collation_told(cursor))
      edit.insert(name.end(), " COLLATE " + rules.utf8mb4_collation);
  }
  return edit.apply();
}

std::string with_told_foreign_keys(std::string_view statement, const TableDef& after,
                                   std::size_t written) {
  if (after.foreign_keys.size() < written) return std::string(statement);
  TokenCursor cursor(statement);
  TextEdit edit(statement);
  std::size_t depth = 0;
  auto key = after.foreign_keys.end() - static_cast<std::ptrdiff_t>(written);
  while (!cursor.is_at_end() && key != after.foreign_keys.end()) {
    const Token first = cursor.peek();
    if (first.is('(')) ++depth;
    if (first.is(')') && depth > 0) --depth;
    const bool is_named =
        first.is("CONSTRAINT") && cursor.peek(2).is("FOREIGN") && cursor.peek(3).is("KEY");
    const bool is_unnamed = cursor.at_words({"CONSTRAINT", "FOREIGN", "KEY"});
    if (depth > 1) {
      cursor.take();
    } else if (cursor.accept_words({"DROP", "FOREIGN", "KEY"})) {
      continue;
    } else if (is_unnamed || cursor.at_words({"FOREIGN", "KEY"})) {
      cursor.accept("CONSTRAINT");
      std::string told = index_of(after, *key);
      if (!told.empty()) told += depth == 0 ? ", ADD " : ", ";
      told += "CONSTRAINT " + quoted(key->name) + " ";
      edit.replace(first.offset, cursor.peek().offset, std::move(told));
      ++key;
      cursor.accept_words({"FOREIGN", "KEY"});
    } else if (is_named) {
      for (int i = 0; i < 4; ++i) cursor.take();
      ++key;
    } else {
      cursor.take();
    }
  }
  return edit.apply();
}

}  // namespace tideway
