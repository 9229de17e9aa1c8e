#include "apply/row_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "apply/enum_error.h"
#include "apply/failure.h"
#include "apply/infile.h"
#include "base/text.h"

namespace tideway {
namespace {

// The number after a name in "Records: 3  Duplicates: 1  Warnings: 0".
std::optional<std::uint64_t> number_after(std::string_view info, std::string_view name) {
  const std::size_t at = info.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  std::uint64_t number = 0;
  const char* from = info.data() + at + name.size();
  while (from != info.data() + info.size() && *from == ' ') ++from;
  if (std::from_chars(from, info.data() + info.size(), number).ec != std::errc())
    return std::nullopt;
  return number;
}

// A strict session refuses most values that do not fit; what it changes and only mentions are
// digits and blanks that were cut off.
bool says_bent(std::string_view code) {
  constexpr std::array<std::string_view, 8> codes = {"1264", "1265", "1292", "1366",
                                                     "1406", "1411", "1048", "1300"};
  return std::ranges::find(codes, code) != codes.end();
}

}  // namespace

Written& Written::operator+=(const Written& other) {
  by_insert += other.by_insert;
  by_infile += other.by_infile;
  ignored += other.ignored;
  replaced += other.replaced;
  return *this;
}

Result<Affected> RowWriter::send(Session& session, const TablePlan& plan, const Block& block,
                                 const Rows& rows, RowRange& range, std::uint64_t max_bytes,
                                 const std::stop_token& stop) {
  if (const auto statement = long_row_statement(plan, on_duplicate_, block, rows, range.first,
                                                max_bytes, long_values_)) {
    range.count = 1;
    return session.execute_long(*statement, long_values_, stop);
  }
  range = write_statement(buffer_, plan, on_duplicate_, block, rows, range, max_bytes, range.count);
  return session.execute(buffer_, stop);
}

tl::expected<Written, RowFailure> RowWriter::insert(Session& session, const TablePlan& plan,
                                                    const Block& block, const Rows& rows,
                                                    RowRange left, std::uint64_t batch_bytes,
                                                    const std::stop_token& stop) {
  Written written;
  const std::uint64_t packet = session.server().max_allowed_packet;
  const std::uint64_t most =
      std::min({batch_bytes, limits_.batch_bytes, packet == 0 ? batch_bytes : packet / 2});
  std::uint32_t singly_until = 0;  // rows before this go one by one
  while (left.count != 0) {
    const std::uint32_t most_rows = left.first < singly_until ? 1 : limits_.batch_rows;
    RowRange range = left;
    range.count = std::min(range.count, most_rows);
    auto affected = send(session, plan, block, rows, range, most, stop);
    const std::uint64_t errors = !affected && affected.error().evidence().server_errno == 1265
                                     ? enum_errors(block, rows, range)
                                     : 0;
    if (errors != 0 && range.count > 1) {
      singly_until = range.first + range.count;  // the server undid the statement
      continue;
    }
    if (errors != 0) {
      write_statement(buffer_, plan, on_duplicate_, block, rows, range, most, 1);
      affected = insert_with_enum_errors(session, buffer_, errors, stop);
    }
    if (buffer_.capacity() > 4 * limits_.batch_bytes)
      buffer_ = std::string();  // one row must not keep its memory
    if (!affected && on_duplicate_ == OnDuplicate::ignore && range.count == 1 &&
        failure_of(affected.error()) == Failure::duplicate) {
      affected = Affected{};  // a statement of one row is a plain INSERT: write_statement()
    } else if (!affected) {
      return tl::unexpected(RowFailure{std::move(affected).error(), range});
    }
    auto counted = count(plan, session, *affected, range, stop);
    if (!counted) return tl::unexpected(RowFailure{std::move(counted).error(), range});
    written += *counted;
    left = {range.first + range.count, left.count - range.count};
  }
  return written;
}

Result<Written> RowWriter::count(const TablePlan& plan, Session& session, const Affected& affected,
                                 RowRange range, const std::stop_token& stop) const {
  if (affected.warnings != 0) TRY(refuse_bent(plan, session, stop));
  Written written;
  switch (on_duplicate_) {
    case OnDuplicate::error:
      if (affected.rows != range.count) {
        return fail(Error(ErrorCode::unexpected_answer, Side::target, Retry::never,
                          fmt::format("{} rows were sent to {}, and the server wrote {}",
                                      range.count, plan.table_name(), affected.rows)));
      }
      break;
    case OnDuplicate::ignore:
      // Affected rows count a row that was there as one, too; only the text tells them apart.
      written.ignored = range.count == 1 ? 1 - std::min<std::uint64_t>(affected.rows, 1)
                                         : number_after(affected.info, "Duplicates:").value_or(0);
      break;
    case OnDuplicate::replace:
      written.replaced = affected.rows > range.count ? affected.rows - range.count : 0;
      break;
  }
  written.by_insert = range.count - written.ignored;
  return written;
}

Result<void> RowWriter::refuse_bent(const TablePlan& plan, Session& session,
                                    const std::stop_token& stop) const {
  const ResultTable warnings = TRY(session.warnings(stop));
  for (const auto& row : warnings.rows) {
    if (row.size() < 3 || !says_bent(row[1].value_or(""))) continue;
    Evidence evidence;
    evidence.table = plan.table_name();
    evidence.server_text = row[2].value_or("");
    std::from_chars(row[1]->data(), row[1]->data() + row[1]->size(), evidence.server_errno);
    return fail(Error(ErrorCode::row_rejected, Side::target, Retry::never, std::move(evidence),
                      "the target would store a row changed"));
  }
  return {};
}

Result<bool> RowWriter::load(Session& session, const TablePlan& plan, const Block& block,
                             const Rows& rows, const std::stop_token& stop) {
  InfileRows file(plan, block, rows, {0, rows.row_count});
  const auto affected = TRY(session.load_infile(
      infile_statement(plan),
      [&](std::span<char> buffer) -> Result<std::size_t> { return file.fill(buffer); }, stop));
  return affected.warnings == 0 && affected.rows == rows.row_count;
}

namespace {

// The item's rows before `range`, and before it whole items of the block: rows that were fine.
std::vector<std::pair<const Rows*, RowRange>> rows_before(const Block& block, const Rows& rows,
                                                          RowRange range) {
  std::vector<std::pair<const Rows*, RowRange>> before;
  for (const Item& item : block.items()) {
    const auto* earlier = std::get_if<Rows>(&item);
    if (earlier == nullptr) continue;
    if (earlier == &rows) break;
    if (earlier->table == rows.table) before.emplace_back(earlier, RowRange{0, earlier->row_count});
  }
  if (range.first != 0) before.emplace_back(&rows, RowRange{0, range.first});
  return before;
}

Error with_row(const Error& error, const TablePlan& plan, const Block& block, const Rows& rows,
               std::uint32_t row, bool is_ours) {
  Evidence evidence = error.evidence();
  evidence.table = plan.table_name();
  evidence.key = key_text(plan, block, rows, row);
  const bool is_duplicate = failure_of(error) == Failure::duplicate;
  std::string message =
      is_duplicate ? fmt::format("{} already has a row with the key of the source's row {}",
                                 plan.table_name(), evidence.key)
                   : fmt::format("{} takes no row with {}", plan.table_name(), evidence.key);
  if (!is_ours) message += " (the row was not found again: the first of its statement is shown)";
  return Error(error.code(), Side::target, error.retry(), std::move(evidence), std::move(message));
}

}  // namespace

Error RowWriter::name_row(Session& session, const TablePlan& plan, const Block& block,
                          const Rows& rows, RowFailure failure, const std::stop_token& stop) {
  if (!failure.range) return std::move(failure.error);
  RowRange range = *failure.range;
  Error error = std::move(failure.error);
  const auto replay = [&]() -> Result<bool> {
    for (const auto& [item, earlier] : rows_before(block, rows, range)) {
      const auto written = insert(session, plan, block, *item, earlier, limits_.batch_bytes, stop);
      if (!written) return fail(written.error().error);
    }
    while (range.count > 1) {
      const RowRange half{range.first, range.count / 2};
      const auto written = insert(session, plan, block, rows, half, limits_.batch_bytes, stop);
      if (written) {
        range = {half.first + half.count, range.count - half.count};
      } else if (failure_of(written.error().error) == failure_of(error)) {
        range = *written.error().range;  // the server undid this statement; those before it stay
      } else {
        return fail(written.error().error);
      }
    }
    auto last = insert(session, plan, block, rows, range, limits_.batch_bytes, stop);
    if (last) return false;
    error = std::move(last.error().error);
    return true;
  };
  const auto found = session.is_broken() ? Result<bool>(false) : replay();
  if (!session.is_broken())
    static_cast<void>(session.execute("ROLLBACK", stop));  // nothing follows on this session
  return with_row(error, plan, block, rows, range.first, found && *found);
}

}  // namespace tideway
