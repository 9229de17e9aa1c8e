#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tideway {

// How characters compare, as far as it can be known without a server's weight tables: ASCII
// exactly, and letters of scripts that no collation takes for Latin.
struct Collation {
  enum class Order : std::uint8_t {
    bytes,
    upper_case,  // _general_ci: by the code of the upper-case letter
    unicode,     // UCA: punctuation, digits, letters
  };
  Order order = Order::bytes;
  bool is_case_sensitive = true;
  bool pads = false;  // as if the shorter text ended with spaces
  bool operator==(const Collation&) const = default;
};

// nullopt: a collation with rules of its own (a language's).
std::optional<Collation> collation_named(std::string_view name);
// What the server gives literals of utf8mb4 that meet no column.
Collation literal_collation();

enum class Compared : std::uint8_t { less, equal, greater, different, unknown };
Compared compare_texts(const Collation& collation, std::string_view one, std::string_view other);

// LIKE: % and _, `escape` before either ('\0': none). nullopt: it depends on weights unknown here.
std::optional<bool> matches_like(const Collation& collation, std::string_view text,
                                 std::string_view pattern, char escape);

}  // namespace tideway
