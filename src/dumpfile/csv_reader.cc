#include "dumpfile/csv_reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace tideway {
namespace {

constexpr std::size_t mark_most = 32;  // half of room_least: a doubled delimiter always has room

Error bad_value(std::string message) {
  return {ErrorCode::bad_value, Side::local, Retry::never, std::move(message)};
}

bool is_blank_text(std::string_view text) {
  return text.find_first_not_of(" \t") == std::string_view::npos;
}

}  // namespace

CsvOptions csv_options_of(const DumpFormat& format) {
  CsvOptions options;
  options.separator = format.csv.separator;
  options.delimiter = format.csv.delimiter;
  options.terminator = format.csv.terminator;
  options.escape = format.escape_backslash ? "\\" : "";
  options.null_values = {format.csv.null_value};
  options.quoted_null_is_text = !format.csv.delimiter.empty();
  options.has_header = format.csv.has_header;
  options.keeps_empty_lines = true;
  options.dialect = format.csv.dialect;
  return options;
}

Result<void> check(const CsvOptions& options) {
  if (options.separator.empty()) return fail(bad_value("the CSV separator must not be empty"));
  if (!options.delimiter.empty() && (options.delimiter.starts_with(options.separator) ||
                                     options.separator.starts_with(options.delimiter))) {
    return fail(bad_value(fmt::format("the CSV separator '{}' and delimiter '{}' begin alike",
                                      options.separator, options.delimiter)));
  }
  if (options.escape.size() > 1)
    return fail(
        bad_value(fmt::format("the CSV escape '{}' is more than one byte", options.escape)));
  if (!options.escape.empty() &&
      (options.escape == options.separator || options.escape == options.delimiter ||
       options.escape == options.terminator)) {
    return fail(bad_value(fmt::format(
        "the CSV escape '{}' is also separator, delimiter or terminator", options.escape)));
  }
  for (const std::string* mark : {&options.separator, &options.delimiter, &options.terminator}) {
    if (mark->size() > mark_most)
      return fail(bad_value("a CSV separator, delimiter or terminator of more than 32 bytes"));
  }
  return {};
}

CsvReader::CsvReader(std::unique_ptr<ByteReader> file, CsvOptions options, TextDecoder::Width width)
    : file_(std::move(file)),
      options_(std::move(options)),
      width_(width),
      buffer_(buffer_bytes, '\0') {
  at_ = end_ = buffer_.data();
}

Result<CsvReader> CsvReader::open(std::unique_ptr<ByteReader> file, const CsvOptions& options,
                                  std::uint64_t offset, std::uint64_t rows) {
  TRY(check(options));
  const TextDecoder decoder = TRY(TextDecoder::open(options.charset));
  CsvReader reader(std::move(file), options, decoder.width());
  for (std::string* mark :
       {&reader.options_.separator, &reader.options_.delimiter, &reader.options_.terminator})
    *mark = TRY(encoded(options.charset, *mark));
  reader.set_up();
  reader.buffer_offset_ = reader.row_end_offset_ = offset;
  reader.rows_ = rows;
  if (offset == 0) {
    TRY(reader.fill());
    if (std::string_view(reader.at_, reader.ahead()).starts_with("\xEF\xBB\xBF")) reader.at_ += 3;
  }
  return reader;
}

void CsvReader::set_up() {
  const auto byte = [](char c) { return static_cast<unsigned char>(c); };
  std::string plain =
      options_.separator.substr(0, 1) + options_.delimiter.substr(0, 1) + options_.escape;
  plain += options_.terminator.empty() ? "\r\n" : options_.terminator.substr(0, 1);
  std::string quoted = options_.delimiter.substr(0, 1) + options_.escape;
  for (const char c : plain) stops_plain_[byte(c)] = true;
  for (const char c : quoted) stops_quoted_[byte(c)] = true;
  if (width_ != TextDecoder::Width::bytes) {
    for (int lead = 0x81; lead < 0xFF; ++lead) stops_plain_[lead] = stops_quoted_[lead] = true;
  }
  if (quoted.empty()) quoted = "\"";  // never compared: nothing is quoted
  for (std::size_t i = 0; i < std::size(plain_stops_); ++i)
    plain_stops_[i] = plain[std::min(i, plain.size() - 1)];
  for (std::size_t i = 0; i < std::size(quoted_stops_); ++i)
    quoted_stops_[i] = quoted[std::min(i, quoted.size() - 1)];
  lookahead_ = std::max({std::size_t{8}, options_.separator.size(), options_.terminator.size(),
                         2 * options_.delimiter.size()});
  // With escapes \N as text comes from \\N and is just that.
  for (const std::string& null : options_.null_values) {
    if (options_.escape.empty() || null != options_.escape + "N") plain_nulls_.push_back(null);
  }
  null_is_escape_n_ =
      !options_.escape.empty() &&
      std::ranges::find(options_.null_values, options_.escape + "N") != options_.null_values.end();
}

// Moves what is left to the front and reads on; is_last_ once there is no more.
Result<void> CsvReader::fill() {
  const std::size_t left = ahead();
  buffer_offset_ = offset();
  std::memmove(buffer_.data(), at_, left);
  at_ = buffer_.data();
  end_ = at_ + left;
  while (ahead() < lookahead_ && !is_last_) {
    const std::size_t got = TRY(file_->read(buffer_.data() + ahead(), buffer_.size() - ahead()));
    if (got == 0) is_last_ = true;
    end_ += got;
  }
  return {};
}

void CsvReader::set_area(char* area, std::size_t bytes) {
  if (is_delivered_) {
    is_delivered_ = false;
    values_.clear();
    out_ = area_;
  }
  const std::size_t so_far = row_bytes();
  CHECK(so_far <= bytes);
  if (so_far != 0) std::memcpy(area, area_, so_far);
  moved_area(area, bytes);
}

void CsvReader::moved_area(char* area, std::size_t bytes) {
  const std::size_t so_far = row_bytes();
  const auto in_field = static_cast<std::size_t>(field_ != nullptr ? field_ - area_ : 0);
  area_ = area;
  area_bytes_ = bytes;
  out_ = area + so_far;
  field_ = area + in_field;
}

Result<CsvReader::Event> CsvReader::next() {
  CHECK(!is_delivered_);
  while (true) {
    if (!has_room()) return Event::need_room;
    if (ahead() < lookahead_ && !is_last_) TRY(fill());
    bool has_row = false;
    switch (state_) {
      case State::finished:
        return Event::end;
      case State::row_start:
        has_row = start_row();
        break;
      case State::field_start:
        has_row = start_field();
        break;
      case State::plain:
        has_row = TRY(read_plain());
        break;
      case State::quoted:
        has_row = TRY(read_quoted());
        break;
      case State::after_quote:
        has_row = TRY(read_after_quote());
        break;
    }
    if (!has_row) continue;
    is_delivered_ = true;
    ++rows_;
    return Event::row;
  }
}

bool CsvReader::start_row() {
  row_offset_ = offset();
  if (is_at_end()) {
    state_ = State::finished;
    return false;
  }
  std::size_t length = 0;
  if (!options_.keeps_empty_lines && mark_here(length) == Mark::terminator) {
    at_ += length;
    return false;
  }
  if (width_ == TextDecoder::Width::bytes) {
    if (read_whole_row(length)) return end_row(length);
    values_.clear();
  }
  state_ = State::field_start;
  return false;
}

bool CsvReader::start_field() {
  field_ = out_;
  was_quoted_ = is_escape_n_ = false;
  state_ = State::plain;
  std::size_t length = 0;
  if (!is_at_end() && mark_here(length) == Mark::delimiter) {
    at_ += length;
    was_quoted_ = true;
    state_ = State::quoted;
  }
  return false;
}

void CsvReader::copy_run(bool is_quoted) {
  const char* const stop = copy_to_stop(at_, out_, is_quoted);
  out_ += stop - at_;
  at_ = stop;
}

// One character, whole: in GBK and GB18030 its later bytes may look like a backslash or a bar.
void CsvReader::copy_character() {
  std::size_t bytes = 1;
  const auto byte = [this](std::size_t i) { return static_cast<unsigned char>(at_[i]); };
  if (width_ != TextDecoder::Width::bytes && byte(0) > 0x80 && byte(0) < 0xFF && ahead() > 1) {
    bytes = 2;
    if (width_ == TextDecoder::Width::gb18030 && byte(1) >= '0' && byte(1) <= '9' && ahead() >= 4)
      bytes = 4;
  }
  std::memcpy(out_, at_, bytes);
  out_ += bytes;
  at_ += bytes;
}

char CsvReader::unescaped(char c) {
  switch (c) {
    case '0':
      return '\0';
    case 'b':
      return '\b';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'Z':
      return '\x1A';
    default:
      return c;
  }
}

Result<void> CsvReader::take_escape() {
  ++at_;
  if (is_at_end()) return fail(syntax_error("no character after backslash"));
  if (*at_ == 'N' && out_ == field_) is_escape_n_ = true;
  if (unescaped(*at_) == *at_) {
    copy_character();
  } else {
    *out_++ = unescaped(*at_++);
  }
  return {};
}

Result<bool> CsvReader::read_plain() {
  copy_run(false);
  if (at_ == end_) {
    if (!is_last_) return false;
    TRY(end_field());
    return end_row(0);
  }
  if (!has_room() || (ahead() < lookahead_ && !is_last_)) return false;
  std::size_t length = 0;
  switch (mark_here(length)) {
    case Mark::none:
      copy_character();
      return false;
    case Mark::escape:
      TRY(take_escape());
      return false;
    case Mark::delimiter:
      return fail(syntax_error("cannot have consecutive fields without separator"));
    case Mark::separator:
      TRY(end_field());
      at_ += length;
      state_ = State::field_start;
      return false;
    case Mark::terminator:
      TRY(end_field());
      return end_row(length);
  }
  return false;
}

Result<bool> CsvReader::read_quoted() {
  copy_run(true);
  if (at_ == end_) {
    if (is_last_) return fail(syntax_error("unterminated quoted field"));
    return false;
  }
  if (!has_room() || (ahead() < lookahead_ && !is_last_)) return false;
  if (starts_at(at_, options_.delimiter)) {
    const std::size_t length = options_.delimiter.size();
    at_ += length;
    if (starts_at(at_, options_.delimiter)) {
      for (std::size_t i = 0; i < length; ++i) *out_++ = *at_++;
    } else {
      state_ = State::after_quote;
    }
  } else if (!options_.escape.empty() && *at_ == options_.escape[0]) {
    TRY(take_escape());
  } else {
    copy_character();
  }
  return false;
}

Result<bool> CsvReader::read_after_quote() {
  if (is_at_end()) {
    TRY(end_field());
    return end_row(0);
  }
  std::size_t length = 0;
  const Mark mark = mark_here(length);
  if (mark == Mark::separator) {
    TRY(end_field());
    at_ += length;
    state_ = State::field_start;
    return false;
  }
  if (mark != Mark::terminator)
    return fail(syntax_error("cannot have consecutive fields without separator"));
  TRY(end_field());
  return end_row(length);
}

Result<void> CsvReader::end_field() {
  if (values_.size() == values_most) return fail(syntax_error("a row of more than 10000 values"));
  add_value(out_);
  return {};
}

bool CsvReader::end_row(std::size_t terminator_bytes) {
  at_ += terminator_bytes;
  row_end_offset_ = offset();
  state_ = State::row_start;
  const CsvValue& last = values_.back();
  if (!options_.keeps_empty_lines && values_.size() == 1 && !was_quoted_ && !last.is_null &&
      is_blank_text(text(last))) {
    values_.clear();
    out_ = area_;
    return false;
  }
  if (options_.trims_last_separator && values_.size() > 1 && last.length == 0 && !was_quoted_)
    values_.pop_back();
  return true;
}

Error CsvReader::syntax_error(std::string_view what) const {
  return {ErrorCode::file_syntax, Side::local, Retry::never,
          fmt::format("syntax error: {} at offset {} (row {})", what, offset(), rows_ + 1)};
}

}  // namespace tideway
