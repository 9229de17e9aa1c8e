#include "dumpfile/row_text.h"

#include <cstring>

#include "dumpfile/short_cell.h"
#include "model/odd_value.h"

namespace tideway {
namespace {

// A multiple of three, so that base64 slices join.
constexpr std::size_t slice_bytes = 48 << 10U;
static_assert(literal_bound(slice_bytes) + 64 <= TextOut::reserve_most && slice_bytes % 3 == 0);

std::string column_list(const TableDef& table, const ColumnSet& columns) {
  std::string list;
  for (const std::uint32_t column : columns)
    list += (list.empty() ? "" : ",") + quoted(table.columns[column].name);
  return list;
}

// A plain `INSERT INTO t VALUES` means every visible column.
bool needs_column_list(const DumpFormat& format, const TableDef& table, const ColumnSet& columns) {
  if (columns.is_empty()) return false;
  if (format.complete_insert || columns.size() != table.columns.size()) return true;
  for (const Column& column : table.columns) {
    if (column.is_invisible) return true;
  }
  return false;
}

// What a row of these cells needs at most: twice its bytes, and room for quotes, marks and 16-byte
// stores.
std::size_t row_bound(const Cell* cells, std::size_t count) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < count; ++i) bytes += cells[i].is_null() ? 0 : cells[i].length;
  return 2 * bytes + count * (literal_bound(0) + 1) + 32;
}

// Marks are one or two bytes: no call for these.
char* write(char* to, std::string_view text) {
  if (text.size() == 1) {
    *to++ = text[0];
    return to;
  }
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

char* write_hex(char* to, std::string_view bytes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    *to++ = digits[byte >> 4U];
    *to++ = digits[byte & 15U];
  }
  return to;
}

char* write_base64(char* to, std::string_view bytes) {
  static constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto byte = [&bytes](std::size_t at) {
    return at < bytes.size() ? static_cast<unsigned>(static_cast<unsigned char>(bytes[at])) : 0U;
  };
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const unsigned three = byte(at) << 16U | byte(at + 1) << 8U | byte(at + 2);
    *to++ = digits[three >> 18U];
    *to++ = digits[three >> 12U & 63U];
    *to++ = at + 1 < bytes.size() ? digits[three >> 6U & 63U] : '=';
    *to++ = at + 2 < bytes.size() ? digits[three & 63U] : '=';
  }
  return to;
}

}  // namespace

SqlRows::SqlRows(const DumpFormat& format, const TableDef& table, const ColumnSet& columns)
    : head_(header_text(format.header)), escapes_(format.escape_backslash) {
  prefix_ = "INSERT INTO " + quoted(table.id.name);
  if (needs_column_list(format, table, columns))
    prefix_ += " (" + column_list(table, columns) + ")";
  prefix_ += " VALUES\n";
  for (const std::uint32_t column : columns)
    forms_.push_back(file_form(table.columns[column].type));
}

// One reservation serves a row of ordinary size; the cells of another one make theirs.
void SqlRows::put_row(TextOut& out, const Block& block, const Cell* cells) const {
  const std::size_t bound = row_bound(cells, forms_.size());
  if (bound > TextOut::reserve_most || !escapes_) return put_row_by_cells(out, block, cells);
  char* to = out.reserve(bound);
  const char* const bytes = block.text({0, 0}).data();
  *to++ = '(';
  for (std::size_t i = 0; i < forms_.size(); ++i) {
    const Cell cell = cells[i];
    if (i != 0) *to++ = ',';
    if (cell.is_null()) {
      std::memcpy(to, "NULL", 4);
      to += 4;
      continue;
    }
#if defined(__SSE2__)
    if (cell.length <= short_cell_bytes && cell.offset + short_cell_bytes <= block.written()) {
      const ShortCell text(bytes + cell.offset, cell.length);
      if (forms_[i] == LiteralForm::number && text.is_whole_number()) {
        text.store(to);
        to += cell.length;
        continue;
      }
      if (forms_[i] == LiteralForm::characters && text.is_plain(literal_escapes)) {
        *to++ = '\'';
        text.store(to);
        to += cell.length;
        *to++ = '\'';
        continue;
      }
    }
#endif
    to = write_literal(to, forms_[i], {bytes + cell.offset, cell.length});
  }
  *to++ = ')';
  out.written_to(to);
}

void SqlRows::put_row_by_cells(TextOut& out, const Block& block, const Cell* cells) const {
  out.put("(");
  for (std::size_t i = 0; i < forms_.size(); ++i) {
    if (i != 0) out.put(",");
    if (cells[i].is_null()) {
      out.put("NULL");
    } else {
      put_cell(out, block.text(cells[i]), forms_[i]);
    }
  }
  out.put(")");
}

// Text without backslash escapes, and cells of any size. A slice's literal begins where the one
// before it had its closing quote: its own opening takes the place of bytes that are put back.
void SqlRows::put_cell(TextOut& out, std::string_view text, LiteralForm form) const {
  if (form == LiteralForm::bending && is_raw(text)) {
    out.put("x'");
    out.put(text.substr(raw_mark.size()));
    return out.put("'");
  }
  if (form == LiteralForm::bending) form = LiteralForm::characters;
  const bool is_doubled = !escapes_ && form == LiteralForm::characters;
  if (text.size() <= slice_bytes && !is_doubled) {
    return out.written_to(write_literal(out.reserve(literal_bound(text.size())), form, text));
  }
  if (is_doubled) {
    out.put("'");
    for (std::size_t quote = text.find('\''); quote != std::string_view::npos;
         quote = text.find('\'')) {
      out.put(text.substr(0, quote));
      out.put("''");
      text.remove_prefix(quote + 1);
    }
    out.put(text);
    out.put("'");
    return;
  }
  if (form == LiteralForm::number || form == LiteralForm::approximate) {
    form = LiteralForm::characters;  // a number of 48 KiB is none
  }
  const std::string_view opening = form == LiteralForm::hex ? "x'" : "'";
  out.put(opening);
  while (!text.empty()) {
    const std::string_view slice = text.substr(0, slice_bytes);
    char* const start = out.reserve(literal_bound(slice.size()));
    char* const end = write_literal(start, form, slice);
    const auto inside = static_cast<std::size_t>(end - start) - opening.size() - 1;
    std::memmove(start, start + opening.size(), inside);
    out.written_to(start + inside);
    text.remove_prefix(slice.size());
  }
  out.put("'");
}

namespace {

Escapes csv_escapes(const CsvFormat& format) {
  // Without a delimiter nothing but escapes keeps a terminator inside a value from ending its row.
  const std::string& first = format.delimiter.empty() ? format.separator : format.delimiter;
  const std::string& second = format.delimiter.empty() ? format.terminator : first;
  return {{first[0], first[0]}, {second[0], second[0]}, {'\0', '0'}, {'\r', 'r'}, {'\n', 'n'},
          {'\\', '\\'}};
}

}  // namespace

CsvRows::CsvRows(const DumpFormat& format, const TableDef& table, const ColumnSet& columns)
    : format_(format.csv), escapes_(format.escape_backslash), specials_(csv_escapes(format_)) {
  for (const std::uint32_t column : columns) {
    Form form = Form::text;
    const TypeClass type_class = class_of(table.columns[column].type);
    if (type_class == TypeClass::number) form = Form::bare;
    if (type_class == TypeClass::bytes && format_.dialect == CsvDialect::bigquery)
      form = Form::base64;
    if (type_class == TypeClass::bytes &&
        (format_.dialect == CsvDialect::snowflake || format_.dialect == CsvDialect::redshift)) {
      form = Form::hex;
    }
    forms_.push_back(form);
  }
  if (format_.has_header) head_ = make_head(table, columns);
}

std::string CsvRows::make_head(const TableDef& table, const ColumnSet& columns) const {
  std::string head;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string& name = table.columns[columns[i]].name;
    if (i != 0) head += format_.separator;
    head += format_.delimiter;
    if (escapes_) {
      specials_.append_to(head, name);
    } else {
      std::size_t from = 0;
      for (std::size_t at = 0; !format_.delimiter.empty() &&
                               (at = name.find(format_.delimiter, from)) != std::string::npos;) {
        head += name.substr(from, at - from) + format_.delimiter + format_.delimiter;
        from = at + format_.delimiter.size();
      }
      head += name.substr(from);
    }
    head += format_.delimiter;
  }
  return columns.is_empty() ? head : head + format_.terminator;
}

void CsvRows::put_row(TextOut& out, const Block& block, const Cell* cells) const {
  const std::size_t marks =
      forms_.size() *
          (format_.separator.size() + 2 * format_.delimiter.size() + format_.null_value.size()) +
      format_.terminator.size();
  const std::size_t bound = row_bound(cells, forms_.size()) + marks;
  if (bound > TextOut::reserve_most || !escapes_) return put_row_by_cells(out, block, cells);
  char* to = out.reserve(bound);
  for (std::size_t i = 0; i < forms_.size(); ++i) {
    if (i != 0) to = write(to, format_.separator);
    to = cells[i].is_null() ? write(to, format_.null_value)
                            : write_cell(to, block, cells[i], forms_[i]);
  }
  out.written_to(write(to, format_.terminator));
}

char* CsvRows::write_cell(char* to, const Block& block, Cell cell, Form form) const {
  const std::string_view text = block.text(cell);
  const bool is_quoted = form != Form::bare;
  if (is_quoted) to = write(to, format_.delimiter);
  if (form == Form::hex) {
    to = write_hex(to, text);
  } else if (form == Form::base64) {
    to = write_base64(to, text);
#if defined(__SSE2__)
  } else if (cell.length <= short_cell_bytes && cell.offset + short_cell_bytes <= block.written() &&
             (!is_quoted || ShortCell(text.data(), cell.length).is_plain(specials_))) {
    ShortCell(text.data(), cell.length).store(to);
    to += cell.length;
#endif
  } else {
    to = is_quoted ? specials_.write(to, text) : write(to, text);
  }
  return is_quoted ? write(to, format_.delimiter) : to;
}

void CsvRows::put_row_by_cells(TextOut& out, const Block& block, const Cell* cells) const {
  for (std::size_t i = 0; i < forms_.size(); ++i) {
    if (i != 0) out.put(format_.separator);
    if (cells[i].is_null()) {
      out.put(format_.null_value);
    } else {
      put_cell(out, block.text(cells[i]), forms_[i]);
    }
  }
  out.put(format_.terminator);
}

void CsvRows::put_cell(TextOut& out, std::string_view text, Form form) const {
  if (form == Form::bare) return out.put(text);
  out.put(format_.delimiter);
  if (form == Form::text) {
    put_text(out, text);
  } else {
    for (; !text.empty(); text.remove_prefix(std::min(text.size(), slice_bytes))) {
      const std::string_view slice = text.substr(0, slice_bytes);
      char* const to = out.reserve(2 * slice.size() + 4);
      out.written_to(form == Form::hex ? write_hex(to, slice) : write_base64(to, slice));
    }
  }
  out.put(format_.delimiter);
}

void CsvRows::put_text(TextOut& out, std::string_view text) const {
  if (!escapes_) return put_doubled(out, text);
  do {
    const std::string_view slice = text.substr(0, slice_bytes);
    out.written_to(specials_.write(out.reserve(Escapes::bound(slice.size())), slice));
    text.remove_prefix(slice.size());
  } while (!text.empty());
}

void CsvRows::put_doubled(TextOut& out, std::string_view text) const {
  if (!format_.delimiter.empty()) {
    for (std::size_t at = text.find(format_.delimiter); at != std::string_view::npos;
         at = text.find(format_.delimiter)) {
      at += format_.delimiter.size();
      out.put(text.substr(0, at));
      out.put(format_.delimiter);
      text.remove_prefix(at);
    }
  }
  out.put(text);
}

}  // namespace tideway
