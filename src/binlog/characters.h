#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tideway {

// A character set as MySQL knows it, to read characters of the log in. Immutable, lives as long as
// the process; any thread. Tables are those of the C library's iconv where MySQL's agree, and
// charset_differences.def where not.
class CharacterSet {
 public:
  // By name, in any case. Fails where MySQL has no such set, or the C library no table for it. The
  // first call for a set makes its table: milliseconds for the large ones.
  static Result<const CharacterSet*> find(std::string_view name);
  // Of a collation's number; empty: none this knows.
  static std::string_view name_of(std::uint32_t collation);

  // A text of the log under a collation's number, a statement say, in UTF-8; as it is under none
  // (0) and under that of binary.
  static Result<std::string> to_utf8(std::uint32_t collation, std::string_view bytes);

  std::string_view name() const { return name_; }
  std::uint32_t longest() const { return longest_; }    // bytes of a character, at most
  bool is_utf8() const { return form_ == Form::utf8; }  // bytes are UTF-8 as they are

  // Room that write_utf8() needs, and the text of any value in cell text (model/odd_value.h).
  static std::uint64_t room(std::uint64_t bytes) { return 3 * bytes + 4; }
  // The characters in UTF-8, up to what is returned. nullptr: a code has no character, or one that
  // MySQL would not turn back into it.
  char* write_utf8(char* to, std::string_view bytes) const;
  // The same where what has no character is to read as MySQL prints it: '?'.
  char* write_utf8_or_marks(char* to, std::string_view bytes) const;

 private:
  enum class Form : std::uint8_t { utf8, ucs2, utf16, utf16le, utf32, table };
  // What read() takes off the front; 0 bytes: nothing MySQL would read as a character.
  struct Read {
    std::uint32_t character, bytes;
  };
  static constexpr std::uint32_t none = 0xFFFFFFFF;

  CharacterSet(std::string_view name, std::uint32_t longest, Form form)
      : name_(name), longest_(longest), form_(form) {}
  static Result<CharacterSet> make(std::string_view name);
  Result<void> fill(std::string_view iconv_name);
  std::uint32_t* slot(std::uint32_t code);
  Read read(std::string_view bytes) const;
  Read read_table(std::string_view bytes) const;
  template <typename Unreadable>
  char* write(char* to, std::string_view bytes, Unreadable unreadable) const;

  std::string_view name_;
  std::uint32_t longest_;
  Form form_;
  bool has_ascii_ = false;  // codes below 0x80 are those of ASCII
  // By code; none: no character of its own.
  std::array<std::uint32_t, 256> one_ = {};
  std::vector<std::uint32_t> two_, three_, four_;
};

}  // namespace tideway
