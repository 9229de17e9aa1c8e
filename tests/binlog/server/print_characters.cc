// print_characters SET: for each line of hex, the characters of these bytes in UTF-8 as hex; behind
// it what is delivered where a set's values need not come back: the same, or `-` for those that do
// not. Asked by tests/cases/test_binlog_characters.py.
#include <iostream>
#include <string>

#include "base/text.h"
#include "binlog/characters.h"

int main(int argc, char** argv) {
  const auto set = tideway::CharacterSet::find(argc == 2 ? argv[1] : "");
  if (!set) {
    std::cerr << set.error().to_line() << '\n';
    return 1;
  }
  for (std::string line; std::getline(std::cin, line);) {
    const auto bytes = tideway::from_hex(line);
    if (!bytes) return 2;
    std::string text(tideway::CharacterSet::room(bytes->size()), '\0');
    const char* end = (*set)->write_utf8_or_marks(text.data(), *bytes);
    std::cout << tideway::to_hex({text.data(), static_cast<std::size_t>(end - text.data())});
    end = (*set)->write_utf8(text.data(), *bytes);
    std::cout << ' '
              << (end == nullptr
                      ? "-"
                      : tideway::to_hex({text.data(), static_cast<std::size_t>(end - text.data())}))
              << '\n';
  }
  return 0;
}
