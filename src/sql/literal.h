#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/table_def.h"

namespace tideway {

// The one place where cell text becomes SQL. Pure functions, any thread. What they write reads back
// as the same cell text (sql/dump_reader.h) and stores the same value on MySQL 5.6 and later,
// MariaDB and TiDB, given a session without NO_BACKSLASH_ESCAPES and, for characters, with utf8mb4
// as its character set.

// How the cells of one column are written. Found once per column, not per cell.
//   number       bare. Text that is no number (a CSV cell "abc") is quoted: the server judges it,
//   it never becomes syntax approximate  the same for FLOAT and DOUBLE; "-0" becomes -0e0, since
//   the server reads -0 as the integer 0 hex          x'00ff' binary_text  _binary'…' with escapes:
//   every byte stands for itself, at about half the size of hex characters   '…' with escapes
//   bending       characters, or x'…' for the bytes of a value without text (odd_value.h)
//   set_number    characters, or a bare number for "+5" (set_number_prefix() of odd_value.h), which
//   TiDB takes as a number only without quotes
enum class LiteralForm : std::uint8_t {
  number,
  approximate,
  hex,
  binary_text,
  characters,
  bending,
  set_number
};

LiteralForm file_form(
    const ColumnType& type);  // what dump files hold (SQL data format of docs/formats.md)
// What a statement sent to a server holds: the same, but binary_text for BINARY, VARBINARY and the
// BLOBs. BIT stays hex (a string of digits would be read as bits all the same, but hex cannot be
// taken for a number's text), and so does GEOMETRY.
LiteralForm live_form(const ColumnType& type);

// For writers that lay out whole rows: at most so many bytes are touched by write_literal, which
// returns the end of what it wrote. NULL is not its business.
constexpr std::size_t literal_bound(std::size_t cell_bytes) { return 2 * cell_bytes + 32; }
char* write_literal(char* to, LiteralForm form, std::string_view cell_text);

void append_literal(std::string& out, const ColumnType& type,
                    std::string_view cell_text);  // file_form
void append_live_literal(std::string& out, const ColumnType& type,
                         std::string_view cell_text);  // live_form
void append_literal(std::string& out, LiteralForm form, std::string_view cell_text);
inline void append_null(std::string& out) { out.append("NULL", 4); }

void append_quoted(std::string& out, std::string_view text);  // '…' with \0 \n \r \\ \' \" \Z
void append_quoted_plain(std::string& out,
                         std::string_view text);  // '…' with only ' doubled: NO_BACKSLASH_ESCAPES
void append_hex_literal(std::string& out, std::string_view bytes);  // x'…', lower case

// [+-]digits[.digits][e[+-]digits], also .5 and 5.: what SQL reads as one number.
bool is_number(std::string_view text);

}  // namespace tideway
