#include "flow/status.h"

namespace tideway {

std::string_view to_text(Lag::Trend trend) {
  switch (trend) {
    case Lag::Trend::unknown:
      return "unknown";
    case Lag::Trend::caught_up:
      return "caught up";
    case Lag::Trend::shrinking:
      return "shrinking";
    case Lag::Trend::not_shrinking:
      return "not shrinking";
  }
  return "unknown";
}

void add_meter(Status& status, const Meter& meter) {
  status.rows_done += meter.rows_written;
  status.bytes_done += meter.bytes_written;
  status.reader_wait_ns += meter.reader_wait_ns;
  status.writer_wait_ns += meter.writer_wait_ns;
  status.readers += meter.readers;
  status.writers += meter.writers;
}

void add_memory(Status& status, const MemoryArbiter& arbiter) {
  status.memory_used = arbiter.used_bytes();
  status.memory_total = arbiter.total_bytes();
}

// A sample that names no phase, or no step, is about the one that was begun last.
void StatusBoard::Board::ask() {
  if (!sample) return;
  Status now = sample();
  if (now.steps == 0) {
    now.step = last.step;
    now.steps = last.steps;
  }
  if (now.phase.empty()) now.phase = last.phase;
  last = std::move(now);
}

StatusBoard::Showing::~Showing() {
  if (board_ == nullptr) return;
  board_->board_.with([this](Board& board) {
    if (board.number != number_) return;
    board.ask();
    board.sample = nullptr;
  });
}

StatusBoard::Showing StatusBoard::show(Sample sample) {
  const std::uint64_t number = board_.with([&](Board& board) {
    board.sample = std::move(sample);
    return ++board.number;
  });
  return {this, number};
}

void StatusBoard::begin(std::uint32_t step, std::uint32_t steps, std::string phase) {
  board_.with([&](Board& board) {
    board.last.step = step;
    board.last.steps = steps;
    board.last.phase = std::move(phase);
  });
}

void StatusBoard::warn(std::string sentence) {
  board_.with([&](Board& board) { board.warnings.push_back(std::move(sentence)); });
}

void StatusBoard::watch(std::function<std::string()> waiting) {
  board_.with([&](Board& board) { board.waiting = std::move(waiting); });
}

void StatusBoard::keep_retention(std::optional<double> hours_left) {
  board_.with([&](Board& board) { board.retention_hours_left = hours_left; });
}

void StatusBoard::when_named(std::function<void(const std::string&)> told) {
  board_.with([&](Board& board) { board.when_named = std::move(told); });
}

// Outside the lock: who is told may put up a warning.
void StatusBoard::name_job(const std::string& name) {
  const auto told = board_.with([](const Board& board) { return board.when_named; });
  if (told) told(name);
}

Status StatusBoard::status() const {
  const Gate& gate = control_.gate();
  const bool is_paused = gate.is_standing();
  const std::string busy = gate.is_throttled()
                               ? "source busy: " + std::to_string(gate.borne()) + " of " +
                                     std::to_string(gate.readers()) + " readers"
                               : "";
  return board_.with([is_paused, &busy](Board& board) {
    board.ask();
    Status status = board.last;
    status.retention_hours_left = board.retention_hours_left;
    status.is_paused = is_paused;
    if (!busy.empty()) status.limit = busy;
    if (status.waiting_for.empty() && board.waiting) status.waiting_for = board.waiting();
    return status;
  });
}

std::vector<std::string> StatusBoard::warnings() const {
  return board_.with([](const Board& board) { return board.warnings; });
}

}  // namespace tideway
