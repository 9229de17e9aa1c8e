#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

#include "apply/failure.h"
#include "apply/row_writer.h"
#include "apply/sink_state.h"
#include "base/memory.h"
#include "flow/sink.h"
#include "model/digest.h"
#include "mysql/session.h"
#include "progress/session_name.h"

namespace tideway {

// One session's worth of a CopySink: each block it takes is one transaction, committed and recorded
// when write() returns. One thread.
class CopyWriter : public Writer {
 public:
  // `loan` is its statement buffer's memory, borrowed before it took anything.
  CopyWriter(CopySink::Shared& shared, Loan loan);
  Result<void> write(Block block, const std::stop_token& stop) override;
  Result<void> finish(const std::stop_token& stop) override;

 private:
  using StreamKey = std::pair<TableId, std::uint64_t>;
  // A stream between its first block and its end.
  struct OpenStream {
    ChunkState now;                       // as the target has it
    Digest before;                        // of the rows earlier runs wrote
    Digest run;                           // of this run's rows so far
    std::optional<RowDigester> digester;  // for rows of this definition and these columns
    TablePtr table;
    ColumnSet columns;
  };
  // What an attempt that failed leaves to be looked at.
  struct Attempt {
    std::optional<RowFailure> rows;  // a statement's rows were refused
    const Rows* item = nullptr;      // the item they are of
    PlanPtr plan;
    bool is_bent = false;  // a file's rows arrived changed: the same block again, by statements
  };

  Result<OpenStream*> open_stream(const Block& block);
  void digest(OpenStream& stream, const Block& block);
  Result<void> commit(const Block& block, OpenStream& stream, const StreamState& next,
                      const std::stop_token& stop);
  Result<void> attempt(const Block& block, const ChunkState& now, const StreamState& next,
                       Attempt& state, const std::stop_token& stop);
  Result<void> write_rows(const Block& block, const ChunkState& now, const StreamState& next,
                          std::uint64_t batch_bytes, Attempt& state, const std::stop_token& stop);
  Result<void> write_item(const Block& block, const Rows& rows, std::uint64_t batch_bytes,
                          Attempt& state, const std::stop_token& stop);
  Result<void> load_item(const Block& block, const Rows& rows, const PlannedTable& table,
                         Attempt& state, const std::stop_token& stop);
  Result<void> wait_before_next(const Error& error, Backoff& backoff, const std::stop_token& stop);
  Result<void> open_session(const std::stop_token& stop);
  void roll_back(const std::stop_token& stop);

  CopySink::Shared& shared_;
  const Loan loan_;
  RowWriter row_writer_;
  std::optional<Session> session_;
  std::optional<SessionName> session_name_;  // of the last session, also after it broke
  bool is_in_doubt_ = false;                 // COMMIT was sent and its answer did not come
  bool without_infile_ = false;              // for the block at hand
  Written written_;                          // by the transaction at hand
  std::map<StreamKey, OpenStream> streams_;
};

}  // namespace tideway
