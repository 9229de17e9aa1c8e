#pragma once

#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "apply/target_tables.h"
#include "base/guarded.h"
#include "base/result.h"
#include "progress/log_progress.h"

namespace tideway {

// Tables that are left out, and how much of them. Any thread.
class LogParking {
 public:
  explicit LogParking(LogProgress& progress) : progress_(progress) {}
  void take_up(TargetTables& tables);  // those that were parked before

  // The table and those that refer to it, durably, before anybody leaves out a row of it.
  Result<void> park(TargetTable& table, const ShapePtr& shape, const std::string& from_unit,
                    const std::string& reason, const std::stop_token& stop);
  void count_dropped(const TargetTable& table, std::uint64_t rows);
  Result<void> write_counts(const std::stop_token& stop);  // when there is something new
  std::vector<ParkedTable> parked() const;

 private:
  struct Entry {
    ParkedTable parked;
    bool is_counted = true;  // in the target
  };
  LogProgress& progress_;
  Guarded<std::map<TableId, Entry>> entries_;
};

}  // namespace tideway
