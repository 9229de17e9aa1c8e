#include "apply/copy_writer.h"

#include <fmt/format.h>

#include <utility>

#include "apply/infile.h"
#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "progress/meta_session.h"

namespace tideway {
namespace {

constexpr Duration space_interval = std::chrono::seconds(5);

Error stopped() {
  return Error(ErrorCode::stopped, Side::local, Retry::never, "stopped while writing");
}

std::string name_of(const Stream& stream) {
  return fmt::format("chunk {} of {}", stream.ordinal, quoted(stream.table));
}

const StreamEnd* end_of(const Block& block) {
  for (const Item& item : block.items()) {
    if (const auto* end = std::get_if<StreamEnd>(&item)) return end;
  }
  return nullptr;
}

Error digests_differ(const Stream& stream, const Digest& sent, const Digest& read) {
  return Error(
      ErrorCode::digest_differs, Side::local, Retry::never,
      fmt::format("{}: read {}, sent to the target {}; the table is copied again at the next start",
                  name_of(stream), to_text(read), to_text(sent)));
}

// A server that will not take files for a reason of its own, not of the rows.
bool refuses_infile(const Error& error) {
  const std::uint32_t number = error.evidence().server_errno;
  return number == 1148 || number == 3948 || number == 2068 || number == 4166;
}

}  // namespace

CopyWriter::CopyWriter(CopySink::Shared& shared, Loan loan)
    : shared_(shared),
      loan_(std::move(loan)),
      row_writer_(shared.options.on_duplicate, {.batch_bytes = shared.options.batch_bytes,
                                                .batch_rows = shared.options.batch_rows}) {}

Result<void> CopyWriter::finish(const std::stop_token& /*stop*/) {
  return {};
}  // every write() is durable

Result<void> CopyWriter::write(Block block, const std::stop_token& stop) {
  const Stream& stream = block.stream();
  OpenStream& open = *TRY(open_stream(block));
  digest(open, block);
  const StreamEnd* end = end_of(block);
  StreamState next = open.now.stream;
  next.mark = block.mark();
  next.digest = open.before;
  next.digest += open.run;
  next.is_done = end != nullptr;
  if (end != nullptr && end->digest != open.run) {
    // Bytes changed between reader and writer. A stream that is half written without a mark makes
    // its table start over.
    next.is_done = false;
    next.mark.clear();
    TRY(commit(block, open, next, stop));
    return fail(digests_differ(stream, open.run, end->digest));
  }
  if (block.row_count() == 0 && end == nullptr) return {};
  TRY_DURING("writing " + name_of(stream), commit(block, open, next, stop));
  if (end != nullptr) streams_.erase({stream.table, stream.ordinal});
  return {};
}

Result<CopyWriter::OpenStream*> CopyWriter::open_stream(const Block& block) {
  const StreamKey key(block.stream().table, block.stream().ordinal);
  const auto found = streams_.find(key);
  if (found != streams_.end()) return &found->second;
  OpenStream open;
  open.now = TRY(shared_.ledger.chunk(block.stream()));
  open.before = open.now.stream.digest;
  if (open.now.stream.is_done) {
    return fail(Error(ErrorCode::internal, Side::local, Retry::never,
                      name_of(block.stream()) + " was read although the target has it"));
  }
  return &streams_.emplace(key, std::move(open)).first->second;
}

void CopyWriter::digest(OpenStream& stream, const Block& block) {
  for (const Item& item : block.items()) {
    const auto* rows = std::get_if<Rows>(&item);
    if (rows == nullptr) continue;
    if (!stream.digester || stream.table != rows->table || stream.columns != rows->after) {
      stream.digester.emplace(rows->table, rows->after, shared_.options.strength);
      stream.table = rows->table;
      stream.columns = rows->after;
    }
    stream.digester->reset();
    stream.digester->add(block, *rows);
    stream.run += stream.digester->digest();
  }
}

// One block, until it is in the target or cannot be.
Result<void> CopyWriter::commit(const Block& block, OpenStream& stream, const StreamState& next,
                                const std::stop_token& stop) {
  Backoff backoff;
  Instant give_up = shared_.clock.now() + shared_.options.patience;
  without_infile_ = false;
  while (true) {
    Attempt state;
    auto done = attempt(block, stream.now, next, state, stop);
    if (done) break;
    if (state.is_bent) {
      without_infile_ = true;
      continue;
    }
    const Failure failure = failure_of(done.error());
    const bool is_final = failure == Failure::fatal || failure == Failure::row ||
                          failure == Failure::duplicate || failure == Failure::fenced;
    if (is_final || stop.stop_requested()) return done;
    TRY(wait_before_next(done.error(), backoff, stop));
    // Patience is for a target that is away; one that answers, and be it "not now", is waited for.
    if (failure != Failure::lost) give_up = shared_.clock.now() + shared_.options.patience;
    if (shared_.clock.now() >= give_up) return done;
  }
  shared_.ledger.advanced(stream.now, next);
  stream.now.stream = next;
  ++stream.now.commit_no;
  shared_.governor.went_well();
  CopyMeter& meter = shared_.meter;
  meter.rows_by_insert += written_.by_insert;
  meter.rows_by_infile += written_.by_infile;
  meter.rows_ignored += written_.ignored;
  meter.rows_replaced += written_.replaced;
  ++meter.transactions;
  return {};
}

Result<void> CopyWriter::wait_before_next(const Error& error, Backoff& backoff,
                                          const std::stop_token& stop) {
  ++shared_.meter.retries;
  LOG(info, "a transaction of the target is tried again", {{"error", error.to_line()}});
  bool was_stopped = false;
  switch (failure_of(error)) {
    case Failure::space:
      shared_.governor.begin_waiting_for_space();
      was_stopped = !shared_.clock.wait(space_interval, stop);
      shared_.governor.end_waiting_for_space();
      break;
    case Failure::busy:
      shared_.governor.was_busy();
      [[fallthrough]];
    default:
      was_stopped = !shared_.clock.wait(backoff.next(), stop);
  }
  if (was_stopped) return fail(stopped());
  return {};
}

// One transaction. When it fails the session is either without a transaction or gone.
Result<void> CopyWriter::attempt(const Block& block, const ChunkState& now, const StreamState& next,
                                 Attempt& state, const std::stop_token& stop) {
  const auto turn = shared_.governor.take(stop);
  if (!turn) return fail(stopped());
  if (!session_ || session_->is_broken()) TRY(open_session(stop));
  if (is_in_doubt_) {
    const bool happened = TRY(shared_.ledger.was_committed(*session_, now, stop));
    is_in_doubt_ = false;
    if (happened) return {};
  }
  written_ = {};
  auto done = write_rows(block, now, next, turn->batch_bytes(), state, stop);
  if (done) {
    is_in_doubt_ = true;  // whatever COMMIT answers but yes, the chunk row is asked before anything
                          // is sent again
    auto committed = session_->execute("COMMIT", stop);
    if (committed) {
      is_in_doubt_ = false;
      return {};
    }
    done = fail(std::move(committed).error());
  }
  roll_back(stop);
  const bool is_about_row = state.rows && (failure_of(done.error()) == Failure::row ||
                                           failure_of(done.error()) == Failure::duplicate);
  if (is_about_row && session_) {
    return fail(row_writer_.name_row(*session_, *state.plan, block, *state.item,
                                     std::move(*state.rows), stop));
  }
  return done;
}

Result<void> CopyWriter::write_rows(const Block& block, const ChunkState& now,
                                    const StreamState& next, std::uint64_t batch_bytes,
                                    Attempt& state, const std::stop_token& stop) {
  const MetaSession& control = shared_.progress.control();
  const auto guarded = session_->execute(shared_.ledger.advance_statement(now, next), stop);
  if (!guarded) return fail(control.explain(guarded.error()));
  if (guarded->rows != 1) return fail(control.fenced());
  for (const Item& item : block.items()) {
    const auto* rows = std::get_if<Rows>(&item);
    if (rows != nullptr && rows->row_count != 0)
      TRY(write_item(block, *rows, batch_bytes, state, stop));
  }
  return {};
}

Result<void> CopyWriter::write_item(const Block& block, const Rows& rows, std::uint64_t batch_bytes,
                                    Attempt& state, const std::stop_token& stop) {
  CHECK(rows.kind == ChangeKind::insert);
  const PlannedTable table = TRY(shared_.planned(rows.table, rows.after));
  const bool may_load = !without_infile_ && shared_.may_use_infile &&
                        batch_bytes >= shared_.options.batch_bytes && fits_infile(block, rows);
  if (may_load && table.method->next() == Method::infile)
    return load_item(block, rows, table, state, stop);
  const Instant began = shared_.clock.now();
  auto written = row_writer_.insert(*session_, *table.plan, block, rows, {0, rows.row_count},
                                    batch_bytes, stop);
  if (!written) {
    Error error = written.error().error;
    state.rows = std::move(written).error();
    state.item = &rows;
    state.plan = table.plan;
    return fail(std::move(error));
  }
  if (may_load) table.method->record(Method::insert, rows.row_count, shared_.clock.now() - began);
  written_ += *written;
  return {};
}

Result<void> CopyWriter::load_item(const Block& block, const Rows& rows, const PlannedTable& table,
                                   Attempt& state, const std::stop_token& stop) {
  const Instant began = shared_.clock.now();
  const auto loaded = row_writer_.load(*session_, *table.plan, block, rows, stop);
  if (!loaded) {
    const Failure failure = failure_of(loaded.error());
    if (refuses_infile(loaded.error())) shared_.may_use_infile = false;
    state.is_bent =
        refuses_infile(loaded.error()) || failure == Failure::row || failure == Failure::duplicate;
    return fail(loaded.error());
  }
  if (!*loaded) {
    table.method->distrust_infile();
    state.is_bent = true;
    return fail(Error(ErrorCode::row_rejected, Side::target, Retry::same_session,
                      "rows sent as a file arrived otherwise than they are"));
  }
  table.method->record(Method::infile, rows.row_count, shared_.clock.now() - began);
  written_.by_infile += rows.row_count;
  return {};
}

Result<void> CopyWriter::open_session(const std::stop_token& stop) {
  if (session_name_) ++shared_.meter.reconnects;
  session_.reset();
  SessionOptions options;
  options.read_deadline = std::min<Duration>(shared_.options.patience, std::chrono::minutes(5));
  options.local_infile = shared_.may_use_infile;
  SessionName name;
  Session session = TRY(shared_.progress.open_session(options, session_name_, name, stop));
  session_.emplace(std::move(session));
  session_name_ = std::move(name);
  if (shared_.may_use_infile &&
      TRY(session_->query_value("SELECT @@GLOBAL.local_infile", stop)) != "1")
    shared_.may_use_infile = false;
  return {};
}

void CopyWriter::roll_back(const std::stop_token& stop) {
  if (!session_) return;
  // What cannot be rolled back ends with the session.
  if (session_->is_broken() || !session_->execute("ROLLBACK", stop)) session_.reset();
}

}  // namespace tideway
