#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dumpfile/dump_format.h"
#include "dumpfile/text_decoder.h"
#include "storage/storage.h"

namespace tideway {

// How CSV files are read. The defaults are the importer's.
struct CsvOptions {
  std::string separator = ",";
  std::string delimiter = "\"";  // empty: nothing is quoted
  std::string terminator;  // empty: every \r and every \n ends a row, and empty lines are nothing
  std::string escape = "\\";  // empty, or one byte
  std::vector<std::string> null_values = {"\\N"};
  bool has_null = true;  // false: nothing is NULL
  bool quoted_null_is_text =
      false;  // a value in delimiters is never NULL: the exporter writes NULL bare
  bool has_header = true;
  bool header_matches = true;  // false: the header is skipped and columns go by their places
  bool trims_last_separator = false;
  bool keeps_empty_lines = false;  // an empty line is a row: of no columns, or of one empty text
  std::string charset =
      "binary";  // of the data; separator, delimiter and terminator are given in UTF-8
  std::string invalid_replacement;  // what takes the place of bytes that are no character; empty:
                                    // they are an error
  CsvDialect dialect = CsvDialect::standard;  // how binary values are written
};
// As a dump's manifest says they are to be read: exactly as they were written.
CsvOptions csv_options_of(const DumpFormat& format);
Result<void> check(const CsvOptions& options);

struct CsvValue {
  bool is_null = false;
  std::uint32_t offset = 0, length = 0;  // in the row's bytes
};

// Reads rows out of CSV text, however long they are. It pulls the file; the bytes of the row being
// read lie in an area of the caller's (room at the end of a Block), decoded of escapes and quotes
// but still in the file's character set, and never outnumber the bytes they are read from. One
// thread. The protocol is that of sql/dump_reader.h:
//
//   need_room  the row so far is row_bytes() long: another, larger area with set_area(), or the
//   same one grown: moved_area() row        values(), whose bytes start at the area's begin;
//   set_area() before the next one end        the file ended where it may
//
// Errors are final and name offset and row: file_syntax with the importer's `syntax error: …`
// sentences.
class CsvReader {
 public:
  enum class Event : std::uint8_t { need_room, row, end };
  static constexpr std::size_t room_least = 64;  // of an area, beyond what the row has already
  static constexpr std::size_t buffer_bytes = 256 << 10U;

  // `offset` and `rows`: where `file` stands in the text, when an earlier reader was there
  // (row_end_offset(), rows()).
  static Result<CsvReader> open(std::unique_ptr<ByteReader> file, const CsvOptions& options,
                                std::uint64_t offset = 0, std::uint64_t rows = 0);

  void set_area(char* area, std::size_t bytes);    // copies the row so far from the area there was
  void moved_area(char* area, std::size_t bytes);  // the row so far is there already: realloc
  Result<Event> next();

  const std::vector<CsvValue>& values() const { return values_; }
  std::string_view text(const CsvValue& value) const {
    return {area_ + value.offset, value.length};
  }
  std::size_t row_bytes() const { return static_cast<std::size_t>(out_ - area_); }
  std::uint64_t row_offset() const { return row_offset_; }
  std::uint64_t row_end_offset() const { return row_end_offset_; }  // behind its terminator
  std::uint64_t rows() const { return rows_; }                      // delivered, header included

 private:
  enum class State : std::uint8_t { row_start, field_start, plain, quoted, after_quote, finished };
  // What stands at a place of the text.
  enum class Mark : std::uint8_t { none, terminator, separator, delimiter, escape };

  CsvReader(std::unique_ptr<ByteReader> file, CsvOptions options, TextDecoder::Width width);
  void set_up();
  Result<void> fill();
  Mark mark_at(const char* from, std::size_t& length) const;
  Mark mark_here(std::size_t& length) const { return mark_at(at_, length); }
  bool starts_at(const char* from, const std::string& mark) const;
  bool has_room_at(const char* to) const {
    return static_cast<std::size_t>(area_ + area_bytes_ - to) >= room_least;
  }
  bool has_room() const { return has_room_at(out_); }
  std::uint64_t offset() const {
    return buffer_offset_ + static_cast<std::uint64_t>(at_ - buffer_.data());
  }
  std::size_t ahead() const { return static_cast<std::size_t>(end_ - at_); }
  bool is_at_end() const { return at_ == end_ && is_last_; }

  // A row that lies whole in the buffer, in one go. False: this is no such row, or one with an
  // error, and nothing of it was taken; the states below read it piece by piece.
  bool read_whole_row(std::size_t& terminator_bytes);
  bool read_whole_quoted(const char*& from, char*& to);
  // Up to the separator or terminator, which is not taken.
  Mark read_whole_plain(const char*& from, char*& to, std::size_t& length);
  void add_value(char* end);
  // true: a row is complete.
  bool start_row();
  bool start_field();
  Result<bool> read_plain();
  Result<bool> read_quoted();
  Result<bool> read_after_quote();
  const char* copy_to_stop(const char* from, char* to, bool is_quoted) const;
  void copy_run(bool is_quoted);
  void copy_character();
  // What the character behind an escape means.
  static char unescaped(char c);
  static constexpr std::size_t values_most = 10000;  // MySQL has 4096: more is another file
  Result<void> take_escape();
  Result<void> end_field();
  bool end_row(std::size_t terminator_bytes);
  bool is_null_text(std::string_view text) const;
  Error syntax_error(std::string_view what) const;

  std::unique_ptr<ByteReader> file_;
  CsvOptions options_;
  TextDecoder::Width width_;
  std::size_t lookahead_ = 8;  // bytes that must be there to tell what stands at a place
  bool null_is_escape_n_ = false;
  std::vector<std::string> plain_nulls_;  // the other texts that mean NULL
  bool stops_plain_[256] = {},
       stops_quoted_[256] = {};  // bytes at which a run of ordinary ones ends
  char plain_stops_[6] = {},
       quoted_stops_[2] = {};  // the same, for comparing sixteen bytes at once

  std::string buffer_;
  const char *at_ = nullptr, *end_ = nullptr;
  std::uint64_t buffer_offset_ = 0;
  bool is_last_ = false;

  char *area_ = nullptr, *out_ = nullptr;
  std::size_t area_bytes_ = 0;
  State state_ = State::row_start;
  std::vector<CsvValue> values_;
  char* field_ = nullptr;
  bool was_quoted_ = false;
  bool is_escape_n_ = false;  // the field began with \N
  bool is_delivered_ = false;
  std::uint64_t row_offset_ = 0, row_end_offset_ = 0, rows_ = 0;
};

}  // namespace tideway
