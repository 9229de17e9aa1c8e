#include "dumpfile/part_writer.h"

#include <fmt/core.h>

namespace tideway {

// A second version of the table in one stream is the reader's mistake: its chunks are read under
// one definition.
Result<void> PartWriter::begin_table(const Rows& rows) {
  if (rows_) {
    if (rows.table == table_ || (rows.table->id == table_->id && rows.after == columns_)) return {};
    return fail(Error(ErrorCode::definition_changed, Side::source, Retry::after_operator,
                      quoted(part_.stream.table) + " changed its columns within one chunk"));
  }
  table_ = rows.table;
  columns_ = rows.after;
  DumpedTable dumped{part_.stream.table, table_->id, {}, {}};
  for (const std::uint32_t column : columns_)
    dumped.columns.emplace_back(table_->columns[column].name, table_->columns[column].type.text);
  TRY(place_.journal.add_table(dumped));
  if (place_.format.file_type == FileType::sql) {
    rows_.emplace(SqlRows(place_.format, *table_, columns_));
  } else {
    rows_.emplace(CsvRows(place_.format, *table_, columns_));
  }
  return {};
}

Result<void> PartWriter::add(const Block& block, const Rows& rows, TextOut& out,
                             const std::stop_token& stop) {
  if (rows.row_count == 0) return {};
  TRY(begin_table(rows));
  counted_ = out.total();
  const auto* sql = std::get_if<SqlRows>(&*rows_);
  TRY(sql != nullptr ? add_sql(*sql, block, rows, out, stop)
                     : add_csv(std::get<CsvRows>(*rows_), block, rows, out, stop));
  count(out);
  return {};
}

Result<void> PartWriter::open_file(TextOut& out, std::string_view head,
                                   const std::stop_token& stop) {
  const DumpFormat& format = place_.format;
  const std::uint64_t chunk = part_.stream.ordinal, number = part_.files.size();
  current_ = PartFile{TRY(data_path(place_.names, format, table_->id, chunk, number)), 0, 0, 0};
  TRY(place_.journal.claim(current_.path, fmt::format("{} part {}, file {}",
                                                      quoted(part_.stream.table), chunk, number)));
  file_ = compressed(format.compression, TRY(place_.storage.open_write(current_.path, stop)));
  out.set_file(file_.get(), stop);
  counted_ = out.total();
  out.put(head);
  file_count_ = head.size();
  is_statement_open_ = false;
  return {};
}

Result<void> PartWriter::close_file(TextOut& out, const std::stop_token& stop) {
  count(out);
  out.flush();
  TRY(out.result());
  TRY(file_->publish(stop));
  current_.bytes = file_->stored_bytes();
  out.set_file(nullptr, stop);
  file_.reset();
  part_.files.push_back(std::move(current_));
  return {};
}

Result<void> PartWriter::add_sql(const SqlRows& text, const Block& block, const Rows& rows,
                                 TextOut& out, const std::stop_token& stop) {
  const std::uint64_t file_most =
      place_.format.file_bytes != 0 ? place_.format.file_bytes : ~std::uint64_t{0};
  const std::uint64_t statement_most =
      place_.format.statement_bytes != 0 ? place_.format.statement_bytes : ~std::uint64_t{0};
  const std::size_t per_row = rows.cells_per_row();
  const Cell* cells = block.cells(rows).data() + rows.before.size();
  for (std::uint32_t row = 0; row < rows.row_count; ++row, cells += per_row) {
    if (file_ == nullptr) TRY(open_file(out, text.file_head(), stop));
    if (is_statement_open_) {
      out.put(",\n");
    } else {
      out.put(text.prefix());
      file_count_ += text.prefix().size();
      statement_count_ = text.prefix().size();
      is_statement_open_ = true;
    }
    const std::uint64_t start = out.total();
    text.put_row(out, block, cells);
    const std::uint64_t bytes = out.total() - start + 2;  // 2: what follows a row, `,\n` or `;\n`
    file_count_ += bytes;
    statement_count_ += bytes;
    ++current_.rows;
    ++part_.rows;
    const bool is_full = file_count_ >= file_most;
    if (statement_count_ >= statement_most || is_full) {
      out.put(";\n");
      is_statement_open_ = false;
    }
    if (is_full) TRY(close_file(out, stop));
    if (out.has_failed()) break;
  }
  return out.result();
}

Result<void> PartWriter::add_csv(const CsvRows& text, const Block& block, const Rows& rows,
                                 TextOut& out, const std::stop_token& stop) {
  const std::uint64_t file_most =
      place_.format.file_bytes != 0 ? place_.format.file_bytes : ~std::uint64_t{0};
  const std::size_t per_row = rows.cells_per_row();
  const Cell* cells = block.cells(rows).data() + rows.before.size();
  for (std::uint32_t row = 0; row < rows.row_count; ++row, cells += per_row) {
    if (file_ == nullptr) TRY(open_file(out, text.file_head(), stop));
    const std::uint64_t start = out.total();
    text.put_row(out, block, cells);
    file_count_ += out.total() - start;
    ++current_.rows;
    ++part_.rows;
    if (file_count_ >= file_most) TRY(close_file(out, stop));
    if (out.has_failed()) break;
  }
  return out.result();
}

Result<Part> PartWriter::end(TextOut& out, const std::stop_token& stop) {
  if (file_ != nullptr) {
    counted_ = out.total();
    if (is_statement_open_) out.put(";\n");
    TRY(close_file(out, stop));
  }
  part_.is_done = true;
  return std::move(part_);
}

}  // namespace tideway
