#include "sql/escapes.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sql/escaped_slowly.h"

namespace tideway {
namespace {

std::string written(std::string_view text) {
  std::vector<char> room(Escapes::bound(text.size()), '#');
  const char* const end = literal_escapes.write(room.data(), text);
  return std::string(static_cast<const char*>(room.data()), end);
}

TEST(Escapes, every_byte_at_every_place_is_written_as_byte_by_byte) {
  for (std::size_t length = 1; length <= 40; ++length) {
    for (std::size_t at = 0; at < length; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text(length, 'a');
        text[at] = static_cast<char>(byte);
        ASSERT_EQ(written(text), escaped_slowly(text)) << length << ' ' << at << ' ' << byte;
      }
    }
  }
}

TEST(Escapes, a_text_of_nothing_else_stays_inside_its_bound) {
  const std::string text(1000, '\'');
  EXPECT_EQ(written(text), escaped_slowly(text));
}

TEST(Escapes, a_text_of_many_slices_is_appended_whole) {
  std::string text, out = "before ";
  for (int i = 0; i < 300'000; ++i) text += static_cast<char>(i * 7 % 251);
  literal_escapes.append_to(out, text);
  EXPECT_EQ(out, "before " + escaped_slowly(text));
}

TEST(Escapes, a_smaller_set_leaves_the_other_bytes) {
  constexpr Escapes tabs{{'\t', 't'}};
  std::string out;
  tabs.append_to(out, "a\tb\\c'd\n and sixteen more\t");
  EXPECT_EQ(out, "a\\tb\\c'd\n and sixteen more\\t");
}

}  // namespace
}  // namespace tideway
