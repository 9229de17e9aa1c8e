#include "mysql/table_digest.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

namespace tideway {
namespace {

// A non-negative decimal number of any length, modulo 2^64: what unsigned arithmetic gives digit by
// digit.
std::optional<std::uint64_t> parse_modulo(std::string_view digits) {
  if (digits.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

Result<Digest> to_digest(const ResultTable& answer, DigestStrength strength, Side side,
                         std::string_view from) {
  const std::size_t width = strength == DigestStrength::strong ? 5 : 3;
  std::vector<std::uint64_t> sums;
  if (answer.rows.size() == 1 && answer.rows[0].size() == width) {
    for (const auto& cell : answer.rows[0]) {
      if (const auto sum = cell ? parse_modulo(*cell) : std::nullopt) sums.push_back(*sum);
    }
  }
  if (sums.size() != width) {
    return fail(
        Error(ErrorCode::unexpected_answer, side, Retry::never,
              fmt::format("the digest of {} came back in a form that is no row of {} whole numbers",
                          from, width)));
  }
  sums.resize(5);
  return Digest{sums[0], sums[1], static_cast<std::uint32_t>(sums[2]), sums[3], sums[4]};
}

}  // namespace

Result<Digest> digest_rows(Session& session, std::string_view from, const TableDef& table,
                           const ColumnSet& columns, std::string_view where,
                           DigestStrength strength, const std::stop_token& stop) {
  const std::string sql =
      fmt::format("SELECT {} FROM {}{}{}", digest_select_list(table, columns, strength), from,
                  where.empty() ? "" : " WHERE ", where);
  const ResultTable answer =
      TRY_DURING(fmt::format("asking for the digest of {}", from), session.query(sql, stop));
  return to_digest(answer, strength, session.endpoint().side, from);
}

}  // namespace tideway
