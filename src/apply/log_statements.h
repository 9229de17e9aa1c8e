#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apply/log_changes.h"
#include "mysql/session.h"

namespace tideway {

// One statement for the target, and what its server has to answer.
struct LogStatement {
  std::string sql;
  std::vector<LongValue> values;          // one for each `?`
  std::optional<std::uint64_t> expected;  // rows found; nullopt: whatever is there
  TargetTable* table = nullptr;
  const RowChange* change = nullptr;  // the first it makes
  std::uint32_t changes = 0;
};

struct StatementLimits {
  std::uint64_t bytes = 1ULL << 20U;
  std::uint32_t rows = 2000;
};

// Appends one statement (several for a change that has to be replayed), to be sent in order, for
// the run's changes from `first` on; returns the first that is left. With limits.rows = 1 each
// change has its own. Pure.
std::size_t write_statement(const ChangeRun& run, std::size_t first, const StatementLimits& limits,
                            std::vector<LogStatement>& statements);

// Columns, as the target names them, to which a change gives the error value of their ENUM.
std::vector<std::string> enum_error_columns(const RowChange& change);

// A change for people: the key, and both images, cut to some kilobytes.
std::string evidence_of(const RowChange& change);
std::string key_of(const RowChange& change);

}  // namespace tideway
