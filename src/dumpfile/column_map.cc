#include "dumpfile/column_map.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.h"
#include "model/odd_value.h"

namespace tideway {
namespace {

Error mismatch(const TableDef& table, std::string message) {
  Evidence evidence;
  evidence.table = quoted(table.id);
  return {ErrorCode::definition_mismatch, Side::local, Retry::after_operator, std::move(evidence),
          std::move(message)};
}

Error bad_cell(std::string_view column, std::string message) {
  Evidence evidence;
  evidence.column = std::string(column);
  return {ErrorCode::row_rejected, Side::local, Retry::never, std::move(evidence),
          fmt::format("column {}: {}", quoted(column), message)};
}

ColumnMap sorted(std::vector<std::pair<std::uint32_t, std::uint32_t>> columns,
                 std::size_t value_count) {
  std::ranges::sort(columns);
  ColumnMap map;
  std::vector<std::uint32_t> ordinals;
  for (const auto& [ordinal, place] : columns) {
    ordinals.push_back(ordinal);
    map.places.push_back(place);
  }
  map.columns = ColumnSet(std::move(ordinals));
  map.value_count = value_count;
  return map;
}

std::optional<std::uint32_t> find_column(const TableDef& table, const std::string& name) {
  for (std::uint32_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].name == name) return i;
  }
  const std::string lower = ascii_lower(name);
  for (std::uint32_t i = 0; i < table.columns.size(); ++i) {
    if (ascii_lower(table.columns[i].name) == lower) return i;
  }
  return std::nullopt;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_upper_hex(std::string& out, std::string_view bytes) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : bytes) {
    out += digits[static_cast<unsigned char>(c) >> 4U];
    out += digits[static_cast<unsigned char>(c) & 15U];
  }
}

bool append_unhexed(std::string& out, std::string_view hex) {
  if (hex.size() % 2 != 0) return false;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = hex_value(hex[i]), low = hex_value(hex[i + 1]);
    if (high < 0 || low < 0) return false;
    out += static_cast<char>(high * 16 + low);
  }
  return true;
}

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : (c == '/' ? 63 : -1);
}

bool append_unbase64(std::string& out, std::string_view text) {
  if (text.size() % 4 != 0) return false;
  while (text.ends_with('=')) text.remove_suffix(1);
  unsigned bits = 0, count = 0;
  for (const char c : text) {
    const int value = base64_value(c);
    if (value < 0) return false;
    bits = bits << 6U | static_cast<unsigned>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xFFU);
  }
  return true;
}

std::string_view without_leading_zeros(std::string_view bytes) {
  while (!bytes.empty() && bytes.front() == '\0') bytes.remove_prefix(1);
  return bytes;
}

}  // namespace

Result<ColumnMap> map_by_names(const TableDef& table, std::span<const std::string> names) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> columns;
  std::vector<bool> is_taken(table.columns.size());
  std::string unknown;
  for (std::uint32_t place = 0; place < names.size(); ++place) {
    const auto column = find_column(table, names[place]);
    if (!column) {
      if (ascii_lower(names[place]) == "_tidb_rowid") continue;
      unknown += (unknown.empty() ? "" : ",") + names[place];
      continue;
    }
    if (is_taken[*column])
      return fail(
          mismatch(table, fmt::format("the column {} stands twice in the header of a file of {}",
                                      quoted(names[place]), quoted(table.id))));
    is_taken[*column] = true;
    if (table.columns[*column].generated == Generated::no) columns.emplace_back(*column, place);
  }
  if (!unknown.empty())
    return fail(mismatch(
        table, fmt::format("unknown columns in header ({}) for table {}", unknown, table.id.name)));
  return sorted(std::move(columns), names.size());
}

Result<ColumnMap> map_by_position(const TableDef& table, std::size_t value_count) {
  std::vector<std::uint32_t> stored, visible;
  for (std::uint32_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].is_invisible) continue;
    visible.push_back(i);
    if (table.columns[i].generated == Generated::no) stored.push_back(i);
  }
  const auto all_stored = stored_columns(
      table);  // invisible ones too, as an old exporter's `*` left them out and ours names them
  const auto& chosen = value_count == stored.size()
                           ? stored
                           : (value_count == visible.size() ? visible : all_stored);
  if (chosen.size() != value_count) {
    Evidence evidence;
    evidence.table = quoted(table.id);
    return fail(Error(ErrorCode::column_count, Side::local, Retry::never, std::move(evidence),
                      fmt::format("the row has {} values and {} has {} columns to fill",
                                  value_count, quoted(table.id), stored.size())));
  }
  std::vector<std::pair<std::uint32_t, std::uint32_t>> columns;
  for (std::uint32_t place = 0; place < chosen.size(); ++place) {
    if (table.columns[chosen[place]].generated == Generated::no)
      columns.emplace_back(chosen[place], place);
  }
  return sorted(std::move(columns), value_count);
}

Result<CellMaker> CellMaker::open(const TableDef& table, const ColumnSet& columns,
                                  const CsvOptions* csv) {
  CellMaker maker;
  bool has_bytes = false, has_bits = false;
  for (const std::uint32_t ordinal : columns) {
    const Column& column = table.columns[ordinal];
    ColumnForm form;
    form.name = column.name;
    const TypeClass type_class = class_of(column.type);
    if (column.type.kind == TypeKind::bit) {
      form.form = Form::bits;
      form.bit_bytes = (std::max(column.type.length, 1U) + 7) / 8;
      has_bits = true;
    } else if (type_class != TypeClass::characters) {
      form.form = type_class == TypeClass::number ? Form::number : Form::bytes;
      has_bytes = has_bytes || type_class == TypeClass::bytes;
    } else if (csv == nullptr && may_bend(column.type)) {
      form.bends = true;
    } else if (csv == nullptr) {
      auto decoder = TRY(TextDecoder::open(column.type.charset));
      form.decodes_hex = !decoder.is_identity();
      form.decoder = maker.decoders_.size();
      if (form.decodes_hex) maker.decoders_.push_back(std::move(decoder));
    }
    maker.forms_.push_back(std::move(form));
  }
  if (csv != nullptr) {
    auto decoder = TRY(TextDecoder::open(csv->charset));
    maker.dialect_ = csv->dialect;
    maker.replacement_ = csv->invalid_replacement;
    maker.csv_is_plain_ =
        decoder.is_identity() && !has_bits && !(has_bytes && csv->dialect != CsvDialect::standard);
    maker.csv_decoder_.push_back(std::move(decoder));
  }
  return maker;
}

// As the server stores it: as many bytes as the column has bits for, zeros in front.
Result<CellMaker::Made> CellMaker::bits_of(const ColumnForm& column, std::string_view bytes) {
  if (bytes.size() == column.bit_bytes) return Made{};
  const std::string_view digits = without_leading_zeros(bytes);
  if (digits.size() > column.bit_bytes)
    return fail(bad_cell(
        column.name, fmt::format("{} bytes do not fit its {}", digits.size(), column.bit_bytes)));
  scratch_.assign(column.bit_bytes - digits.size(), '\0');
  scratch_ += digits;
  return Made{false, scratch_};
}

// Hexadecimal where a number is wanted is a big-endian number.
Result<CellMaker::Made> CellMaker::number_of(const ColumnForm& column, std::string_view bytes) {
  const std::string_view digits = without_leading_zeros(bytes);
  if (digits.size() > 8)
    return fail(
        bad_cell(column.name, fmt::format("a hexadecimal number of {} bytes", digits.size())));
  std::uint64_t value = 0;
  for (const char c : digits) value = value << 8U | static_cast<unsigned char>(c);
  scratch_ = std::to_string(value);
  return Made{false, scratch_};
}

Result<CellMaker::Made> CellMaker::decoded(TextDecoder& decoder, const ColumnForm& column,
                                           std::string_view bytes) {
  scratch_.clear();
  const auto bad = decoder.decode(bytes, scratch_, replacement_.empty() ? nullptr : &replacement_);
  if (!bad) return Made{false, scratch_};
  Evidence evidence;
  evidence.column = column.name;
  return fail(
      Error(ErrorCode::charset, Side::local, Retry::never, std::move(evidence),
            fmt::format("column {}: the byte 0x{:02X} at {} of its value is no character",
                        quoted(column.name), static_cast<unsigned char>(bytes[*bad]), *bad)));
}

Result<CellMaker::Made> CellMaker::unpacked(const ColumnForm& column, std::string_view bytes) {
  scratch_.clear();
  if (dialect_ == CsvDialect::bigquery ? append_unbase64(scratch_, bytes)
                                       : append_unhexed(scratch_, bytes))
    return Made{false, scratch_};
  return fail(bad_cell(column.name, dialect_ == CsvDialect::bigquery
                                        ? "its value is not base64"
                                        : "its value is not hexadecimal"));
}

Result<CellMaker::Made> CellMaker::from_sql(std::size_t place, DumpValue::Kind kind,
                                            std::string_view bytes) {
  const ColumnForm& column = forms_[place];
  if (kind == DumpValue::Kind::defaulted)
    return fail(bad_cell(column.name, "DEFAULT stands where a value is wanted"));
  const bool is_hex = kind == DumpValue::Kind::hex || kind == DumpValue::Kind::bits;
  switch (column.form) {
    case Form::number:
      // How the literal writer keeps the sign of a FLOAT's or DOUBLE's minus zero.
      if (bytes == "-0e0") return Made{false, bytes.substr(0, 2)};
      return is_hex ? number_of(column, bytes) : Made{};
    case Form::bits: {
      if (kind != DumpValue::Kind::number) return bits_of(column, bytes);
      std::uint64_t value = 0;
      const auto [end, failed] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), value);
      if (failed != std::errc() || end != bytes.data() + bytes.size())
        return fail(bad_cell(column.name, "its value is no number of bits"));
      std::string big_endian(8, '\0');
      for (std::size_t i = 0; i < 8; ++i)
        big_endian[7 - i] = static_cast<char>(value >> (8 * i) & 0xFFU);
      auto made = TRY(bits_of(column, big_endian));
      if (!made.is_as_is) return made;
      scratch_ = std::move(big_endian);
      return Made{false, scratch_};
    }
    case Form::bytes:
      return Made{};
    case Form::characters:
      if (is_hex && column.bends) {
        scratch_.assign(raw_mark);
        append_upper_hex(scratch_, bytes);
        return Made{false, scratch_};
      }
      return is_hex && column.decodes_hex ? decoded(decoders_[column.decoder], column, bytes)
                                          : Made{};
  }
  return Made{};
}

Result<CellMaker::Made> CellMaker::from_csv(std::size_t place, std::string_view bytes) {
  const ColumnForm& column = forms_[place];
  switch (column.form) {
    case Form::number:
      return Made{};
    case Form::bits:
    case Form::bytes: {
      if (dialect_ == CsvDialect::standard)
        return column.form == Form::bits ? bits_of(column, bytes) : Made{};
      auto made = TRY(unpacked(column, bytes));
      if (column.form == Form::bytes) return made;
      const std::string raw(made.text);
      auto bits = TRY(bits_of(column, raw));
      if (!bits.is_as_is) return bits;
      scratch_ = raw;
      return Made{false, scratch_};
    }
    case Form::characters:
      return csv_decoder_.front().is_identity() ? Made{}
                                                : decoded(csv_decoder_.front(), column, bytes);
  }
  return Made{};
}

}  // namespace tideway
