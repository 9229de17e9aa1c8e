#include "sql/server_rules.h"

#include <algorithm>
#include <array>
#include <utility>

#include "sql/charset.h"

namespace tideway {
namespace {

constexpr std::uint64_t real_as_float = 0x1, strict_trans_tables = 0x200000,
                        strict_all_tables = 0x400000;  // of sql_mode

struct Collation {
  std::uint32_t number;
  std::string_view name;
};
constexpr std::size_t collation_count = 0
#define COLLATION(number, name) +1
#include "sql/collations.def"
#undef COLLATION
    ;
constexpr std::array<Collation, collation_count> collations = {{
#define COLLATION(number, name) {number, name},
#include "sql/collations.def"
#undef COLLATION
}};

using Width = std::pair<std::string_view, std::uint32_t>;
constexpr std::array<Width, 16> wide_characters = {{{"big5", 2},
                                                    {"cp932", 2},
                                                    {"eucjpms", 3},
                                                    {"euckr", 2},
                                                    {"gb18030", 4},
                                                    {"gb2312", 2},
                                                    {"gbk", 2},
                                                    {"sjis", 2},
                                                    {"ucs2", 2},
                                                    {"ujis", 3},
                                                    {"utf16", 4},
                                                    {"utf16le", 4},
                                                    {"utf32", 4},
                                                    {"utf8mb3", 3},
                                                    {"utf8mb4", 4},
                                                    {"utf8", 3}}};

}  // namespace

std::string_view collation_of_number(std::uint32_t number) {
  const auto* const found = std::ranges::find(collations, number, &Collation::number);
  return found == collations.end() ? std::string_view() : found->name;
}

ServerRules rules_of(const SessionContext& session) {
  ServerRules rules;
  rules.version = session.server_version;
  rules.is_strict = (session.sql_mode & (strict_trans_tables | strict_all_tables)) != 0;
  rules.real_is_float = (session.sql_mode & real_as_float) != 0;
  const bool is_new = rules.is_mysql_from(80000);
  rules.explicit_timestamps = session.explicit_defaults_for_timestamp.value_or(is_new);
  rules.utf8mb4_collation = is_new ? "utf8mb4_0900_ai_ci" : "utf8mb4_general_ci";
  if (session.utf8mb4_collation) {
    const std::string_view told = collation_of_number(*session.utf8mb4_collation);
    if (!told.empty()) rules.utf8mb4_collation = std::string(told);
  }
  rules.server_collation = std::string(collation_of_number(session.server_collation));
  return rules;
}

std::string default_collation(std::string_view charset, const ServerRules& rules) {
  return canonical_charset(charset) == "utf8mb4" ? rules.utf8mb4_collation
                                                 : default_collation(charset);
}

std::uint32_t longest_character(std::string_view charset) {
  const std::string name = canonical_charset(charset);
  const auto* const found =
      std::ranges::find(wide_characters, std::string_view(name), &Width::first);
  return found == wide_characters.end() ? 1 : found->second;
}

}  // namespace tideway
