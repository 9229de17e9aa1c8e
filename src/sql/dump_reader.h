#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sql/dump_head.h"

namespace tideway {

struct DumpValue {
  enum class Kind : std::uint8_t {
    null,
    number,     // as written, without a plus sign; TRUE is 1, FALSE 0
    text,       // decoded; also hex or bits with an introducer of characters
    hex,        // x'…' and 0x…: raw bytes; for a column of numbers they are a big-endian number
    bits,       // b'…' and 0b…: the same
    defaulted,  // DEFAULT
  };
  Kind kind = Kind::null;
  std::uint32_t offset = 0, length = 0;  // in the row's bytes
};

struct DumpReaderOptions {
  bool no_backslash_escapes = false;  // sql_mode; a SET sql_mode in the file turns it on too
  bool needs_last_semicolon = true;   // false: a file may end behind a row, as people write them
};

// Reads the rows out of an SQL data file: of Dumpling, mydumper, mysqldump, or ours. The file comes
// in pieces cut anywhere, and a statement may be gigabytes long: only the head of a statement is
// held, and the bytes of the row being read lie in an area of the caller's (room at the end of a
// Block), so a row is copied once. Decoded bytes never outnumber the bytes they are read from. One
// thread.
//
//   reader.set_area(block.room(0), block.room_left());
//   for (;;) switch (TRY(reader.next())) {
//     case need_bytes: read a piece; reader.feed(piece) or, behind the last, reader.feed_end();
//     break; case need_room:  // the row so far is reader.row_bytes() long; 64 bytes more are
//     always asked for
//       another, larger area: reader.set_area(…); or the same one grown in place:
//       reader.moved_area(…); break;
//     case row:        // its values, in order; their bytes start at the area's begin
//       cells from reader.values(); block.advance(reader.row_bytes());
//       reader.set_area(block.room(0), block.room_left());
//     case statement:  reader.head() holds for the rows that follow: are these our columns?
//     case other:      reader.other(): count it, or refuse it
//     case end:        the file ended where it may
//   }
//
// Errors are final, name the offset and the row (from 1) and leave all rows before them delivered:
//   TW700  `syntax error: unexpected X at offset N (row R), expecting …`; also for statements that
//   dumps do not hold TW701  `syntax error: premature EOF at offset N` TW704  SET NAMES or an
//   introducer names a character set other than UTF-8, ASCII or binary
class DumpReader {
 public:
  static constexpr std::size_t room_least = 64;  // of an area, beyond what the row has already
  enum class Event : std::uint8_t { need_bytes, need_room, statement, row, other, end };

  explicit DumpReader(DumpReaderOptions options = {});
  // Takes a file up again behind a row: `offset` is row_end_offset() of that row, `head_text`
  // head().text, `rows` the rows before. The first piece fed begins at the offset. An error if the
  // head is none.
  static Result<DumpReader> resume(std::uint64_t offset, std::string_view head_text,
                                   std::uint64_t rows, DumpReaderOptions options = {});

  // The piece stays until next() says need_bytes. Not before it does.
  void feed(std::string_view piece);
  void feed_end();

  void set_area(char* area, std::size_t bytes);    // copies the row so far from the area there was
  void moved_area(char* area, std::size_t bytes);  // the row so far is there already: realloc

  Result<Event> next();

  const InsertHead& head() const { return head_; }
  const OtherStatement& other() const { return other_; }
  // Of the row last delivered, until next() or set_area() is called.
  std::span<const DumpValue> values() const { return values_; }
  std::string_view text(const DumpValue& value) const {
    return {area_ + value.offset, value.length};
  }
  std::size_t row_bytes() const { return static_cast<std::size_t>(out_ - area_); }
  std::uint64_t row_offset() const { return row_offset_; }          // of its '('
  std::uint64_t row_end_offset() const { return row_end_offset_; }  // behind its ')'
  std::uint64_t rows() const { return rows_; }  // delivered, those before resume() included
  const std::string& time_zone() const {
    return time_zone_;
  }  // of the file's last SET time_zone; empty: none

 private:
  enum class State : std::uint8_t {
    head,
    first_row,
    after_row,
    before_row,
    first_value,
    before_value,
    after_value,
    text,
    text_escape,
    text_quote,
    number,
    word,
    hex,
    wide_hex,
    bits,
    tail,
    finished,
  };
  enum class Gap : std::uint8_t { none, dash, dashes, line, slash, open, open_letter, block, star };
  // wait: all bytes are taken; stop: event_ is to be delivered; failed: error_ is.
  enum class Step : std::uint8_t { go_on, wait, stop, failed };
  enum class Wrap : std::uint8_t { none, convert_open, cast_open, convert, cast };

  Step step();
  Step read_head();
  Step end_of_head(DumpHeadScanner::Found found);
  bool repeats_head();
  Step between_rows();
  Step begin_value();
  Step read_plain_values();
  bool read_plain_integer();
  Step begin_literal(char c);
  Step after_value();
  Step read_text();
  Step read_number();
  Step read_word();
  Step end_of_word(char c);
  Step read_hex();
  Step end_of_hex();
  Step read_bits();
  Step read_tail();
  Step end_value(DumpValue::Kind kind);
  Step end_row();
  void begin_bytes(DumpValue::Kind kind, State state);
  void escape(char letter);

  Step skip_gap();
  Step take_gap(char c);
  Step refuse(Error error);
  std::uint64_t offset() const { return piece_offset_ + static_cast<std::uint64_t>(at_ - piece_); }
  Error unexpected(std::string_view found, std::string_view expecting) const;
  Error unexpected_here(std::string_view expecting) const;
  Error premature_end() const;
  Result<Event> end_of_file();

  DumpReaderOptions options_;
  // The piece, and up to where the area has room for what it can become.
  const char *piece_ = nullptr, *at_ = nullptr, *limit_ = nullptr, *end_ = nullptr;
  std::uint64_t piece_offset_ = 0;
  bool is_last_ = false;
  char *area_ = nullptr, *out_ = nullptr;
  std::size_t area_bytes_ = 0;

  State state_ = State::head;
  Event event_ = Event::need_bytes;
  DumpHeadScanner scanner_;
  InsertHead head_;
  OtherStatement other_;
  std::uint64_t head_offset_ = 0;
  unsigned bom_bytes_ = 0;

  std::vector<DumpValue> values_;
  DumpValue::Kind kind_ = DumpValue::Kind::null;  // of the value being read
  char* value_ = nullptr;                         // its first byte
  char quote_ = 0;
  bool is_negative_ = false, has_introducer_ = false, joins_last_ = false, is_delivered_ = false;
  int half_byte_ = -1;  // the digit that waits for its second
  Gap gap_ = Gap::none;
  Wrap wrap_ = Wrap::none;
  std::string word_;
  std::uint64_t row_offset_ = 0, row_end_offset_ = 0, rows_ = 0;
  std::string time_zone_;
  std::optional<Error> error_;
};

}  // namespace tideway
