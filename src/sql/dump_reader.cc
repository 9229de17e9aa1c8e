#include "sql/dump_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "sql/char_class.h"

namespace tideway {

using sql_text::is_space;
using sql_text::is_word_char;

namespace {

// A head or a statement without rows larger than this is no dump's: a table has at most 4096
// columns.
constexpr std::size_t head_bytes_max = 16U << 20U;
std::string shown(std::string_view text) { return fmt::format("'{}'", text.substr(0, 60)); }

}  // namespace

DumpReader::DumpReader(DumpReaderOptions options)
    : options_(options), scanner_(options.no_backslash_escapes) {}

Result<DumpReader> DumpReader::resume(std::uint64_t offset, std::string_view head_text,
                                      std::uint64_t rows, DumpReaderOptions options) {
  DumpReader reader(options);
  reader.head_ = TRY(parse_insert_head(head_text));
  reader.piece_offset_ = reader.row_end_offset_ = reader.row_offset_ = offset;
  reader.rows_ = rows;
  reader.bom_bytes_ = 3;
  reader.state_ = State::after_row;
  return reader;
}

void DumpReader::feed(std::string_view piece) {
  CHECK(at_ == end_ && !is_last_);
  piece_offset_ = offset();
  piece_ = at_ = limit_ = piece.data();
  end_ = piece_ + piece.size();
}

void DumpReader::feed_end() { is_last_ = true; }

void DumpReader::set_area(char* area, std::size_t bytes) {
  const std::size_t kept = is_delivered_ ? 0 : row_bytes();
  CHECK(kept <= bytes);
  if (kept != 0) std::memmove(area, area_, kept);
  if (is_delivered_) out_ = area_;
  moved_area(area, bytes);
}

void DumpReader::moved_area(char* area, std::size_t bytes) {
  value_ = value_ == nullptr ? nullptr : area + (value_ - area_);
  out_ = area + row_bytes();
  area_ = area;
  area_bytes_ = bytes;
}

Result<DumpReader::Event> DumpReader::next() {
  if (error_) return fail(*error_);
  if (is_delivered_) {  // the row before is the caller's no longer
    is_delivered_ = false;
    out_ = area_;
    values_.clear();
  }
  for (;;) {
    if (at_ == end_) {
      if (is_last_) return end_of_file();
      return Event::need_bytes;
    }
    const auto left = static_cast<std::size_t>(end_ - at_);
    const std::size_t used = row_bytes() + room_least;
    // The head of a statement needs no room, and how small an area is is the caller's business.
    if (state_ != State::head && used >= area_bytes_) return Event::need_room;
    limit_ = state_ == State::head ? end_ : at_ + std::min(left, area_bytes_ - used);
    for (;;) {
      const Step made = at_ == limit_ ? Step::wait : step();
      if (made == Step::stop) return event_;
      if (made == Step::failed) return fail(*error_);
      if (made == Step::wait) break;
    }
  }
}

DumpReader::Step DumpReader::step() {
  switch (state_) {
    case State::head:
      return read_head();
    case State::first_row:
    case State::after_row:
    case State::before_row:
      return between_rows();
    case State::first_value:
    case State::before_value:
      return begin_value();
    case State::after_value:
      return after_value();
    case State::text:
    case State::text_escape:
    case State::text_quote:
      return read_text();
    case State::number:
      return read_number();
    case State::word:
      return read_word();
    case State::hex:
    case State::wide_hex:
      return read_hex();
    case State::bits:
      return read_bits();
    case State::tail:
      return read_tail();
    case State::finished:
      break;
  }
  return Step::wait;
}

// --- between rows ---

DumpReader::Step DumpReader::read_head() {
  static constexpr std::string_view bom = "\xEF\xBB\xBF";
  while (bom_bytes_ < 3 && at_ != limit_) {
    if (*at_ != bom[bom_bytes_]) {
      // What looked like one belongs to the first word.
      for (unsigned i = 0; i < bom_bytes_; ++i) scanner_.take(bom[i]);
      bom_bytes_ = 3;
      break;
    }
    ++bom_bytes_;
    ++at_;
  }
  if (at_ == limit_) return Step::wait;
  if (scanner_.text().empty() && repeats_head()) return Step::stop;
  while (at_ != limit_) {
    if (scanner_.text().empty()) head_offset_ = offset();
    const auto found = scanner_.take(*at_);
    if (found != DumpHeadScanner::Found::rows) ++at_;
    if (found != DumpHeadScanner::Found::nothing) return end_of_head(found);
    if (scanner_.text().size() > head_bytes_max)
      return refuse(unexpected("a statement of more than 16 MiB", "VALUES or ';'"));
  }
  return Step::wait;
}

// The same INSERT INTO … VALUES as before, whole in this piece: nothing needs parsing. Files of one
// row a statement live here.
bool DumpReader::repeats_head() {
  const char* from = at_;
  while (from != limit_ && is_space(*from)) ++from;
  const std::string& text = head_.text;
  if (text.empty() || static_cast<std::size_t>(limit_ - from) <= text.size()) return false;
  if (std::memcmp(from, text.data(), text.size()) != 0 || is_word_char(from[text.size()]))
    return false;
  at_ = from;
  head_.offset = offset();
  at_ += text.size();
  state_ = State::first_row;
  event_ = Event::statement;
  return true;
}

DumpReader::Step DumpReader::end_of_head(DumpHeadScanner::Found found) {
  const auto here = [this](Error error) {
    Evidence evidence;
    evidence.position = fmt::format("offset {}", head_offset_);
    return std::move(error)
        .with_evidence(std::move(evidence))
        .during(fmt::format("reading the statement at offset {}", head_offset_));
  };
  if (found == DumpHeadScanner::Found::rows) {
    auto head = parse_insert_head(scanner_.text());
    if (!head) return refuse(here(std::move(head).error()));
    head_ = *std::move(head);
    head_.offset = head_offset_;
    state_ = State::first_row;
    event_ = Event::statement;
  } else {
    auto other = parse_other_statement(scanner_.text());
    if (!other) return refuse(here(std::move(other).error()));
    other_ = *std::move(other);
    other_.offset = head_offset_;
    if (other_.turns_backslash_off) {
      options_.no_backslash_escapes = true;
      scanner_.turn_backslash_off();
    }
    if (!other_.time_zone.empty()) time_zone_ = other_.time_zone;
    event_ = Event::other;
  }
  scanner_.clear();
  return Step::stop;
}

DumpReader::Step DumpReader::between_rows() {
  if (const Step made = skip_gap(); made != Step::go_on) return made;
  const char c = *at_;
  if (state_ == State::after_row) {
    if (c == ',') {
      state_ = State::before_row;
    } else if (c == ';') {
      state_ = State::head;
    } else {
      return refuse(unexpected_here("',' or ';'"));
    }
    ++at_;
    return Step::go_on;
  }
  if (c != '(') return refuse(unexpected_here("start of row"));
  row_offset_ = offset();
  ++at_;
  state_ = State::first_value;
  return Step::go_on;
}

// --- between tokens ---

// Moves over white space and comments. A '-' in front of a value is its sign.
DumpReader::Step DumpReader::skip_gap() {
  while (at_ != limit_) {
    const char c = *at_;
    if (gap_ == Gap::none) {
      if (is_space(c)) {
        ++at_;
        continue;
      }
      if (c != '-' && c != '/' && c != '#') return Step::go_on;
      gap_ = c == '-' ? Gap::dash : c == '/' ? Gap::slash : Gap::line;
      ++at_;
      continue;
    }
    if (gap_ == Gap::dash && c != '-') {
      const bool is_sign =
          (state_ == State::first_value || state_ == State::before_value) && !is_negative_;
      if (!is_sign) return refuse(unexpected("'-'", "data literal, ',' or ')'"));
      gap_ = Gap::none;
      is_negative_ = true;
      return Step::go_on;
    }
    if (take_gap(c) == Step::failed) return Step::failed;
    ++at_;
  }
  return Step::wait;
}

DumpReader::Step DumpReader::take_gap(char c) {
  switch (gap_) {
    case Gap::none:
      break;
    case Gap::dash:
      gap_ = Gap::dashes;
      break;
    case Gap::dashes:
      if (static_cast<unsigned char>(c) > ' ')
        return refuse(unexpected("'--'", "data literal, ',' or ')'"));
      gap_ = c == '\n' ? Gap::none : Gap::line;
      break;
    case Gap::line:
      if (c == '\n') gap_ = Gap::none;
      break;
    case Gap::slash:
      if (c != '*') return refuse(unexpected("'/'", "data literal, ',' or ')'"));
      gap_ = Gap::open;
      break;
    case Gap::open:
    case Gap::open_letter:
      if (c == '!') return refuse(unexpected("a version comment", "data literal, ',' or ')'"));
      if (gap_ == Gap::open && (c == 'M' || c == 'T')) {
        gap_ = Gap::open_letter;
      } else {
        gap_ = c == '*' ? Gap::star : Gap::block;
      }
      break;
    case Gap::block:
      if (c == '*') gap_ = Gap::star;
      break;
    case Gap::star:
      if (c != '*') gap_ = c == '/' ? Gap::none : Gap::block;
      break;
  }
  return Step::go_on;
}

// --- ends ---

DumpReader::Step DumpReader::refuse(Error error) {
  error_ = std::move(error);
  return Step::failed;
}

Error DumpReader::unexpected(std::string_view found, std::string_view expecting) const {
  Evidence evidence;
  evidence.position = fmt::format("offset {}", offset());
  return {ErrorCode::file_syntax, Side::local, Retry::never, std::move(evidence),
          fmt::format("syntax error: unexpected {} at offset {} (row {}), expecting {}", found,
                      offset(), rows_ + 1, expecting)};
}

Error DumpReader::unexpected_here(std::string_view expecting) const {
  return unexpected(
      shown({at_, static_cast<std::size_t>(std::min<std::ptrdiff_t>(end_ - at_, 20))}), expecting);
}

Error DumpReader::premature_end() const {
  Evidence evidence;
  evidence.position = fmt::format("offset {}", offset());
  return {ErrorCode::file_corrupt, Side::local, Retry::never, std::move(evidence),
          fmt::format("syntax error: premature EOF at offset {} (row {})", offset(), rows_ + 1)};
}

Result<DumpReader::Event> DumpReader::end_of_file() {
  if (state_ == State::finished) return Event::end;
  const bool is_in_comment = gap_ != Gap::none && gap_ != Gap::line;
  const bool ends_behind_row =
      state_ == State::after_row && !options_.needs_last_semicolon && !is_in_comment;
  const bool ends_outside =
      state_ == State::head && (bom_bytes_ == 0 || bom_bytes_ == 3) && scanner_.is_blank();
  if (!ends_behind_row && !ends_outside) return fail(premature_end());
  state_ = State::finished;
  return Event::end;
}

}  // namespace tideway
