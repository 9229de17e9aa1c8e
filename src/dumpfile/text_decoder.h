#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tideway {

// Bytes of one of MySQL's character sets, as UTF-8. One thread.
class TextDecoder {
 public:
  // Names as MySQL and the importer spell them, any case. Error not_supported: a set that is not
  // known here. latin1 is MySQL's: Windows-1252, with the five bytes that has no character for as
  // U+0081 and so on.
  static Result<TextDecoder> open(std::string_view charset);
  TextDecoder(TextDecoder&& other) noexcept;
  TextDecoder& operator=(TextDecoder&&) = delete;
  ~TextDecoder();

  // utf8, utf8mb4, ascii, binary: bytes pass as they are, unchecked.
  bool is_identity() const { return kind_ == Kind::identity; }
  // How the bytes must be scanned: characters of which a byte can look like ASCII.
  enum class Width : std::uint8_t { bytes, gbk, gb18030 };
  Width width() const { return width_; }

  // Appends the text. nullopt: all was understood; otherwise the place of the first byte that is no
  // character, and what comes before it was appended. With `replacement`, such bytes become that
  // and nothing is refused.
  std::optional<std::size_t> decode(std::string_view bytes, std::string& out,
                                    const std::string* replacement = nullptr);

 private:
  enum class Kind : std::uint8_t { identity, latin1, library };
  TextDecoder(Kind kind, Width width, void* handle) : kind_(kind), width_(width), handle_(handle) {}
  Kind kind_;
  Width width_;
  void* handle_;  // iconv's
};

// Text in UTF-8 as bytes of the character set: separators and delimiters. Error charset: it has no
// such characters.
Result<std::string> encoded(std::string_view charset, std::string_view text);

}  // namespace tideway
