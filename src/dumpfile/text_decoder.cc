#include "dumpfile/text_decoder.h"

#include <fmt/core.h>
#include <iconv.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "base/text.h"

namespace tideway {
namespace {

// MySQL's name and iconv's. The server's latin1, gbk and sjis are Microsoft's forms of them.
constexpr std::array<std::pair<std::string_view, const char*>, 27> library_names{{
    {"gbk", "GBK"},           {"gb18030", "GB18030"},   {"gb2312", "EUC-CN"},
    {"big5", "BIG5-HKSCS"},   {"sjis", "CP932"},        {"cp932", "CP932"},
    {"ujis", "EUC-JP"},       {"eucjpms", "EUC-JP-MS"}, {"euckr", "UHC"},
    {"latin2", "ISO-8859-2"}, {"latin5", "ISO-8859-9"}, {"latin7", "ISO-8859-13"},
    {"greek", "ISO-8859-7"},  {"hebrew", "ISO-8859-8"}, {"cp1250", "CP1250"},
    {"cp1251", "CP1251"},     {"cp1256", "CP1256"},     {"cp1257", "CP1257"},
    {"cp850", "CP850"},       {"cp852", "CP852"},       {"cp866", "CP866"},
    {"koi8r", "KOI8-R"},      {"koi8u", "KOI8-U"},      {"tis620", "TIS-620"},
    {"utf16", "UTF-16BE"},    {"utf16le", "UTF-16LE"},  {"ucs2", "UTF-16BE"},
}};

constexpr std::array<char16_t, 32> windows_1252{
    0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x8D,   0x017D, 0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};

void append_utf8(std::string& out, char16_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

const char* library_name(const std::string& charset) {
  if (charset == "utf32") return "UTF-32BE";
  for (const auto& [name, library] : library_names) {
    if (name == charset) return library;
  }
  return nullptr;
}

bool is_identity_name(const std::string& charset) {
  return charset.empty() || charset == "binary" || charset == "utf8" || charset == "utf8mb3" ||
         charset == "utf8mb4" || charset == "ascii";
}

Error unknown(std::string_view charset) {
  return {ErrorCode::not_supported, Side::local, Retry::never,
          fmt::format("the character set '{}' cannot be converted", charset)};
}

bool is_none(iconv_t handle) { return reinterpret_cast<std::intptr_t>(handle) == -1; }

}  // namespace

Result<TextDecoder> TextDecoder::open(std::string_view charset) {
  const std::string name = ascii_lower(charset);
  if (is_identity_name(name)) return TextDecoder(Kind::identity, Width::bytes, nullptr);
  if (name == "latin1") return TextDecoder(Kind::latin1, Width::bytes, nullptr);
  const char* library = library_name(name);
  if (library == nullptr) return fail(unknown(charset));
  const iconv_t handle = ::iconv_open("UTF-8", library);
  if (is_none(handle)) return fail(unknown(charset));
  const Width width =
      name == "gb18030" ? Width::gb18030 : (name == "gbk" ? Width::gbk : Width::bytes);
  return TextDecoder(Kind::library, width, handle);
}

TextDecoder::TextDecoder(TextDecoder&& other) noexcept
    : kind_(other.kind_), width_(other.width_), handle_(std::exchange(other.handle_, nullptr)) {}

TextDecoder::~TextDecoder() {
  if (handle_ != nullptr) ::iconv_close(static_cast<iconv_t>(handle_));
}

std::optional<std::size_t> TextDecoder::decode(std::string_view bytes, std::string& out,
                                               const std::string* replacement) {
  if (kind_ == Kind::identity) {
    out.append(bytes);
    return std::nullopt;
  }
  if (kind_ == Kind::latin1) {
    for (const char c : bytes) {
      const auto byte = static_cast<unsigned char>(c);
      append_utf8(out, byte >= 0x80 && byte < 0xA0 ? windows_1252[byte - 0x80U] : char16_t{byte});
    }
    return std::nullopt;
  }
  ::iconv(static_cast<iconv_t>(handle_), nullptr, nullptr, nullptr, nullptr);
  char* from = const_cast<char*>(bytes.data());
  std::size_t left = bytes.size();
  while (left != 0) {
    std::array<char, 1024> piece{};
    char* to = piece.data();
    std::size_t room = piece.size();
    const std::size_t result = ::iconv(static_cast<iconv_t>(handle_), &from, &left, &to, &room);
    out.append(piece.data(), piece.size() - room);
    if (result != static_cast<std::size_t>(-1) || errno == E2BIG) continue;
    if (replacement == nullptr) return bytes.size() - left;
    out.append(*replacement);
    ++from;
    --left;
  }
  return std::nullopt;
}

Result<std::string> encoded(std::string_view charset, std::string_view text) {
  const std::string name = ascii_lower(charset);
  if (is_identity_name(name)) return std::string(text);
  const char* library = name == "latin1" ? "CP1252" : library_name(name);
  if (library == nullptr) return fail(unknown(charset));
  const iconv_t handle = ::iconv_open(library, "UTF-8");
  if (is_none(handle)) return fail(unknown(charset));
  std::string made(text.size() * 4 + 16, '\0');
  char *from = const_cast<char*>(text.data()), *to = made.data();
  std::size_t left = text.size(), room = made.size();
  const std::size_t result = ::iconv(handle, &from, &left, &to, &room);
  ::iconv_close(handle);
  if (result == static_cast<std::size_t>(-1)) {
    return fail(
        Error(ErrorCode::charset, Side::local, Retry::never,
              fmt::format("'{}' cannot be written in the character set {}", text, charset)));
  }
  made.resize(made.size() - room);
  return made;
}

}  // namespace tideway
