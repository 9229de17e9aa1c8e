#include "binlog/json_binary.h"

#include <array>
#include <bit>
#include <string>

#include "binlog/event_bytes.h"
#include "binlog/table_map.h"
#include "binlog/value_text.h"
#include "model/json_text.h"

namespace tideway {
namespace {

enum class Kind : std::uint8_t {
  small_object = 0,
  large_object = 1,
  small_array = 2,
  large_array = 3,
  literal = 4,
  int16 = 5,
  uint16 = 6,
  int32 = 7,
  uint32 = 8,
  int64 = 9,
  uint64 = 10,
  real = 11,
  string = 12,
  opaque = 15,
};

constexpr int deepest = 128;  // servers allow 100
// Every value has at least three bytes of its own in a document, of which the longest text is that
// of a string of control characters (6 for one). A document that prints longer refers to the same
// bytes many times.
constexpr std::size_t text_per_byte = 12, text_more = 512;

void print_string(CellOut& out, std::string_view characters) {
  static constexpr std::string_view digits = "0123456789abcdef";
  out.append('"');
  std::size_t plain = 0;  // where what needs no escape begins
  for (std::size_t i = 0; i < characters.size(); ++i) {
    const char c = characters[i];
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && c != '"' && c != '\\') continue;
    static constexpr std::string_view named = "\"\\\b\f\n\r\t", letters = "\"\\bfnrt";
    out.append(characters.substr(plain, i - plain));
    plain = i + 1;
    out.append('\\');
    if (const std::size_t at = named.find(c); at != std::string_view::npos) {
      out.append(letters[at]);
    } else {
      out.append("u00");
      out.append(digits[byte >> 4U]);
      out.append(digits[byte & 15U]);
    }
  }
  out.append(characters.substr(plain));
  out.append('"');
}

// In lines of 76 characters, as servers do inside of a string: 5.7 with the line end as it is,
// which is no JSON.
void print_base64(CellOut& out, JsonPrinter printer, std::string_view bytes) {
  static constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr std::size_t line = 76 / 4;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    if (i != 0 && i / 3 % line == 0) out.append(printer == JsonPrinter::mysql57 ? "\n" : "\\n");
    std::uint32_t group = 0;
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8U | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      out.append(k <= count ? digits[group >> (18 - 6 * k) & 63U] : '=');
  }
}

class Printer {
 public:
  Printer(JsonPrinter printer, std::size_t most, CellOut& out)
      : printer_(printer), most_(most), out_(out) {}

  // `bytes` is the value and whatever stands behind it.
  bool value(Kind kind, std::string_view bytes, int depth) {
    if (depth > deepest || out_.size() > most_) return false;
    EventBytes reader(bytes);
    switch (kind) {
      case Kind::small_object:
      case Kind::large_object:
        return container(bytes, true, kind == Kind::large_object ? 4 : 2, depth);
      case Kind::small_array:
      case Kind::large_array:
        return container(bytes, false, kind == Kind::large_array ? 4 : 2, depth);
      case Kind::literal:
        return literal(reader.u8()) && !reader.has_failed();
      case Kind::int16:
        return whole(static_cast<std::int16_t>(reader.u16()), reader);
      case Kind::uint16:
        return whole(reader.u16(), reader);
      case Kind::int32:
        return whole(static_cast<std::int32_t>(reader.u32()), reader);
      case Kind::uint32:
        return whole(reader.u32(), reader);
      case Kind::int64:
        return whole(static_cast<std::int64_t>(reader.u64()), reader);
      case Kind::uint64: {
        std::array<char, most_value_text> text;
        const char* end = write_unsigned(text.data(), reader.u64());
        out_.append({text.data(), static_cast<std::size_t>(end - text.data())});
        return !reader.has_failed();
      }
      case Kind::real:
        return real(std::bit_cast<double>(reader.u64())) && !reader.has_failed();
      case Kind::string: {
        const std::string_view text = reader.take(length(reader));
        if (reader.has_failed()) return false;
        print_string(out_, text);
        return true;
      }
      case Kind::opaque: {
        const std::uint8_t type = reader.u8();
        const std::string_view content = reader.take(length(reader));
        return !reader.has_failed() && opaque(type, content);
      }
    }
    return false;
  }

 private:
  // Seven bits a byte, the lowest first; the highest bit says that there is more.
  static std::uint64_t length(EventBytes& reader) {
    constexpr unsigned most_bits = 35;
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < most_bits; shift += 7) {
      const std::uint8_t byte = reader.u8();
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if ((byte & 0x80U) == 0) return value;
    }
    return UINT64_MAX;  // which is not there
  }

  bool literal(std::uint8_t value) {
    static constexpr std::array<std::string_view, 3> words = {"null", "true", "false"};
    if (value >= words.size()) return false;
    out_.append(words[value]);
    return true;
  }

  bool whole(std::int64_t value, const EventBytes& reader) {
    std::array<char, most_value_text> text;
    const char* end = write_signed(text.data(), value);
    out_.append({text.data(), static_cast<std::size_t>(end - text.data())});
    return !reader.has_failed();
  }

  bool real(double value) {
    number_.clear();
    append_mysql_double(number_, value);
    if (printer_ == JsonPrinter::mysql80 && number_.find_first_of(".en") == std::string::npos)
      number_ += ".0";
    out_.append(number_);
    return true;
  }

  // count, size (`width` bytes each, from whose start all places are counted), [for each key: place
  // and 2 bytes of length], for each value: a kind and `width` bytes of it or its place; keys,
  // values.
  bool container(std::string_view bytes, bool is_object, std::size_t width, int depth) {
    EventBytes head(bytes);
    const std::uint64_t count = head.number(width), size = head.number(width);
    const std::uint64_t key_entry = is_object ? width + 2 : 0, value_entry = width + 1;
    const std::uint64_t head_size = 2 * width + count * (key_entry + value_entry);
    if (head.has_failed() || size > bytes.size() || head_size > size) return false;
    bytes = bytes.substr(0, size);
    out_.append(is_object ? '{' : '[');
    for (std::uint64_t i = 0; i < count; ++i) {
      if (i != 0) out_.append(", ");
      if (is_object) {
        EventBytes entry(bytes.substr(2 * width + i * key_entry));
        const std::uint64_t at = entry.number(width), length = entry.u16();
        if (at > size || length > size - at) return false;
        print_string(out_, bytes.substr(at, length));
        out_.append(": ");
      }
      EventBytes entry(bytes.substr(2 * width + count * key_entry + i * value_entry));
      const auto kind = static_cast<Kind>(entry.u8());
      if (is_inline(kind, width)) {
        if (!value(kind, entry.rest().substr(0, width), depth + 1)) return false;
      } else {
        const std::uint64_t at = entry.number(width);
        if (at < head_size || at > size) return false;
        if (!value(kind, bytes.substr(at), depth + 1)) return false;
      }
    }
    out_.append(is_object ? '}' : ']');
    return true;
  }

  static bool is_inline(Kind kind, std::size_t width) {
    switch (kind) {
      case Kind::literal:
      case Kind::int16:
      case Kind::uint16:
        return true;
      case Kind::int32:
      case Kind::uint32:
        return width == 4;
      default:
        return false;
    }
  }

  bool opaque(std::uint8_t type, std::string_view content) {
    constexpr std::uint32_t all_digits = 6;
    std::array<char, 128> text;
    char* end = text.data();
    EventBytes reader(content);
    switch (static_cast<LogType>(type)) {
      case LogType::new_decimal: {
        const std::uint32_t precision = reader.u8(), scale = reader.u8();
        if (precision > 65 || scale > precision || precision == 0) return false;
        if (reader.rest().size() != decimal_bytes(precision, scale)) return false;
        end = write_decimal(end, reinterpret_cast<const unsigned char*>(reader.rest().data()),
                            precision, scale);
        break;
      }
      case LogType::date:
        *end++ = '"';
        end = write_packed_date(end, static_cast<std::int64_t>(reader.u64()));
        *end++ = '"';
        break;
      case LogType::datetime:
      case LogType::timestamp:
        *end++ = '"';
        end = write_packed_datetime(end, static_cast<std::int64_t>(reader.u64()), all_digits);
        *end++ = '"';
        break;
      case LogType::time:
        *end++ = '"';
        end = write_packed_time(end, static_cast<std::int64_t>(reader.u64()), all_digits);
        *end++ = '"';
        break;
      default: {
        out_.append("\"base64:type");
        end = write_unsigned(end, type);
        *end++ = ':';
        out_.append({text.data(), static_cast<std::size_t>(end - text.data())});
        print_base64(out_, printer_, content);
        out_.append('"');
        return true;
      }
    }
    out_.append({text.data(), static_cast<std::size_t>(end - text.data())});
    return !reader.has_failed();
  }

  const JsonPrinter printer_;
  const std::size_t most_;
  CellOut& out_;
  std::string number_;
};

}  // namespace

bool print_json(std::string_view document, JsonPrinter printer, CellOut& out) {
  if (document.empty()) {  // what INSERT IGNORE leaves in a column that may not be NULL
    out.append("null");
    return true;
  }
  Printer whole(printer, out.size() + document.size() * text_per_byte + text_more, out);
  return whole.value(static_cast<Kind>(document.front()), document.substr(1), 0);
}

}  // namespace tideway
