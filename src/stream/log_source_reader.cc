#include "stream/log_source_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "base/text.h"

namespace tideway {
namespace {

// Small transactions are handed on as soon as the source pauses: a block for them need not be
// large.
constexpr std::uint64_t least_block_bytes = 64ULL << 10U;
constexpr Duration longest_wait = std::chrono::milliseconds(20);
constexpr std::uint64_t large_event_bytes = 1ULL << 20U;
constexpr std::uint64_t most_branch_bytes = 16ULL << 20U;  // of XA branches that are kept

Error stopped() {
  return {ErrorCode::stopped, Side::local, Retry::never, "stopped while reading the log"};
}

}  // namespace

LogSourceReader::LogSourceReader(LogSource::State& state)
    : state_(state),
      stream_(std::make_shared<const Stream>()),
      connection_(state.source, state.options.heartbeat, state.options.ends),
      tables_(state.options, state.definitions),
      branches_(state.arbiter, std::min(most_branch_bytes, state.arbiter.total_bytes() / 32)) {
  const LogStart start = state.places.start();
  file_ = unit_file_ = start.position.file;
  offset_ = unit_end_ = start.position.offset;
  file_number_ = log_file_number(file_);
  told_ = {file_number_, offset_};
  file_ordinal_ = state.names.ordinal(file_);
  gtids_ = start.gtids;
  if (gtids_) {
    // What lanes applied behind the start is not asked for again.
    for (const auto& [origin, numbers] : state.options.done.origins()) {
      const std::string source = state.names.name(origin);
      if (is_gtid_source(source)) gtids_->add(source, numbers);
    }
  }
  if (state.options.split) {
    Unit& unit = cut_.emplace();
    unit.id = *state.options.split;
    unit.rows = state.options.split_rows;
  }
}

LogResume LogSourceReader::resume() const {
  return {state_.places.server_uuid(), gtids_, {unit_file_, unit_end_}};
}

Result<std::optional<Block>> LogSourceReader::next(const std::stop_token& stop) {
  if (has_ended_) return std::optional<Block>();
  while (true) {
    if (is_full_) return hand_on();
    if (rows_) {
      TRY(decode_rows(stop));
      continue;
    }
    if (pending_end_) {
      if (!block_) TRY(make_block(small_block_bytes(), stop));
      block_->add_item(*pending_end_);
      pending_end_.reset();
    }
    const bool is_end = is_over_ || is_at_limit();
    const bool is_between = !unit_ && !(cut_ && is_cut_next_);
    if (is_between && (is_asked_ || (has_moved() && (is_end || connection_.is_idle())))) {
      end_place();
      continue;
    }
    if (is_end) {
      if (!block_) TRY(make_block(small_block_bytes(), stop));
      block_->add_end({});
      has_ended_ = true;
      return hand_on();
    }
    if (block_ && is_ripe()) return hand_on();
    TRY(read_event(stop));
  }
}

std::uint64_t LogSourceReader::small_block_bytes() const {
  return std::min<std::uint64_t>(least_block_bytes, state_.options.block_bytes);
}

// Worth handing on: nearly full, or nothing more is to be had at once.
bool LogSourceReader::is_ripe() const {
  if (block_->items().empty()) return false;
  constexpr std::uint32_t least_room = 16U << 10U;
  constexpr std::size_t most_items = 16U << 10U;
  if (block_->room_left() < least_room || block_->items().size() > most_items) return true;
  if (unit_) return false;
  // A source that never pauses must not hold back what it said.
  return connection_.is_idle() || std::chrono::steady_clock::now() - block_since_ >= longest_wait;
}

Block LogSourceReader::hand_on() {
  if (unit_ && unit_->rows != 0 && !has_ended_) block_->add_item(UnitPart{unit_->id, unit_->rows});
  block_->end_filling();
  Block block = *std::move(block_);
  block_.reset();
  is_full_ = false;
  return block;
}

Error LogSourceReader::no_memory(std::uint64_t bytes, const std::stop_token& stop) const {
  if (stop.stop_requested()) return stopped();
  return {ErrorCode::memory_too_small, Side::local, Retry::after_operator,
          fmt::format("a row or block of {} does not fit into {} of memory", human_bytes(bytes),
                      human_bytes(state_.arbiter.total_bytes()))};
}

Result<void> LogSourceReader::make_block(std::uint64_t bytes, const std::stop_token& stop) {
  auto loan = state_.arbiter.borrow(bytes, stop);
  if (!loan) return fail(no_memory(bytes, stop));
  block_.emplace(stream_, *std::move(loan));
  block_since_ = std::chrono::steady_clock::now();
  return {};
}

// For a row larger than a block, alone: only one such row has memory at a time.
Result<void> LogSourceReader::make_oversize_block(std::uint64_t bytes,
                                                  const std::stop_token& stop) {
  auto turn = state_.arbiter.take_oversize_turn(stop);
  if (!turn) return fail(no_memory(bytes, stop));
  auto loan = state_.arbiter.borrow(least_block_bytes, stop);
  if (!loan || !state_.arbiter.grow(*loan, bytes, *turn, stop)) return fail(no_memory(bytes, stop));
  block_.emplace(stream_, *std::move(loan));
  block_->keep(Loan(), *std::move(turn));
  return {};
}

bool LogSourceReader::is_at_limit() {
  if (unit_) return false;
  const std::uint64_t version = state_.until_version;
  if (version != until_version_) {
    until_ = state_.until.with([](const auto& until) { return until; });
    until_version_ = version;
  }
  if (!until_ || connection_.server_uuid().empty()) return false;  // nobody has answered yet
  if (until_->gtids && gtids_ && !gtids_->contains(*until_->gtids)) return false;
  // A place in the log of another server says nothing here.
  const bool is_same = until_->server_uuid == connection_.server_uuid();
  return is_same ? !(here() < until_->position) : until_->gtids && gtids_;
}

Result<void> LogSourceReader::reopen(const std::stop_token& stop) {
  TRY(connection_.open(resume(), stop));
  events_ = EventReader(connection_.has_checksums());
  tables_.forget_numbers();
  if (connection_.server_uuid() != state_.places.server_uuid()) {
    LOG(warn, "the source is another server now; GTIDs say where its log goes on",
        {{"was", state_.places.server_uuid()}, {"is", connection_.server_uuid()}});
    state_.places.moved_to(connection_.server_uuid());
    told_ = {};  // its files are others
  }
  file_ = unit_file_;
  offset_ = unit_end_;
  return {};
}

// The log is asked for anew, from the beginning of the transaction that was cut off.
Result<void> LogSourceReader::lose(Error error) {
  if (!LogConnection::can_reopen(error)) return fail(std::move(error));
  LOG(info, "the source's log was lost and is taken up again", {{"error", error.to_line()}});
  ++state_.meter.reconnects;
  branch_.reset();
  branches_.give_up();
  // What was decoded goes on by itself: the rows before the cut are not read into it again.
  if (block_ && !block_->items().empty()) {
    if (unit_ && unit_->rows > unit_->leave_out) block_->add_item(UnitPart{unit_->id, unit_->rows});
    is_full_ = true;
  }
  if (unit_) {
    unit_->rows = std::max(unit_->rows, unit_->leave_out);
    if (unit_->rows != 0) {
      cut_ = std::move(unit_);
      is_cut_next_ = true;
    }
  }
  unit_.reset();
  return {};
}

Result<void> LogSourceReader::read_event(const std::stop_token& stop) {
  if (!connection_.is_open()) TRY(reopen(stop));
  const bool is_of_branch = branch_.has_value();
  auto bytes = is_of_branch ? branch_->next(stop) : connection_.next(stop);
  if (!bytes) return lose(std::move(bytes).error());
  if (!*bytes && is_of_branch) {
    return fail(at_place(Error(ErrorCode::log_differs, Side::source, Retry::after_operator,
                               "the changes of an XA transaction end before its XA PREPARE")));
  }
  if (!*bytes) {
    is_over_ = true;
    return {};
  }
  ++state_.meter.events;
  state_.meter.bytes += (*bytes)->size();
  const auto event = is_of_branch ? branch_->read(**bytes) : events_.read(**bytes);
  if (!event) return fail(at_place(event.error()));
  const bool is_large = (*bytes)->size() > large_event_bytes;
  if (!is_of_branch && unit_ && unit_->is_branch && !unit_->is_done)
    TRY(branches_.add(**bytes, stop));
  auto taken = take(*event, stop);
  if (!taken) return fail(at_place(std::move(taken).error()));
  if (is_large && !rows_) connection_.shrink();
  return {};
}

Error LogSourceReader::at_place(Error error) const {
  if (error.code() == ErrorCode::stopped) return error;
  return std::move(error).during("reading the log at " + to_text(here()));
}

}  // namespace tideway
