#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "apply/method_choice.h"
#include "apply/statement.h"
#include "apply/table_plan.h"
#include "base/result.h"
#include "model/block.h"
#include "mysql/session.h"

namespace tideway {

// What became of rows of one transaction; counts only once that committed.
struct Written {
  std::uint64_t by_insert = 0, by_infile = 0, ignored = 0, replaced = 0;
  Written& operator+=(const Written& other);
};

// Why rows did not go in: the error, and the statement's rows when it was about rows.
struct RowFailure {
  Error error;
  std::optional<RowRange> range;
};

// Sends rows of a block over a session whose transaction is open, by statements or as a pretended
// file. Knows nothing of progress, retries or COMMIT. One thread; the buffer is borrowed once by
// whoever makes it.
class RowWriter {
 public:
  struct Limits {
    std::uint64_t batch_bytes = 1ULL << 20U;
    std::uint32_t batch_rows = 20'000;
  };
  RowWriter(OnDuplicate on_duplicate, Limits limits)
      : on_duplicate_(on_duplicate), limits_(limits) {}

  // Rows by statements of at most `batch_bytes` (a governor may ask for less than the limit).
  tl::expected<Written, RowFailure> insert(Session& session, const TablePlan& plan,
                                           const Block& block, const Rows& rows, RowRange range,
                                           std::uint64_t batch_bytes, const std::stop_token& stop);

  // All rows of the item as a file. false: the server took them otherwise than they were meant, and
  // the transaction must be rolled back.
  Result<bool> load(Session& session, const TablePlan& plan, const Block& block, const Rows& rows,
                    const std::stop_token& stop);

  // Finds the first row that the server refuses, by halves, in a transaction of its own that is
  // rolled back; rows of the block before it are written first, so that rows at odds with each
  // other are found as well. The error names table, column and key.
  Error name_row(Session& session, const TablePlan& plan, const Block& block, const Rows& rows,
                 RowFailure failure, const std::stop_token& stop);

 private:
  // One statement of the first of the rows; `range` becomes those.
  Result<Affected> send(Session& session, const TablePlan& plan, const Block& block,
                        const Rows& rows, RowRange& range, std::uint64_t max_bytes,
                        const std::stop_token& stop);
  Result<Written> count(const TablePlan& plan, Session& session, const Affected& affected,
                        RowRange range, const std::stop_token& stop) const;
  Result<void> refuse_bent(const TablePlan& plan, Session& session,
                           const std::stop_token& stop) const;

  const OnDuplicate on_duplicate_;
  const Limits limits_;
  std::string buffer_;
  std::vector<LongValue> long_values_;
};

}  // namespace tideway
