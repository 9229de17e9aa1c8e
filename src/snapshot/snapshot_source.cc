#include "snapshot/snapshot_source.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "snapshot/chunk_reader.h"
#include "snapshot/read_plan.h"
#include "snapshot/reader_sessions.h"

namespace tideway {
namespace {

// A table's own trouble, after which its session goes on and other tables can be read.
bool is_about_the_table(const Error& error, const Session& session) {
  if (session.is_broken()) return false;
  return error.code() == ErrorCode::table_gone || error.code() == ErrorCode::definition_changed ||
         error.code() == ErrorCode::server_refused;
}

Error snapshot_lost(const Error& error) {
  return {ErrorCode::snapshot_lost, Side::source, Retry::new_session, error.evidence(),
          "a session that held the snapshot was lost: " + error.message()};
}

}  // namespace

// What readers share. A snapshot that grew too old is changed for a new one when every reader
// has finished its chunk: the last one to come does it, the others wait.
class SnapshotSource::State {
 public:
  State(Snapshot& opened, std::vector<ListedTable> tables, Ledger& ledger, MemoryArbiter& memory,
        ReadOptions asked)
      : snapshot(opened),
        arbiter(memory),
        options(std::move(asked)),
        plan(std::move(tables), ledger, options) {}

  Result<std::optional<Snapshot::Lease>> enter(const std::stop_token& stop) {
    {
      const std::scoped_lock lock(mutex_);
      ++readers_;
    }
    return lease(stop);
  }

  void leave() {
    {
      const std::scoped_lock lock(mutex_);
      --readers_;
    }
    changed_.notify_all();
  }

  bool is_renewal_due(Session& session, const std::stop_token& stop) {
    const bool is_too_old = snapshot.is_too_old(session, stop);
    const std::scoped_lock lock(mutex_);
    wants_renewal_ = wants_renewal_ || is_too_old;
    return wants_renewal_;
  }

  // Takes part in a renewal; the caller's lease was given back. nullopt: the new snapshot has fewer
  // readers, and this one is not needed; it has left then.
  Result<std::optional<Snapshot::Lease>> renew(const std::stop_token& stop) {
    bool opens = false;
    {
      std::unique_lock lock(mutex_);
      ++waiting_;
      const bool is_over = changed_.wait(
          lock, stop, [this] { return !wants_renewal_ || (waiting_ == readers_ && !is_opening_); });
      opens = is_over && wants_renewal_;
      is_opening_ = is_opening_ || opens;
      if (!opens) --waiting_;
    }
    if (opens) {
      auto opened = snapshot.reopen(stop);
      if (opened && options.on_point)
        opened = options.on_point(*snapshot.point(snapshot.point_count() - 1), stop);
      {
        const std::scoped_lock lock(mutex_);
        wants_renewal_ = is_opening_ = false;
        --waiting_;
      }
      changed_.notify_all();
      TRY(std::move(opened));
    }
    return lease(stop);
  }

  Snapshot& snapshot;
  MemoryArbiter& arbiter;
  const ReadOptions options;
  ReadPlan plan;

 private:
  Result<std::optional<Snapshot::Lease>> lease(const std::stop_token& stop) {
    auto lease = snapshot.lease(stop);
    if (lease) return std::optional(std::move(*lease));
    std::size_t others = 0;
    {
      const std::scoped_lock lock(mutex_);
      others = --readers_;
    }
    changed_.notify_all();
    if (stop.stop_requested() || (others != 0 && lease.error().code() == ErrorCode::snapshot_lost))
      return std::optional<Snapshot::Lease>();
    return fail(std::move(lease).error());
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::size_t readers_ = 0, waiting_ = 0;
  bool wants_renewal_ = false, is_opening_ = false;
};

namespace {

class SnapshotReader : public Reader {
 public:
  using State = SnapshotSource::State;

  explicit SnapshotReader(std::shared_ptr<State> state) : state_(std::move(state)) {}
  ~SnapshotReader() override {
    chunk_.reset();
    if (!lease_) return;
    lease_.reset();
    state_->leave();
  }

  Result<void> open(const std::stop_token& stop) {
    lease_ = TRY(state_->enter(stop));
    return {};
  }

  Result<std::optional<Block>> next(const std::stop_token& stop) override {
    auto block = next_block(stop);
    // Being stopped is no error.
    if (!block && stop.stop_requested()) return std::optional<Block>();
    return block;
  }

 private:
  Result<std::optional<Block>> next_block(const std::stop_token& stop) {
    while (lease_ && !stop.stop_requested()) {
      if (!chunk_ && !TRY(begin_chunk(stop))) break;
      if (!chunk_) continue;
      auto block = chunk_->next(stop);
      if (!block) {
        TRY(recover(std::move(block).error(), stop));
        continue;
      }
      state_->plan.reading(chunk_->task(), block->row_count(), block->byte_count());
      if (chunk_->is_over()) TRY(end_chunk(stop));
      return std::optional(std::move(*block));
    }
    return std::optional<Block>();
  }

  // False: nothing is left. The chunk may be absent all the same: its table failed.
  Result<bool> begin_chunk(const std::stop_token& stop) {
    if (state_->is_renewal_due(lease_->session(), stop)) {
      lease_.reset();
      lease_ = TRY(state_->renew(stop));
      return lease_.has_value();
    }
    auto planned = state_->plan.next(lease_->session(), stop);
    if (!planned) {
      if (lease_->session().is_broken()) return fail(snapshot_lost(planned.error()));
      return fail(std::move(planned).error());
    }
    if (!*planned) return false;
    ChunkTask task = std::move(**planned);
    const std::size_t table = task.table;
    chunk_.emplace(ChunkReader::Settings{state_->arbiter, state_->options}, std::move(task),
                   state_->plan.table(table), state_->plan.key(table));
    tries_left_ = tries;
    if (auto begun = chunk_->begin(lease_->session(), stop); !begun)
      TRY(recover(std::move(begun).error(), stop));
    return true;
  }

  Result<void> end_chunk(const std::stop_token& stop) {
    const std::size_t point = lease_->point();
    if (auto released = release_metadata_locks(lease_->session(), stop); !released) {
      // The chunk itself is whole; what follows needs a session that sees the snapshot.
      const Error error = std::move(released).error();
      if (!lease_->session().is_broken()) return fail(error);
      lease_.reset();
      state_->leave();
      lease_ = TRY_DURING(snapshot_lost(error).message(), state_->enter(stop));
    }
    state_->plan.finished(chunk_->task(), chunk_->rows(), chunk_->bytes(), point);
    chunk_.reset();
    return {};
  }

  // A table that fails alone is left where it is. A lost session is replaced where that is allowed,
  // and the chunk goes on behind the last block.
  Result<void> recover(Error error, const std::stop_token& stop) {
    const ChunkTask& task = chunk_->task();
    error = std::move(error).during("reading " + quoted(task.stream->table));
    Session& session = lease_->session();
    if (is_about_the_table(error, session)) {
      const std::size_t table = task.table;
      chunk_.reset();
      state_->plan.failed(table, std::move(error));
      return release_metadata_locks(session, stop);
    }
    if (!session.is_broken()) return fail(std::move(error));
    const PointPtr point = state_->snapshot.point(lease_->point());
    const bool is_replaced = point->rung == Rung::none || !point->timestamp.empty();
    if (!is_replaced || tries_left_ == 0) return fail(snapshot_lost(error));
    --tries_left_;
    LOG(info, "a reader's session was lost and is opened again", {{"error", error.to_line()}});
    chunk_->abandon();
    lease_.reset();
    if (!real_clock().wait(backoff_.next(), stop)) return {};
    lease_.emplace(TRY(state_->snapshot.lease(stop)));
    auto begun = chunk_->begin(lease_->session(), stop);
    if (!begun) return recover(std::move(begun).error(), stop);
    if (!*begun) return fail(snapshot_lost(error));
    return {};
  }

  static constexpr int tries = 3;
  const std::shared_ptr<State> state_;
  std::optional<Snapshot::Lease> lease_;
  std::optional<ChunkReader> chunk_;
  int tries_left_ = tries;
  Backoff backoff_;
};

}  // namespace

SnapshotSource::SnapshotSource(Snapshot& snapshot, std::vector<ListedTable> tables, Ledger& ledger,
                               MemoryArbiter& arbiter, ReadOptions options)
    : state_(std::make_shared<State>(snapshot, std::move(tables), ledger, arbiter,
                                     std::move(options))) {}
SnapshotSource::~SnapshotSource() = default;

std::size_t SnapshotSource::readers_max() const { return state_->snapshot.readers(); }

Result<std::unique_ptr<Reader>> SnapshotSource::open_reader(const std::stop_token& stop) {
  auto reader = std::make_unique<SnapshotReader>(state_);
  if (auto opened = reader->open(stop); !opened && !stop.stop_requested())
    return fail(std::move(opened).error());
  return reader;
}

ReadEstimate SnapshotSource::estimate() const { return state_->plan.estimate(); }
std::vector<FailedTable> SnapshotSource::failed() const { return state_->plan.failed_tables(); }

std::vector<TableReading> SnapshotSource::readings() const {
  std::vector<TableReading> readings;
  for (const ReadPlan::Read& read : state_->plan.read_tables()) {
    readings.push_back({read.table, state_->snapshot.point(read.first_point),
                        state_->snapshot.point(read.last_point)});
  }
  return readings;
}

}  // namespace tideway
