#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "model/table_id.h"

namespace tideway {

// What rules kept from the target: how much of which table, and which rule. Rows and statements of
// this run of the process.
struct Dropped {
  TableId table;  // of the source; without a name: its database
  std::string reason;
  std::uint64_t rows = 0, statements = 0;
  bool operator==(const Dropped&) const = default;
};

// Counts it. Any thread.
class DropCounts {
 public:
  struct Count {
    std::atomic<std::uint64_t> rows = 0, statements = 0;
  };
  // The same place for the same table and reason; good as long as this is.
  Count& of(const TableId& table, const std::string& reason) {
    return counts_.with([&](auto& counts) -> Count& { return counts[{table, reason}]; });
  }
  // In the order of tables; what was never counted is left out.
  std::vector<Dropped> list() const {
    std::vector<Dropped> list;
    counts_.with([&list](const auto& counts) {
      for (const auto& [key, count] : counts) {
        if (count.rows != 0 || count.statements != 0)
          list.push_back({key.first, key.second, count.rows, count.statements});
      }
    });
    return list;
  }

 private:
  Guarded<std::map<std::pair<TableId, std::string>, Count>> counts_;
};

}  // namespace tideway
