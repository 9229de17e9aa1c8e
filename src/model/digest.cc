#include "model/digest.h"

#include <fmt/format.h>
#include <libdeflate.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "base/check.h"
#include "base/text.h"
#include "model/block.h"
#include "model/json_text.h"
#include "model/odd_value.h"

namespace tideway {
namespace {

// How a column's cell text becomes digest text.
enum class Form : std::uint8_t { as_is, real, fixed_real, hex, bit_number, zerofill, md5, json };

Form form_of(const ColumnType& type) {
  switch (type.kind) {
    case TypeKind::bit:
      return Form::bit_number;
    case TypeKind::medium_text:
    case TypeKind::long_text:
    case TypeKind::medium_blob:
    case TypeKind::long_blob:
    case TypeKind::geometry:
    case TypeKind::vector:
      return Form::md5;
    case TypeKind::json:
      return Form::json;
    case TypeKind::float_number:
      return Form::real;
    case TypeKind::double_number:
      return type.length == 0 ? Form::real : Form::fixed_real;
    default:
      break;
  }
  if (class_of(type) == TypeClass::bytes) return Form::hex;
  const bool is_exact = is_integer(type.kind) || type.kind == TypeKind::decimal;
  if (type.is_zerofill && is_exact) return Form::zerofill;
  return Form::as_is;
}

// One MD5 context, used again and again: fetching the algorithm costs more than hashing a row.
class Md5 {
 public:
  Md5() = default;
  Md5(const Md5&) = delete;
  Md5& operator=(const Md5&) = delete;
  ~Md5() {
    EVP_MD_CTX_free(context_);
    EVP_MD_free(algorithm_);
  }
  std::array<unsigned char, 16> of(std::string_view bytes) {
    std::array<unsigned char, 16> md5{};
    CHECK(EVP_DigestInit_ex(context_, algorithm_, nullptr) == 1);
    CHECK(EVP_DigestUpdate(context_, bytes.data(), bytes.size()) == 1);
    CHECK(EVP_DigestFinal_ex(context_, md5.data(), nullptr) == 1);
    return md5;
  }

 private:
  EVP_MD* algorithm_ = EVP_MD_fetch(nullptr, "MD5", nullptr);
  EVP_MD_CTX* context_ = EVP_MD_CTX_new();
};

std::array<unsigned char, 16> md5_of(std::string_view bytes) {
  thread_local Md5 md5;
  return md5.of(bytes);
}

void append_hex(std::string& out, std::string_view bytes) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  const std::size_t start = out.size();
  out.resize(start + bytes.size() * 2);
  char* to = out.data() + start;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    *to++ = digits[byte >> 4U];
    *to++ = digits[byte & 15U];
  }
}

void append_number(std::string& out, std::uint64_t value) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void append_md5(std::string& out, std::string_view text) {
  const auto md5 = md5_of(text);
  out += to_hex({reinterpret_cast<const char*>(md5.data()), md5.size()});
}

void append_real(std::string& out, std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    out.append(text);  // no server prints such a number: it will equal none
  } else {
    append_mysql_double(out, value == 0 ? 0 : value);
  }
}

void append_form(std::string& out, Form form, std::string_view text, SqlDialect printed_by) {
  switch (form) {
    case Form::as_is:
      out.append(text);
      return;
    case Form::real:
      if (printed_by == SqlDialect::mysql) {
        out.append(text == "-0" ? "0" : text);
      } else {
        append_real(out, text);
      }
      return;
    case Form::fixed_real:
      append_real(out, text);
      return;
    case Form::hex:
      append_hex(out, text);
      return;
    case Form::bit_number: {
      std::uint64_t value = 0;
      for (const char c : text) value = value << 8U | static_cast<unsigned char>(c);
      append_number(out, value);
      return;
    }
    case Form::zerofill: {
      const std::size_t zeros = std::min(text.find_first_not_of('0'), text.size());
      const std::string_view rest = text.substr(zeros);
      if (rest.empty() || rest.front() == '.') out += '0';
      out.append(rest);
      return;
    }
    case Form::json:
      if (printed_by == SqlDialect::tidb) {
        std::string document;
        append_mysql_json(document, text);
        append_md5(out, document);
        return;
      }
      [[fallthrough]];
    case Form::md5:
      append_md5(out, text);
      return;
  }
}

std::uint64_t load_big_endian(const unsigned char* bytes) {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8U | bytes[i];
  return value;
}

bool take_field(std::string_view& text, std::string_view name, std::uint64_t& value) {
  if (!text.starts_with(name) || text.size() <= name.size() || text[name.size()] != '=')
    return false;
  text.remove_prefix(name.size() + 1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return true;
}

// A DOUBLE as MySQL prints it, asked of TiDB. There a DOUBLE that becomes a string is written out
// with all its zeros; MySQL goes over to an exponent below 1e-15, and from 1e15 on where there is
// no fraction. The digits are the same: the fewest that name the value.
std::string tidb_real_expression(const std::string& real) {
  const std::string plain = fmt::format("CONCAT(ABS({}))", real);
  const std::string digits = fmt::format("TRIM(BOTH '0' FROM REPLACE({},'.',''))", plain);
  const std::string mantissa =
      fmt::format("LEFT({0},1),IF(LENGTH({0})>1,CONCAT('.',SUBSTRING({0},2)),'')", digits);
  const std::string exponent =
      fmt::format("IF(ABS({0})>=1,LOCATE('.',CONCAT({1},'.'))-2,LENGTH({2})+1-LENGTH({1}))", real,
                  plain, digits);
  return fmt::format(
      "IF({0}=0,'0',IF(ABS({0})>=1E-15 AND (ABS({0})<1E15 OR {0}<>FLOOR({0})),CONCAT({0}),"
      "CONCAT(IF({0}<0,'-',''),{1},'e',{2})))",
      real, mantissa, exponent);
}

// The value in UTF-8 where it comes back from that as it was, its bytes behind the mark where not.
// The mark is converted too: as a literal it would have the collation of the connection.
std::string bending_expression(const std::string& name, const std::string& charset) {
  return fmt::format(
      "IF(CONVERT({0} USING binary)<=>CONVERT(CONVERT(CONVERT({0} USING utf8mb4) USING {1}) USING "
      "binary),CONVERT({0} USING utf8mb4),CONCAT(CONVERT(x'{2}' USING utf8mb4),HEX({0})))",
      name, charset, to_hex(raw_mark));
}

// The SQL twin of append_digest_text(): what the server must compute from the column to give the
// same text.
std::string digest_expression(const Column& column, SqlDialect dialect) {
  const std::string name = quoted(column.name);
  const bool has_other_charset = class_of(column.type) == TypeClass::characters &&
                                 !column.type.charset.empty() && column.type.charset != "utf8mb4";
  const bool converts = has_other_charset || column.type.kind == TypeKind::json;
  const std::string text = cell_expression(column);
  const bool is_converted = !converts || may_bend(column.type);
  std::string bytes = is_converted ? text : "CONVERT(" + text + " USING utf8mb4)";
  switch (form_of(column.type)) {
    case Form::hex:
      return "HEX(" + name + ")";
    case Form::md5:
    case Form::json:
      return "MD5(" + bytes + ")";
    case Form::real:
      return dialect == SqlDialect::tidb ? tidb_real_expression("(" + name + "*1E0)")
                                         : "(" + name + "+0E0)";
    case Form::fixed_real: {
      const std::string real = "(CONCAT(" + name + ")+0E0)";
      return dialect == SqlDialect::tidb ? tidb_real_expression(real) : real;
    }
    case Form::bit_number:
    case Form::zerofill:
      return "(" + name + "+0)";
    case Form::as_is:
      break;
  }
  return bytes;
}

}  // namespace

std::string_view to_text(DigestStrength strength) {
  return strength == DigestStrength::fast ? "fast" : "strong";
}

Digest& Digest::operator+=(const Digest& other) {
  rows += other.rows;
  crc_sum += other.crc_sum;
  crc_xor ^= other.crc_xor;
  md5_high += other.md5_high;
  md5_low += other.md5_low;
  return *this;
}

std::string to_text(const Digest& digest) {
  return fmt::format("rows={} crc_sum={} crc_xor={} md5_high={} md5_low={}", digest.rows,
                     digest.crc_sum, digest.crc_xor, digest.md5_high, digest.md5_low);
}

bool parse_digest(std::string_view text, Digest& digest) {
  std::uint64_t crc_xor = 0;
  const bool ok =
      take_field(text, "rows", digest.rows) && take_field(text, "crc_sum", digest.crc_sum) &&
      take_field(text, "crc_xor", crc_xor) && take_field(text, "md5_high", digest.md5_high) &&
      take_field(text, "md5_low", digest.md5_low) && text.empty() && crc_xor <= UINT32_MAX;
  digest.crc_xor = static_cast<std::uint32_t>(crc_xor);
  return ok;
}

RowDigester::RowDigester(TablePtr table, ColumnSet columns, DigestStrength strength,
                         SqlDialect printed_by)
    : table_(std::move(table)),
      columns_(std::move(columns)),
      strength_(strength),
      printed_by_(printed_by) {
  for (const std::uint32_t column : columns_) {
    forms_.push_back(static_cast<std::uint8_t>(form_of(table_->columns[column].type)));
  }
}

void RowDigester::add(const Block& block, const Rows& rows) {
  const auto cells = block.cells(rows);
  const std::size_t per_row = rows.cells_per_row();
  for (std::size_t row = 0; row < rows.row_count; ++row)
    add_row(block, cells.data() + row * per_row + rows.before.size());  // there may be no cell
}

void RowDigester::add_row(const Block& block, const Cell* cells) {
  make_text(block, cells);
  add_text();
}

std::string RowDigester::md5_of_row(const Block& block, const Cell* cells) {
  make_text(block, cells);
  std::string md5;
  append_md5(md5, text_);
  return md5;
}

void RowDigester::make_text(const Block& block, const Cell* cells) {
  text_.clear();
  for (std::size_t i = 0; i < forms_.size(); ++i) {
    if (cells[i].is_null()) {
      text_ += 'N';
      continue;
    }
    const std::string_view cell = block.text(cells[i]);
    const auto form = static_cast<Form>(forms_[i]);
    if (form == Form::as_is || form == Form::hex) {  // the length is known before the text
      append_number(text_, form == Form::hex ? cell.size() * 2 : cell.size());
      text_ += ':';
      append_form(text_, form, cell, printed_by_);
    } else {
      std::string short_text;
      append_form(short_text, form, cell, printed_by_);
      append_number(text_, short_text.size());
      text_ += ':';
      text_ += short_text;
    }
  }
}

void RowDigester::add_text() {
  ++digest_.rows;
  if (strength_ == DigestStrength::fast) {
    const std::uint32_t crc = libdeflate_crc32(0, text_.data(), text_.size());
    digest_.crc_sum += crc;
    digest_.crc_xor ^= crc;
  } else {
    const auto md5 = md5_of(text_);
    digest_.md5_high += load_big_endian(md5.data());
    digest_.md5_low += load_big_endian(md5.data() + 8);
  }
}

bool digest_texts_compare(const ColumnType& one, const ColumnType& other) {
  const auto md5_too = [](Form form) { return form == Form::json ? Form::md5 : form; };
  return md5_too(form_of(one)) == md5_too(form_of(other));
}

void append_digest_text(std::string& out, const ColumnType& type, std::string_view cell_text,
                        SqlDialect printed_by) {
  append_form(out, form_of(type), cell_text, printed_by);
}

std::string cell_expression(const Column& column) {
  const std::string name = quoted(column.name);
  if (column.type.kind == TypeKind::float_number) return name + " * 1E0";
  if (may_bend(column.type)) return bending_expression(name, column.type.charset);
  if (const auto prefix = set_number_prefix(column.type))
    return fmt::format("CONCAT('{}',{}+0)", *prefix, name);
  if (column.type.kind == TypeKind::enumeration) {
    const std::string error = enum_error_text(column.type);
    if (!error.empty()) return fmt::format("IF({0}+0=0,'{1}',{0})", name, error);
  }
  return name;
}

bool has_row_text_expression(const TableDef& table, const ColumnSet& columns, SqlDialect dialect) {
  return dialect != SqlDialect::tidb ||
         std::ranges::none_of(columns, [&table](std::uint32_t column) {
           return form_of(table.columns[column].type) == Form::json;
         });
}

// A column that is NOT NULL goes without IFNULL: a tenth of the whole query's time. CONCAT takes
// any number of arguments but MySQL's parser does not, hence groups: 1 000 columns in one CONCAT
// overflow the stack of a default server thread (error 1436).
std::string row_text_expression(const TableDef& table, const ColumnSet& columns,
                                SqlDialect dialect) {
  static constexpr std::size_t columns_per_group = 100;
  if (columns.is_empty()) return "''";
  std::string expression = "CONCAT(";
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i % columns_per_group == 0) expression += i == 0 ? "CONCAT(" : "),CONCAT(";
    if (i % columns_per_group != 0) expression += ',';
    const Column& column = table.columns[columns[i]];
    const std::string text = digest_expression(column, dialect);
    if (column.is_nullable) {
      expression += fmt::format("IFNULL(CONCAT(LENGTH({0}),':',{0}),'N')", text);
    } else {
      expression += fmt::format("LENGTH({0}),':',{0}", text);
    }
  }
  return expression + "))";
}

// SUM over BIGINT is DECIMAL and so exact; the sums modulo 2^64 are taken by whoever reads the
// text. CONV gives text, and a sum over text would be a DOUBLE: hence the CAST. The LIMIT keeps
// MySQL from merging the derived table away.
std::string digest_statement(const TableDef& table, const ColumnSet& columns, std::string_view from,
                             std::string_view where, DigestStrength strength, DigestQuery query,
                             SqlDialect dialect) {
  const bool once = query == DigestQuery::once;
  const std::string row = row_text_expression(table, columns, dialect);
  const std::string hash =
      fmt::format("{}({})", strength == DigestStrength::fast ? "CRC32" : "MD5", row);
  const std::string used = once ? "hash" : hash;
  const std::string sums = strength == DigestStrength::fast
                               ? fmt::format("IFNULL(SUM({0}),0), IFNULL(BIT_XOR({0}),0)", used)
                               : fmt::format(
                                     "IFNULL(SUM(CAST(CONV(LEFT({0},16),16,10) AS UNSIGNED)),0), "
                                     "IFNULL(SUM(CAST(CONV(RIGHT({0},16),16,10) AS UNSIGNED)),0)",
                                     used);
  const std::string rows = fmt::format("FROM {}{}{}", from, where.empty() ? "" : " WHERE ", where);
  if (!once) return fmt::format("SELECT COUNT(*), {} {}", sums, rows);
  return fmt::format(
      "SELECT COUNT(*), {} FROM (SELECT {} AS hash {} LIMIT 18446744073709551615) AS hashes", sums,
      hash, rows);
}

}  // namespace tideway
