#include "sql/tidb_labels.h"

#include <algorithm>

#include "base/text.h"

namespace tideway {
namespace {

// The end of what stands between quotes that begin at `at`, as every other text of the statement is
// written: the quote doubled, a backslash before the character that it escapes.
std::size_t end_of_quoted(std::string_view text, std::size_t at) {
  const char quote = text[at++];
  for (; at < text.size(); ++at) {
    if (text[at] == '\\' && quote != '`') {
      ++at;
    } else if (text[at] == quote) {
      if (at + 1 == text.size() || text[at + 1] != quote) return at + 1;
      ++at;
    }
  }
  return text.size();
}

// One label, from its opening to its closing quote.
std::size_t append_label(std::string& out, std::string_view text, std::size_t at) {
  out += text[at++];
  for (; at < text.size(); ++at) {
    const char next = at + 1 < text.size() ? text[at + 1] : '\0';
    if (text[at] == '\'' && next != '\'') {
      out += '\'';
      return at + 1;
    }
    if (text[at] == '\'') {
      out += "''";
      ++at;
    } else if (text[at] == '\\' && next != 'n' && next != 'r' && next != '0') {
      out += "\\\\";
    } else {
      out += text[at];
    }
  }
  return at;
}

bool opens_labels(std::string_view text, std::size_t at) {
  constexpr std::string_view openings[] = {"enum('", "set('"};
  const bool begins_word = at == 0 || text[at - 1] == ' ';
  return begins_word && std::ranges::any_of(openings, [&](std::string_view opening) {
           return ascii_lower(text.substr(at, opening.size())) == opening;
         });
}

}  // namespace

std::string with_readable_labels(std::string_view create_text) {
  std::string out;
  out.reserve(create_text.size());
  std::size_t at = 0;
  while (at < create_text.size()) {
    const char c = create_text[at];
    if (c == '\'' || c == '"' || c == '`') {
      const std::size_t end = end_of_quoted(create_text, at);
      out += create_text.substr(at, end - at);
      at = end;
    } else if ((c == 'e' || c == 's') && opens_labels(create_text, at)) {
      const std::size_t list = create_text.find('\'', at);
      out += create_text.substr(at, list - at);
      at = list;
      while (at < create_text.size() && create_text[at] == '\'') {
        at = append_label(out, create_text, at);
        if (at >= create_text.size() || create_text[at] != ',') break;
        out += create_text[at++];
      }
    } else {
      out += c;
      ++at;
    }
  }
  return out;
}

}  // namespace tideway
