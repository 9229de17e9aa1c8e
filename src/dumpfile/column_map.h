#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "dumpfile/csv_reader.h"
#include "dumpfile/text_decoder.h"
#include "model/block.h"
#include "sql/dump_reader.h"

namespace tideway {

// Which value of a file's row is which column of the table. Columns that are generated, and
// `_tidb_rowid`, are read over.
struct ColumnMap {
  ColumnSet columns;                  // of the table, ascending: those the rows will have
  std::vector<std::uint32_t> places;  // for each, the place of its value in the row
  std::size_t value_count = 0;        // of a row of the file
};
// By the names in a header or column list, any case. Error definition_mismatch: names that are no
// columns, one twice.
Result<ColumnMap> map_by_names(const TableDef& table, std::span<const std::string> names);
// Without names: the stored columns that are visible, or all visible ones where so many values
// stand there. Error column_count.
Result<ColumnMap> map_by_position(const TableDef& table, std::size_t value_count);

// Makes cell text (model/block.h) of the values of files, column by column. One thread.
class CellMaker {
 public:
  // `csv`: how CSV values are to be understood; nullptr for SQL files. Error not_supported: a
  // character set that cannot be converted.
  static Result<CellMaker> open(const TableDef& table, const ColumnSet& columns,
                                const CsvOptions* csv);

  // The value as cell text: the bytes given, or other ones.
  struct Made {
    bool is_as_is = true;
    std::string_view text;  // not as it is: valid until the next call
  };
  // `column`: the place in `columns`. Errors charset, row_rejected (a value that the column's type
  // cannot have) say why, and not where.
  Result<Made> from_sql(std::size_t column, DumpValue::Kind kind, std::string_view bytes);
  Result<Made> from_csv(std::size_t column, std::string_view bytes);
  bool changes_nothing_in_csv() const { return csv_is_plain_; }

 private:
  enum class Form : std::uint8_t { number, bits, bytes, characters };
  struct ColumnForm {
    Form form = Form::characters;
    std::uint32_t bit_bytes = 0;
    std::string name;
    bool bends = false;        // hexadecimal is the bytes of a value without text (odd_value.h)
    bool decodes_hex = false;  // characters of a set that is not UTF-8: hexadecimal is in that set
    std::size_t decoder = 0;   // in decoders_
  };
  Result<Made> bits_of(const ColumnForm& column, std::string_view bytes);
  Result<Made> number_of(const ColumnForm& column, std::string_view bytes);
  Result<Made> decoded(TextDecoder& decoder, const ColumnForm& column, std::string_view bytes);
  Result<Made> unpacked(const ColumnForm& column, std::string_view bytes);

  std::vector<ColumnForm> forms_;
  std::vector<TextDecoder> decoders_;
  std::vector<TextDecoder> csv_decoder_;  // at most one: of the file
  CsvDialect dialect_ = CsvDialect::standard;
  std::string replacement_;
  bool csv_is_plain_ = false;
  std::string scratch_;
};

}  // namespace tideway
