#include "model/json_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "model/utf8.h"

namespace tideway {
namespace {

constexpr int deepest = 1000;

void append_utf8(std::string& out, std::uint32_t point) {
  char bytes[most_utf8];
  out.append(bytes, put_utf8(bytes, point));
}

void append_string(std::string& out, std::string_view characters) {
  static constexpr std::string_view digits = "0123456789abcdef";
  static constexpr std::string_view named = "\"\\\b\f\n\r\t", letters = "\"\\bfnrt";
  out += '"';
  for (const char c : characters) {
    const auto byte = static_cast<unsigned char>(c);
    if (const std::size_t at = named.find(c); at != std::string_view::npos) {
      out += '\\';
      out += letters[at];
    } else if (byte < 0x20) {
      out += "\\u00";
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    } else {
      out += c;
    }
  }
  out += '"';
}

// One pass over a document: each value is printed where it is read, and the members of an object
// are put in order when it ends. False: it is no JSON.
class Printer {
 public:
  Printer(std::string_view text, std::string& out) : text_(text), out_(out) {}
  bool print() {
    if (!value(0)) return false;
    skip_space();
    return at_ == text_.size();
  }

 private:
  struct Member {
    std::string name;
    std::size_t begin, end;  // of its value in what was printed
  };

  bool value(int depth) {
    skip_space();
    if (at_ == text_.size() || depth > deepest) return false;
    const char c = text_[at_];
    if (c == '{') return object(depth);
    if (c == '[') return array(depth);
    if (c == '"') {
      std::string characters;
      if (!string(characters)) return false;
      append_string(out_, characters);
      return true;
    }
    return word("true") || word("false") || word("null") || number();
  }

  bool object(int depth) {
    ++at_;
    const std::size_t begin = out_.size();
    std::vector<Member> members;
    if (!accept('}')) {
      do {
        Member member{{}, 0, 0};
        skip_space();
        if (!string(member.name) || !accept(':')) return false;
        member.begin = out_.size();
        if (!value(depth + 1)) return false;
        member.end = out_.size();
        members.push_back(std::move(member));
      } while (accept(','));
      if (!accept('}')) return false;
    }
    put_in_order(members, begin);
    return true;
  }

  void put_in_order(std::vector<Member>& members, std::size_t begin) {
    std::ranges::sort(members, [](const Member& one, const Member& other) {
      return std::pair(one.name.size(), std::string_view(one.name)) <
             std::pair(other.name.size(), std::string_view(other.name));
    });
    std::string whole = "{";
    for (const Member& member : members) {
      if (whole.size() > 1) whole += ", ";
      append_string(whole, member.name);
      whole += ": ";
      whole.append(out_, member.begin, member.end - member.begin);
    }
    out_.resize(begin);
    out_ += whole;
    out_ += '}';
  }

  bool array(int depth) {
    ++at_;
    out_ += '[';
    if (!accept(']')) {
      while (true) {
        if (!value(depth + 1)) return false;
        if (accept(']')) break;
        if (!accept(',')) return false;
        out_ += ", ";
      }
    }
    out_ += ']';
    return true;
  }

  bool string(std::string& characters) {
    if (at_ == text_.size() || text_[at_] != '"') return false;
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c != '\\') {
        characters += c;
      } else if (!escape(characters)) {
        return false;
      }
    }
    return false;
  }

  // At the backslash; leaves at_ on the last character of the escape.
  bool escape(std::string& characters) {
    static constexpr std::string_view letters = "\"\\/bfnrt", named = "\"\\/\b\f\n\r\t";
    if (++at_ == text_.size()) return false;
    if (text_[at_] != 'u') {
      const std::size_t which = letters.find(text_[at_]);
      if (which == std::string_view::npos) return false;
      characters += named[which];
      return true;
    }
    std::uint32_t point = 0, low = 0;
    if (!four_digits(point)) return false;
    const bool is_high = point >= 0xD800 && point < 0xDC00;
    if (is_high && text_.substr(at_ + 1, 2) == "\\u") {
      at_ += 2;
      if (!four_digits(low) || low < 0xDC00 || low >= 0xE000) return false;
      point = 0x10000 + ((point - 0xD800) << 10U) + (low - 0xDC00);
    }
    append_utf8(characters, point);
    return true;
  }

  // Behind the `u`; leaves at_ on the last of the digits.
  bool four_digits(std::uint32_t& value) {
    if (text_.size() - at_ < 5) return false;
    const char* begin = text_.data() + at_ + 1;
    const auto [end, error] = std::from_chars(begin, begin + 4, value, 16);
    at_ += 4;
    return error == std::errc() && end == begin + 4;
  }

  bool number() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_of_number(text_[at_])) ++at_;
    const std::string_view token = text_.substr(begin, at_ - begin);
    if (token.empty()) return false;
    if (token.find_first_of(".eE") == std::string_view::npos) {
      out_ += token;
      return true;
    }
    double value = 0;
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
    if (error != std::errc() || end != token.data() + token.size()) return false;
    const std::size_t printed = out_.size();
    append_mysql_double(out_, value);
    if (out_.find_first_of(".e", printed) == std::string::npos) out_ += ".0";
    return true;
  }

  static bool is_of_number(char c) {
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
  }

  bool word(std::string_view wanted) {
    if (text_.substr(at_, wanted.size()) != wanted) return false;
    at_ += wanted.size();
    out_ += wanted;
    return true;
  }

  bool accept(char wanted) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  void skip_space() { at_ = std::min(text_.find_first_not_of(" \t\n\r", at_), text_.size()); }

  const std::string_view text_;
  std::string& out_;
  std::size_t at_ = 0;
};

}  // namespace

char* write_mysql_double(char* to, double value) {
  const double size = std::fabs(value);
  const bool has_fraction = size != std::trunc(size);
  const bool is_plain = size == 0 || (size >= 1e-15 && (size < 1e15 || has_fraction));
  char* const end =
      std::to_chars(to, to + most_mysql_double, value,
                    is_plain ? std::chars_format::fixed : std::chars_format::scientific)
          .ptr;
  if (is_plain) return end;
  // 1e+15 and 1e-07 here, 1e15 and 1e-7 there.
  char* const exponent = std::find(to, end, 'e');
  if (exponent == end) return end;
  char* at = exponent + 1;
  const char* digits = at + 1;
  if (*at == '-') ++at;
  while (digits + 1 < end && *digits == '0') ++digits;
  return std::copy(digits, static_cast<const char*>(end), at);
}

void append_mysql_double(std::string& out, double value) {
  std::array<char, most_mysql_double> text;
  out.append(text.data(), write_mysql_double(text.data(), value));
}

void append_mysql_json(std::string& out, std::string_view document) {
  const std::size_t begin = out.size();
  if (Printer(document, out).print()) return;
  out.resize(begin);
  out += document;
}

}  // namespace tideway
