#include "mysql/table_digest.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/memory.h"
#include "model/block.h"

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

constexpr std::uint64_t block_bytes = 256U << 10U;

// Reads a result block by block; `take` sees each row's cells.
Result<void> each_row(Session& session, const std::string& sql, std::size_t width,
                      const std::function<Result<void>(const Block&, std::span<const Cell>)>& take,
                      const std::stop_token& stop) {
  static const TablePtr no_table = std::make_shared<TableDef>();
  std::vector<std::uint32_t> ordinals(width);
  std::iota(ordinals.begin(), ordinals.end(), 0U);
  const ColumnSet columns(std::move(ordinals));
  MemoryArbiter arbiter(block_bytes);
  const auto rows = TRY(session.stream(sql, stop));
  bool has_more = true;
  while (has_more) {
    auto loan = arbiter.borrow(block_bytes, stop);
    if (!loan)
      return fail(Error(ErrorCode::stopped, Side::local, Retry::after_operator,
                        "stopped while reading rows"));
    Block block(std::make_shared<Stream>(), std::move(*loan));
    block.begin_rows(no_table, ChangeKind::insert, {}, columns);
    bool fits = true;
    while (has_more && fits) has_more = TRY(rows->next_row(block, fits, stop));
    const Rows& read = std::get<Rows>(block.items().front());
    const auto cells = std::as_const(block).cells(read);
    for (std::size_t row = 0; row < read.row_count; ++row)
      TRY(take(block, cells.subspan(row * width, width)));
  }
  return {};
}

std::string cell_list(const TableDef& table, const ColumnSet& columns) {
  std::string list;
  for (const std::uint32_t column : columns)
    list += (list.empty() ? "" : ",") + cell_expression(table.columns[column]);
  return list;
}

// Only the types count to a digester: a table that lives as long as it.
TablePtr shared_copy(const TableDef& table) { return std::make_shared<TableDef>(table); }

Result<Digest> digest_here(Session& session, std::string_view from, const TableDef& table,
                           const ColumnSet& columns, std::string_view where,
                           DigestStrength strength, const std::stop_token& stop) {
  RowDigester digester(shared_copy(table), columns, strength, dialect_of(session.server()));
  const std::string sql = fmt::format("SELECT {} FROM {}{}{}", cell_list(table, columns), from,
                                      where.empty() ? "" : " WHERE ", where);
  TRY(each_row(
      session, sql, columns.size(),
      [&digester](const Block& block, std::span<const Cell> cells) -> Result<void> {
        digester.add_row(block, cells.data());
        return {};
      },
      stop));
  return digester.digest();
}

}  // namespace

SqlDialect dialect_of(const Server& server) {
  return server.kind == ServerKind::tidb ? SqlDialect::tidb : SqlDialect::mysql;
}

Result<Digest> digest_rows(Session& session, std::string_view from, const TableDef& table,
                           const ColumnSet& columns, std::string_view where,
                           DigestStrength strength, const std::stop_token& stop) {
  // TiDB would gather a derived table in one place; there each storage node sums its own rows.
  const SqlDialect dialect = dialect_of(session.server());
  const bool held = !where.empty() && dialect != SqlDialect::tidb;
  if (!has_row_text_expression(table, columns, dialect)) {
    return TRY_DURING(fmt::format("reading {} for its digest", from),
                      digest_here(session, from, table, columns, where, strength, stop));
  }
  const std::string sql = digest_statement(table, columns, from, where, strength,
                                           held ? DigestQuery::once : DigestQuery::direct, dialect);
  const ResultTable answer =
      TRY_DURING(fmt::format("asking for the digest of {}", from), session.query(sql, stop));
  return to_digest(answer, strength, session.endpoint().side, from);
}

Result<void> read_prints(Session& session, const PrintQuestion& question, const TakePrint& take,
                         const std::stop_token& stop) {
  const SqlDialect dialect = dialect_of(session.server());
  const bool here = !has_row_text_expression(question.table, question.columns, dialect);
  const std::string texts =
      here ? cell_list(question.table, question.columns)
           : fmt::format("MD5({})", row_text_expression(question.table, question.columns, dialect));
  const std::string sql = fmt::format(
      "SELECT {}{}{} FROM {}{}{}{}{}", texts, question.beside.empty() ? "" : ",",
      fmt::join(question.beside, ","), question.from, question.where.empty() ? "" : " WHERE ",
      question.where, question.order.empty() ? "" : " ORDER BY ", question.order);
  const std::size_t own = here ? question.columns.size() : 1;
  RowDigester digester(shared_copy(question.table), question.columns, DigestStrength::strong,
                       dialect);
  const auto take_row = [&](const Block& block, std::span<const Cell> cells) -> Result<void> {
    std::vector<std::string> beside;
    const auto others = here ? cells.subspan(own) : cells;
    for (const Cell& cell : others) {
      if (cell.is_null())
        return fail(Error(ErrorCode::unexpected_answer, session.endpoint().side, Retry::never,
                          fmt::format("a row of {} came back in an unexpected form: a NULL in {}",
                                      question.from, fmt::join(question.beside, ", "))));
      beside.emplace_back(block.text(cell));
    }
    if (here) return take(digester.md5_of_row(block, cells.data()), std::move(beside));
    std::string md5 = std::move(beside.front());
    beside.erase(beside.begin());
    return take(std::move(md5), std::move(beside));
  };
  return each_row(session, sql, own + question.beside.size(), take_row, stop);
}

}  // namespace tideway
