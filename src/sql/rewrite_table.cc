#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "sql/rewrite.h"
#include "sql/rewrite_column.h"
#include "sql/rewrite_options.h"
#include "sql/rewrite_parts.h"

namespace tideway {
namespace {

using Kind = TargetTraits::Kind;

// Walks a CREATE TABLE whose version comments are resolved and edits it for a target. An element (a
// column, key or constraint) is rewritten in place or taken out whole.
class TableRewriter {
 public:
  TableRewriter(std::string_view text, const TableId& name, const TargetTraits& target,
                std::string_view source_database, const Renaming& renaming,
                std::vector<StatementChange>& changes)
      : cursor_(text),
        edit_(text),
        name_(name),
        target_(target),
        source_database_(source_database),
        renaming_(renaming),
        changes_(changes) {}

  Result<std::string> rewrite() {
    TRY(rewrite_head());
    // The table's own character set stands behind its columns, which inherit it.
    const std::size_t place = cursor_.place();
    TRY(cursor_.skip_parentheses());
    auto options = TRY(take_table_options(cursor_));
    const std::size_t end = cursor_.place();
    cursor_.go_back_to(place);
    TRY(rewrite_elements(options.charset.charset()));
    cursor_.go_back_to(end);
    rewrite_table_options(edit_, options, target_, changes_);
    TRY(rewrite_partitions(cursor_, edit_, options.engine_changes, target_, changes_));
    return edit_.apply();
  }

  // Of text that is nothing but elements in parentheses.
  Result<std::optional<std::string>> rewrite_list() {
    const bool is_any_left = TRY(rewrite_elements({}));
    if (!is_any_left) return std::nullopt;
    return edit_.apply();
  }

 private:
  struct Element {
    std::size_t begin, end;
    bool is_dropped = false;
  };

  Result<void> rewrite_head();
  Result<bool> rewrite_elements(const std::string& table_charset);  // false: all are to go
  Result<bool> rewrite_element(const std::string& table_charset);   // false: the element is to go
  Result<bool> rewrite_constraint();
  Result<bool> rewrite_key();
  Result<bool> rewrite_check(const std::string& name);
  Result<bool> rewrite_key_parts(const std::string& what);
  Result<bool> rewrite_key_options(const std::string& what);
  Result<void> rewrite_references();
  void remove_elements(const std::vector<Element>& elements);
  void skip_to_end_of_element();
  void drop(const std::string& what, std::string why) {
    changes_.push_back({what + " left out", std::move(why)});
  }

  TokenCursor cursor_;
  TextEdit edit_;
  const TableId& name_;
  const TargetTraits& target_;
  std::string_view source_database_;
  const Renaming& renaming_;
  std::vector<StatementChange>& changes_;
};

Result<void> TableRewriter::rewrite_head() {
  TRY(cursor_.expect("CREATE"));
  const std::size_t replace_begin = cursor_.peek().offset;
  if (cursor_.accept_words({"OR", "REPLACE"})) edit_.remove(replace_begin, cursor_.last().end());
  const std::size_t temporary_begin = cursor_.peek().offset;
  cursor_.accept("GLOBAL");
  if (cursor_.accept("TEMPORARY")) {
    edit_.remove(temporary_begin, cursor_.last().end());
    drop("TEMPORARY", "the table would be gone with the session that makes it");
  }
  TRY(cursor_.expect("TABLE"));
  const std::size_t begin = cursor_.peek().offset;
  cursor_.accept_words({"IF", "NOT", "EXISTS"});
  TRY(cursor_.expect_name("the name of the table"));
  if (cursor_.accept('.')) TRY(cursor_.expect_name("the name of the table"));
  edit_.replace(begin, cursor_.last().end(), "IF NOT EXISTS " + quoted(name_));
  if (!cursor_.at('(')) return fail(cursor_.unexpected("'('"));
  return {};
}

Result<bool> TableRewriter::rewrite_elements(const std::string& table_charset) {
  TRY(cursor_.expect('('));
  std::vector<Element> elements;
  do {
    Element element{cursor_.peek().offset, 0};
    const std::size_t place = cursor_.place();
    element.is_dropped = !TRY(rewrite_element(table_charset));
    if (element.is_dropped) cursor_.go_back_to(place);  // it was left where it turned out to go
    skip_to_end_of_element();
    element.end = cursor_.last().end();
    elements.push_back(element);
  } while (cursor_.accept(','));
  TRY(cursor_.expect(')'));
  remove_elements(elements);
  return !std::ranges::all_of(elements, &Element::is_dropped);
}

// Each with the comma behind it, and those at the end with the comma before them.
void TableRewriter::remove_elements(const std::vector<Element>& elements) {
  std::size_t kept = elements.size();
  while (kept > 0 && elements[kept - 1].is_dropped) --kept;
  if (kept == 0) return;  // nothing would be left: the server is to say so
  if (kept < elements.size()) edit_.replace(elements[kept - 1].end, elements.back().end, {});
  for (std::size_t i = 0; i < kept; ++i) {
    if (elements[i].is_dropped) edit_.replace(elements[i].begin, elements[i + 1].begin, {});
  }
}

void TableRewriter::skip_to_end_of_element() {
  for (std::size_t depth = 0; !cursor_.is_at_end();) {
    if (depth == 0 && (cursor_.at(',') || cursor_.at(')'))) return;
    if (cursor_.at('(')) ++depth;
    if (cursor_.at(')')) --depth;
    cursor_.take();
  }
}

Result<bool> TableRewriter::rewrite_element(const std::string& table_charset) {
  if (cursor_.peek().kind == TokenKind::word) {
    if (cursor_.at_words({"PERIOD", "FOR"})) {
      if (target_.kind == Kind::mariadb) return true;
      drop("PERIOD FOR", "only MariaDB has periods");
      return false;
    }
    if (cursor_.at_one_of({"CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK"}))
      return rewrite_constraint();
    const bool is_other_index = cursor_.at_one_of({"VECTOR", "COLUMNAR", "HYBRID"}) &&
                                (cursor_.peek(1).is("INDEX") || cursor_.peek(1).is("KEY"));
    if (is_other_index || cursor_.at_one_of({"KEY", "INDEX", "FULLTEXT", "SPATIAL"}))
      return rewrite_key();
  }
  return rewrite_column(cursor_, edit_, target_, table_charset, changes_);
}

Result<bool> TableRewriter::rewrite_constraint() {
  std::string name;
  if (cursor_.accept("CONSTRAINT") &&
      !cursor_.at_one_of({"PRIMARY", "UNIQUE", "FOREIGN", "CHECK"})) {
    name = TRY(cursor_.expect_name("the name of a constraint"));
  }
  if (cursor_.at("CHECK")) return rewrite_check(name);
  if (!cursor_.at("FOREIGN")) return rewrite_key();
  while (!cursor_.at("REFERENCES")) {
    if (cursor_.is_at_end()) return fail(cursor_.unexpected("REFERENCES"));
    if (cursor_.at('(')) {
      TRY(cursor_.skip_parentheses());
    } else {
      cursor_.take();
    }
  }
  TRY(rewrite_references());
  return true;
}

Result<bool> TableRewriter::rewrite_check(const std::string& name) {
  cursor_.take();
  TRY(cursor_.skip_parentheses());
  const std::string what = name.empty() ? "CHECK" : "CHECK " + quoted(name);
  if (cursor_.at_words({"NOT", "ENFORCED"}) && target_.kind == Kind::mariadb) {
    drop(what, "it is NOT ENFORCED, and MariaDB enforces every CHECK");
    return false;
  }
  const bool is_ignored = target_.kind == Kind::mysql && target_.version < 80016;
  if (is_ignored)
    changes_.push_back(
        {what + " has no effect", target_text(target_) + " reads it and does not enforce it"});
  if (target_.kind == Kind::tidb) {
    changes_.push_back(
        {what + " may have no effect", "TiDB enforces it only with tidb_enable_check_constraint"});
  }
  return true;
}

Result<void> TableRewriter::rewrite_references() {
  cursor_.take();
  const std::size_t begin = cursor_.peek().offset;
  TableId id{std::string(source_database_), TRY(cursor_.expect_name("the referenced table"))};
  const bool is_qualified = cursor_.accept('.');
  if (is_qualified) id = {std::move(id.name), TRY(cursor_.expect_name("the referenced table"))};
  if (!renaming_) return {};
  const TableId moved = renaming_(id);
  edit_.replace(begin, cursor_.last().end(),
                moved.database == name_.database ? quoted(moved.name) : quoted(moved));
  return {};
}

Result<bool> TableRewriter::rewrite_key() {
  const Token kind = cursor_.peek();
  std::string what = "key";
  while (cursor_.at_one_of(
      {"PRIMARY", "UNIQUE", "KEY", "INDEX", "FULLTEXT", "SPATIAL", "VECTOR", "COLUMNAR", "HYBRID"}))
    cursor_.take();
  cursor_.accept_words({"IF", "NOT", "EXISTS"});
  const TokenKind next = cursor_.peek().kind;
  if (!cursor_.at_one_of({"USING", "TYPE"}) &&
      (next == TokenKind::word || next == TokenKind::quoted_word)) {
    what += " " + quoted(name_of(cursor_.take()));
  }
  const bool is_text_or_space = kind.is("FULLTEXT") || kind.is("SPATIAL");
  const bool is_tidb_only = kind.is("COLUMNAR") || kind.is("HYBRID") || kind.is("VECTOR");
  if (target_.kind == Kind::tidb && is_text_or_space) {
    drop(what, fmt::format("TiDB has no {} indexes", kind.is("SPATIAL") ? "SPATIAL" : "FULLTEXT"));
    return false;
  }
  if (target_.kind != Kind::tidb && is_tidb_only) {
    drop(what, fmt::format("{} has no {} indexes of this form", target_text(target_), kind.text));
    return false;
  }
  if (!TRY(rewrite_key_options(what))) return false;
  if (!TRY(rewrite_key_parts(what))) return false;
  return rewrite_key_options(what);
}

Result<bool> TableRewriter::rewrite_key_parts(const std::string& what) {
  const bool has_expressions = target_.kind == Kind::tidb
                                   ? !target_.refuses_index_expressions
                                   : target_.kind == Kind::mysql && target_.version >= 80013;
  const bool has_arrays = target_.version >= (target_.kind == Kind::mysql ? 80017U : 60600U);
  TRY(cursor_.expect('('));
  std::size_t last_end = cursor_.last().end();
  do {
    if (cursor_.at('(')) {
      const std::string expression = ascii_lower(TRY(cursor_.skip_parentheses()));
      const bool is_array = expression.find(" array)") != std::string::npos;
      if (!has_expressions || (is_array && !has_arrays)) {
        drop(what,
             target_.refuses_index_expressions
                 ? "TiDB takes few functions here; see its tidb_allow_function_for_expression_index"
                 : target_text(target_) + (is_array ? " has no indexes on the values of an array"
                                                    : " has no indexes on expressions"));
        return false;
      }
    } else {
      TRY(cursor_.expect_name("a column"));
      if (cursor_.at('(')) TRY(cursor_.skip_parentheses());
    }
    if (cursor_.accept_words({"WITHOUT", "OVERLAPS"}) && target_.kind != Kind::mariadb) {
      edit_.replace(last_end, cursor_.last().end(), {});
      drop("WITHOUT OVERLAPS of " + what, "only MariaDB has periods");
    }
    if (!cursor_.accept("ASC")) cursor_.accept("DESC");
    last_end = cursor_.last().end();
  } while (cursor_.accept(','));
  TRY(cursor_.expect(')'));
  return true;
}

Result<bool> TableRewriter::rewrite_key_options(const std::string& what) {
  const auto remove_from = [this](std::size_t begin) { edit_.remove(begin, cursor_.last().end()); };
  while (!cursor_.at(',') && !cursor_.at(')') && !cursor_.at('(') && !cursor_.is_at_end()) {
    const Token option = cursor_.take();
    if (option.is("INVISIBLE") && target_.kind == Kind::mariadb) {
      edit_.replace(option.offset, option.end(), "IGNORED");
      changes_.push_back({what + ": INVISIBLE became IGNORED", "MariaDB's word for it"});
    } else if (option.is("IGNORED") && target_.kind != Kind::mariadb) {
      const bool has_invisible = target_.kind == Kind::tidb || target_.version >= 80000;
      edit_.replace(option.offset, option.end(), has_invisible ? "INVISIBLE" : "");
      changes_.push_back(
          {what + (has_invisible ? ": IGNORED became INVISIBLE" : ": IGNORED left out"),
           has_invisible ? "its word on the target" : target_text(target_) + " uses every index"});
    } else if (option.is("INVISIBLE") && target_.kind == Kind::mysql && target_.version < 80000) {
      remove_from(option.offset);
      drop("INVISIBLE of " + what, target_text(target_) + " uses every index");
    } else if (option.is("WITH") && cursor_.accept("PARSER")) {
      cursor_.take();
      if (target_.kind != Kind::mariadb) continue;
      remove_from(option.offset);
      drop("WITH PARSER of " + what, "MariaDB does not have MySQL's parsers");
    } else if (option.is("ENGINE_ATTRIBUTE") || option.is("SECONDARY_ENGINE_ATTRIBUTE")) {
      cursor_.accept('=');
      cursor_.take();
      if (target_.kind == Kind::mysql) continue;
      remove_from(option.offset);
      drop(std::string(option.text) + " of " + what, "only MySQL has it");
    } else if ((option.is("CLUSTERED") || option.is("NONCLUSTERED") || option.is("GLOBAL") ||
                option.is("LOCAL")) &&
               target_.kind != Kind::tidb) {
      remove_from(option.offset);
      drop(std::string(option.text) + " of " + what, "only TiDB has it");
    }
  }
  return true;
}

}  // namespace

Result<std::optional<std::string>> rewrite_elements(std::string_view elements, const TableId& name,
                                                    const TargetTraits& target,
                                                    std::string_view source_database,
                                                    const Renaming& renaming,
                                                    std::vector<StatementChange>& changes) {
  return TableRewriter(elements, name, target, source_database, renaming, changes).rewrite_list();
}

Result<Rewritten> rewrite_create_table(std::string_view statement, const TableId& name,
                                       const TargetTraits& target, std::string_view source_database,
                                       const Renaming& renaming) {
  Rewritten rewritten;
  const std::string text = resolve_version_comments(statement, target, rewritten.changes);
  TableRewriter rewriter(text, name, target, source_database, renaming, rewritten.changes);
  rewritten.text = without_empty_version_comments(TRY(rewriter.rewrite()));
  return rewritten;
}

}  // namespace tideway
