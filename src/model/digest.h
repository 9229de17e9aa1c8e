#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "model/block_fwd.h"
#include "model/column_set.h"
#include "model/table_def.h"

namespace tideway {

// What a certificate says of its comparison (docs/consistency.md).
//   fast    rows, sum and xor of CRC-32 (IEEE) of each row's digest text; meant for chunks of at
//   most 100 000 rows strong  also the sums, modulo 2^64, of both halves of each row text's MD5
enum class DigestStrength : std::uint8_t { fast, strong };
std::string_view to_text(DigestStrength strength);

// The digest of a set of rows in no particular order. Digests of disjoint sets add up.
struct Digest {
  std::uint64_t rows = 0;
  std::uint64_t crc_sum = 0;  // zero when strong
  std::uint32_t crc_xor = 0;
  std::uint64_t md5_high = 0, md5_low = 0;  // zero when fast
  Digest& operator+=(const Digest& other);
  bool operator==(const Digest&) const = default;
};
std::string to_text(
    const Digest& digest);  // "rows=3 crc_sum=… crc_xor=… md5=…", the form kept in progress rows
// nullopt-like: rows of another form give an empty optional through Result in callers.
bool parse_digest(std::string_view text, Digest& digest);

// Whose SQL is asked, and who printed a cell: where the servers differ over a digest text, MySQL's
// form is the text and the others are brought to it.
enum class SqlDialect : std::uint8_t { mysql, tidb };

// Digests rows as a reader hands them on. One thread. The row text is, for each column of the set
// in order, `length:bytes` of the cell's digest text, or `N` for NULL.
//
// Digest text of a type, the same here and in digest_expression():
//
//   integers, DECIMAL                         server text, without the zeros of ZEROFILL
//   FLOAT, DOUBLE                             MySQL's text of the value as DOUBLE; -0, which SQL
//                                             takes for 0 and TiDB cannot store, is 0
//   DOUBLE(m,d)                               that of the DOUBLE nearest to the server's d
//   decimals:
//                                             MySQL stores -0.1 as -0.09999999999999998, TiDB as
//                                             -0.1
//   dates, times, characters of up to 64 KiB  as they are, in UTF-8
//   BIT                                       a decimal number
//   binary of up to 64 KiB                    upper-case hex
//   larger types, JSON, geometry              MD5 of the bytes (text in UTF-8, JSON as MySQL prints
//   it):
//                                             a server gives NULL instead of a text above
//                                             max_allowed_packet
class RowDigester {
 public:
  RowDigester(TablePtr table, ColumnSet columns, DigestStrength strength,
              SqlDialect printed_by = SqlDialect::mysql);

  void add(const Block& block, const Rows& rows);       // after-images only
  void add_row(const Block& block, const Cell* cells);  // columns.size() cells
  const Digest& digest() const { return digest_; }
  std::string md5_of_row(const Block& block, const Cell* cells);  // of its text, in hex; not added
  void reset() { digest_ = {}; }

 private:
  void make_text(const Block& block, const Cell* cells);
  void add_text();
  TablePtr table_;
  ColumnSet columns_;
  DigestStrength strength_;
  SqlDialect printed_by_;
  std::vector<std::uint8_t> forms_;
  std::string text_;
  Digest digest_;
};

// Appends one cell's digest text (without its length) to `out`.
void append_digest_text(std::string& out, const ColumnType& type, std::string_view cell_text,
                        SqlDialect printed_by = SqlDialect::mysql);
// Whether equal values of the two types have equal digest texts.
bool digest_texts_compare(const ColumnType& one, const ColumnType& other);

// The SQL expression by which the cell text of a column is asked of a server: the quoted name,
// except
//   FLOAT   `c` * 1E0, since the server prints a FLOAT with six digits (`* 1E0` and not `+ 0E0`,
//           which turns -0 into 0)
//   and where odd values (odd_value.h) need a text of their own
std::string cell_expression(const Column& column);

// Whether a server can make the row text in SQL: TiDB has no expression for MySQL's text of a JSON
// document. Where it cannot, the rows are read and digested here.
bool has_row_text_expression(const TableDef& table, const ColumnSet& columns, SqlDialect dialect);

// The SQL expression whose value is the row text. Sessions must be in UTC with utf8mb4 as
// connection character set.
std::string row_text_expression(const TableDef& table, const ColumnSet& columns,
                                SqlDialect dialect = SqlDialect::mysql);

// The statement that asks a server for a Digest: one row of whole numbers; fast: rows, sum, xor;
// strong: rows, high, low.
//   once    each row's hash is computed once, in a derived table of 8 to 60 bytes a row that the
//   server holds: for ranges direct  nothing is held, and the row text is computed for each of the
//   sums: for whole tables
// Measured on MySQL 8.0.15 with 190-byte rows: once is 1.6 (fast) and 1.45 (strong) times as fast.
enum class DigestQuery : std::uint8_t { once, direct };
std::string digest_statement(const TableDef& table, const ColumnSet& columns, std::string_view from,
                             std::string_view where, DigestStrength strength, DigestQuery query,
                             SqlDialect dialect = SqlDialect::mysql);

}  // namespace tideway
