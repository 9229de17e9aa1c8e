#include "mysql/nth_row.h"

#include <fmt/format.h>

namespace tideway {

Result<std::optional<std::vector<std::string>>> nth_row(Session& session, std::string_view select,
                                                        std::uint64_t n,
                                                        const std::stop_token& stop) {
  const ResultTable answer = TRY(session.query(fmt::format("{} LIMIT {},1", select, n - 1), stop));
  if (answer.rows.empty()) return std::optional<std::vector<std::string>>();
  std::vector<std::string> cells;
  for (const auto& cell : answer.rows[0]) {
    if (!cell) {
      return fail(Error(ErrorCode::unexpected_answer, session.endpoint().side, Retry::never,
                        fmt::format("a key came back with NULL in it: {}", select)));
    }
    cells.push_back(*cell);
  }
  return std::optional(std::move(cells));
}

}  // namespace tideway
