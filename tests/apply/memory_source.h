#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "apply/rows.h"
#include "flow/ledger.h"
#include "flow/source.h"

namespace tideway::testing {

// A table that exists in memory only, and how it is cut.
struct MemoryTable {
  TablePtr table;
  std::vector<Cells> rows;
  bool has_marks =
      true;  // false: like a table without a key, one stream that cannot be taken up again
  std::size_t rows_per_stream = 40, rows_per_block = 10;
};

// Hands on the rows of such tables as a snapshot would: plans its streams first, leaves out what
// the ledger has, goes on after marks. Any number of readers.
class MemorySource : public Source {
 public:
  MemorySource(std::vector<MemoryTable> tables, MemoryArbiter& arbiter, Ledger& ledger,
               DigestStrength strength);
  Result<void> plan();  // once, before run()
  std::size_t readers_max() const override { return 4; }
  Result<std::unique_ptr<Reader>> open_reader(const std::stop_token& stop) override;

  // From here on every stream's end tells another digest than that of its rows.
  void lie() { is_lying_ = true; }

 private:
  friend class MemoryReader;
  struct Work {
    const MemoryTable* table;
    StreamPtr stream;
    std::size_t next, end;  // rows
  };
  std::vector<MemoryTable> tables_;
  MemoryArbiter& arbiter_;
  Ledger& ledger_;
  const DigestStrength strength_;
  bool is_lying_ = false;
  std::vector<Work> work_;
  std::atomic<std::size_t> next_work_ = 0;
};

}  // namespace tideway::testing
