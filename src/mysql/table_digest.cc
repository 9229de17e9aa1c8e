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
  static constexpr std::size_t width = 3;
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
  if (strength == DigestStrength::strong) return Digest{sums[0], 0, 0, sums[1], sums[2]};
  return Digest{sums[0], sums[1], static_cast<std::uint32_t>(sums[2]), 0, 0};
}

}  // namespace

Result<Digest> digest_rows(Session& session, std::string_view from, const TableDef& table,
                           const ColumnSet& columns, std::string_view where,
                           DigestStrength strength, const std::stop_token& stop) {
  // TiDB would gather a derived table in one place; there each storage node sums its own rows.
  const bool held = !where.empty() && session.server().kind != ServerKind::tidb;
  const std::string sql = digest_statement(table, columns, from, where, strength,
                                           held ? DigestQuery::once : DigestQuery::direct);
  const ResultTable answer =
      TRY_DURING(fmt::format("asking for the digest of {}", from), session.query(sql, stop));
  return to_digest(answer, strength, session.endpoint().side, from);
}

}  // namespace tideway
