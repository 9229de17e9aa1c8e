#pragma once

#include <stop_token>

#include "base/result.h"
#include "mysql/inquirer.h"
#include "verify/compare.h"
#include "verify/report.h"
#include "verify/side_table.h"

namespace tideway {

// A table on one side, and who is asked about it.
struct MatchSide {
  Inquirer& server;
  const SideTable& table;
};

// Finds the rows in which two sides of one table differ, and writes them into its report. One
// thread.
class Matching {
 public:
  Matching(MatchSide source, MatchSide target, const CompareOptions& options, TableReport& report)
      : source_(source), target_(target), options_(options), report_(report) {}

  // A span of keys: halved while both halves are large, skipping halves that are equal; then
  // matched row by row.
  Result<void> match_span(const KeySpan& span, const std::stop_token& stop);
  // The whole table as two lists of row MD5s in order, streamed; memory does not grow with the
  // table.
  Result<void> match_whole(const std::stop_token& stop);

 private:
  Result<void> match_rows(const KeySpan& span, const std::stop_token& stop);
  Result<void> match_streams(Session& source, Session& target, const std::stop_token& stop);
  void add(DifferenceKind kind, std::string key, std::uint64_t rows);

  const MatchSide source_, target_;
  const CompareOptions& options_;
  TableReport& report_;
};

}  // namespace tideway
