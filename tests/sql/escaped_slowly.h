#pragma once

#include <string>
#include <string_view>

namespace tideway {

// What a literal between single quotes holds for these bytes, one after the other, as the manual
// page of mysql_real_escape_string() has it: the oracle of what looks at sixteen at a time.
inline std::string escaped_slowly(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\0':
        out += "\\0";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\'':
        out += "\\'";
        break;
      case '"':
        out += "\\\"";
        break;
      case '\x1A':
        out += "\\Z";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace tideway
