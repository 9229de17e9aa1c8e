#pragma once

#include <string>
#include <vector>

#include "dumpfile/dump_format.h"
#include "dumpfile/text_out.h"
#include "model/block.h"
#include "sql/escapes.h"
#include "sql/literal.h"

namespace tideway {

// How the rows of one table become text, found once per stream. Per cell nothing is allocated and
// nothing virtual called; a cell larger than a slice is laid out slice by slice, so that no row
// needs more memory than TextOut has.
class SqlRows {
 public:
  SqlRows(const DumpFormat& format, const TableDef& table, const ColumnSet& columns);

  const std::string& file_head() const { return head_; }
  const std::string& prefix() const { return prefix_; }  // INSERT INTO `t` VALUES\n
  void put_row(TextOut& out, const Block& block,
               const Cell* cells) const;  // (…), without what follows it

 private:
  void put_row_by_cells(TextOut& out, const Block& block, const Cell* cells) const;
  void put_cell(TextOut& out, std::string_view text, LiteralForm form) const;

  std::string head_, prefix_;
  std::vector<LiteralForm> forms_;
  const bool escapes_;
};

class CsvRows {
 public:
  CsvRows(const DumpFormat& format, const TableDef& table, const ColumnSet& columns);

  const std::string& file_head() const { return head_; }
  void put_row(TextOut& out, const Block& block, const Cell* cells) const;  // with its terminator

 private:
  enum class Form : std::uint8_t { bare, text, hex, base64 };
  std::string make_head(const TableDef& table, const ColumnSet& columns) const;
  char* write_cell(char* to, const Block& block, Cell cell, Form form) const;
  void put_row_by_cells(TextOut& out, const Block& block, const Cell* cells) const;
  void put_cell(TextOut& out, std::string_view text, Form form) const;
  void put_text(TextOut& out, std::string_view text) const;
  void put_doubled(TextOut& out, std::string_view text) const;

  const CsvFormat format_;
  const bool escapes_;
  const Escapes specials_;  // of a value, where they are written
  std::vector<Form> forms_;
  std::string head_;
};

}  // namespace tideway
