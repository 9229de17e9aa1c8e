#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "flow/ledger.h"
#include "model/stream.h"
#include "mysql/session.h"
#include "progress/job_progress.h"

namespace tideway {

// Where a stream stands in the target: what its chunk row says.
struct ChunkState {
  StreamState stream;
  std::uint64_t commit_no = 0;  // target transactions of this stream that committed, ever
};

// The chunk rows of a job. Read once, at open(), then kept in memory beside the rows; this process
// is the only one that changes them, since everybody else is fenced. Any thread. `progress`
// outlives it.
class TargetLedger : public Ledger {
 public:
  // After JobProgress::clear_tables().
  static Result<std::unique_ptr<TargetLedger>> open(JobProgress& progress,
                                                    const std::stop_token& stop);

  Result<std::vector<StreamState>> streams(const TableId& table) override;
  // One transaction for as many rows as a statement holds; TW802 when fenced.
  Result<void> plan(std::span<const Stream> streams) override;

  std::vector<TableId> tables() const;                   // that have streams
  Result<ChunkState> chunk(const Stream& stream) const;  // TW109 if it was never planned

  // --- a writer's transaction ---
  // Its first statement: moves the chunk row from `now` to `next` (commit_no + 1). Error 1048 from
  // the server: the job was taken over, or the row is not where `now` says; 0 affected rows: the
  // row is gone. Neither may be followed by COMMIT.
  std::string advance_statement(const ChunkState& now, const StreamState& next) const;
  // After COMMIT was answered, or was_committed() said so.
  void advanced(const ChunkState& now, const StreamState& next);
  // A COMMIT whose answer never came: did it happen? `session` is a new one, made with
  // JobProgress::open_session(), which killed the old one. TW802 if the row moved otherwise.
  Result<bool> was_committed(Session& session, const ChunkState& now,
                             const std::stop_token& stop) const;

 private:
  explicit TargetLedger(JobProgress& progress) : progress_(progress) {}
  using Chunks = std::map<TableId, std::map<std::uint64_t, ChunkState>>;
  JobProgress& progress_;
  Guarded<Chunks> chunks_;
};

}  // namespace tideway
