#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tideway {

// Replacements in a text, collected in any order and made at once. Ranges may lie in one another;
// the outer one wins.
class TextEdit {
 public:
  explicit TextEdit(std::string_view text) : text_(text) {}

  void replace(std::size_t begin, std::size_t end, std::string with);
  void insert(std::size_t at, std::string what) { replace(at, at, std::move(what)); }
  // Takes the range away, and white space before it.
  void remove(std::size_t begin, std::size_t end);
  std::string apply() const;
  std::string_view text() const { return text_; }

 private:
  struct Replacement {
    std::size_t begin, end;
    std::string with;
  };
  std::string_view text_;
  std::vector<Replacement> replacements_;
};

}  // namespace tideway
