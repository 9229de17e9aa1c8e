#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "apply/log_ddl.h"
#include "apply/log_state.h"
#include "base/crew.h"
#include "flow/sink.h"

namespace tideway {

// Takes the log apart into units, says what each touches, and hands them to the lanes, which it
// starts and joins. One thread.
class LogWriter : public Writer {
 public:
  LogWriter(LogSink::Shared& shared, std::uint64_t piece_bytes);
  ~LogWriter() override;
  Result<void> start(std::vector<LaneRow> rows, std::vector<Loan> loans);

  Result<void> write(Block block, const std::stop_token& stop) override;
  Result<void> finish(const std::stop_token& stop) override;

 private:
  // What a unit touches.
  struct Touches {
    std::vector<std::uint64_t> keys;
    std::vector<std::uint32_t> tables, chains;
    void clear();
  };
  struct Part {
    UnitRows rows;
    std::uint64_t log_rows = 0;  // of the unit, up to the part's end
  };

  // First all of a block is planned and hashed, then its units are handed on: lanes read what this
  // thread would otherwise still be adding to.
  Result<void> plan_block(BlockWork& work, const std::stop_token& stop);
  Result<void> plan_rows(BlockWork& work, std::size_t item, const std::stop_token& stop);
  Result<void> leave_out(const UnreadRows& unread, const UnitId* unit, const std::stop_token& stop);
  Result<void> hand_on(const std::shared_ptr<BlockWork>& work);

  PendingUnit& open_unit();
  void take_rows(const std::shared_ptr<BlockWork>& work, RowsWork& rows);
  Result<void> take_change(const std::shared_ptr<const SchemaChange>& change,
                           const std::stop_token& stop);
  Result<void> end_unit(const UnitEnd& end);
  Result<void> end_block(const Block& block, const UnitPart* part);
  void hand_out_touches();  // under the mutex
  void split(const UnitId& id);
  void add_piece(const UnitId& id, Part part, bool is_last);
  Result<void> lanes_failed();

  LogSink::Shared& shared_;
  const std::uint64_t piece_bytes_;
  std::optional<SplitUnit> half_written_;  // by an earlier run, and not met yet
  PendingUnit* open_ = nullptr;
  Touches touches_;                     // of the open unit
  std::vector<Part> parts_;             // of it
  UnitRows rows_;                       // of the block at hand, that belong to it
  std::uint64_t held_bytes_ = 0;        // of its earlier blocks
  std::vector<ChangedTables> changes_;  // of the block at hand
  std::size_t next_change_ = 0;
  Crew crew_;  // last: its threads use what is above
};

}  // namespace tideway
