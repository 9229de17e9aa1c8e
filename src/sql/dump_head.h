#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/table_id.h"

namespace tideway {

// The part of an INSERT or REPLACE before its first row.
struct InsertHead {
  bool is_replace = false, ignores_duplicates = false;
  TableId table;                     // database empty: the statement names none
  std::vector<std::string> columns;  // as spelt; empty: none are named
  std::string text;                  // up to and including VALUES, comments included
  std::uint64_t offset = 0;          // of the text in the file
};

// A statement of a dump that carries no rows. What it means for the reading of rows has been done;
// the rest is up to whoever reads the dump.
struct OtherStatement {
  enum class Kind : std::uint8_t {
    empty,        // nothing but comments
    setting,      // SET
    locking,      // LOCK TABLES, UNLOCK TABLES
    keys,         // ALTER TABLE … DISABLE KEYS | ENABLE KEYS
    transaction,  // BEGIN, START TRANSACTION, COMMIT
    use,          // USE
    definition,   // CREATE and DROP of databases, tables, views
  };
  Kind kind = Kind::empty;
  std::string text;          // without the ;
  std::uint64_t offset = 0;  // of the text in the file
  // SET sql_mode with NO_BACKSLASH_ESCAPES in it; SET time_zone with a literal, else empty.
  bool turns_backslash_off = false;
  std::string time_zone;
};
std::string_view to_text(OtherStatement::Kind kind);

// Both: TW700 for what is not understood, naming it; TW704 for a SET NAMES in whose character set
// the file's text cannot be UTF-8. They know nothing of the file: offset is 0.
Result<InsertHead> parse_insert_head(std::string_view text);
Result<OtherStatement> parse_other_statement(std::string_view text);

// Finds the end of a statement's beginning byte by byte, in whatever pieces it comes: part of
// dump_reader.h.
class DumpHeadScanner {
 public:
  enum class Found : std::uint8_t { nothing, statement_end, rows };

  explicit DumpHeadScanner(bool no_backslash_escapes)
      : no_backslash_escapes_(no_backslash_escapes) {}
  // statement_end: c was its ;. rows: INSERT or REPLACE, and c is the byte behind VALUES, which is
  // not taken.
  Found take(char c);
  const std::string& text() const { return text_; }
  void clear();
  void turn_backslash_off() { no_backslash_escapes_ = true; }
  bool is_blank() const;  // nothing but white space and finished comments

 private:
  enum class In : std::uint8_t {
    plain,
    quote,
    escape,
    dash,
    dashes,
    line,
    slash,
    open,
    open_letter,
    block,
    star
  };
  Found take_plain(char c);
  bool ends_with_values() const;

  bool no_backslash_escapes_;
  In in_ = In::plain;
  char quote_ = 0;
  std::uint32_t depth_ = 0;
  std::size_t word_start_ = 0;
  std::string text_;
};

}  // namespace tideway
