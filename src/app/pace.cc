#include "app/pace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tideway {
namespace {

double seconds_of(Duration duration) { return std::chrono::duration<double>(duration).count(); }

double grown(std::uint64_t before, std::uint64_t now) {
  return now > before ? static_cast<double>(now - before) : 0;
}

}  // namespace

void Pace::Rate::add(double amount, double over_seconds) {
  const double keep = std::exp(-over_seconds / seconds_);
  sum_ = sum_ * keep + amount;
  weight_ = weight_ * keep + over_seconds;
}

void Pace::begin_phase(const Status& status, Instant now) {
  phase_.emplace(now);
  phase_->rows_at_begin = phase_->rows = status.rows_done;
  phase_->bytes_at_begin = phase_->bytes = status.bytes_done;
  phase_->tables = status.tables_done;
}

void Pace::measure(const Status& status, double seconds) {
  Phase& phase = *phase_;
  const double rows = grown(phase.rows, status.rows_done),
               bytes = grown(phase.bytes, status.bytes_done);
  phase.rows_now.add(rows, seconds);
  phase.rows_minute.add(rows, seconds);
  phase.bytes_now.add(bytes, seconds);
  phase.bytes_minute.add(bytes, seconds);
  const auto wait = [seconds](std::uint64_t before, std::uint64_t now, std::uint32_t threads) {
    return std::min(grown(before, now) / 1e9 / std::max(threads, 1U), seconds);
  };
  phase.readers_wait.add(wait(last_.reader_wait_ns, status.reader_wait_ns, status.readers),
                         seconds);
  phase.writers_wait.add(wait(last_.writer_wait_ns, status.writer_wait_ns, status.writers),
                         seconds);
  phase.rows = std::max(phase.rows, status.rows_done);
  phase.bytes = std::max(phase.bytes, status.bytes_done);
  phase.tables = std::max(phase.tables, status.tables_done);
}

std::string Pace::limit() const {
  const double readers = phase_->readers_wait.per_second(),
               writers = phase_->writers_wait.per_second();
  if (std::max(readers, writers) < 0.3 || std::abs(readers - writers) < 0.1) return "";
  const bool is_writing = readers > writers;
  return fmt::format("{} ({} wait {:.0f} %)", is_writing ? "writing" : "reading",
                     is_writing ? "readers" : "writers", 100 * std::max(readers, writers));
}

// By rows or by bytes, whichever has come less far: totals are the server's estimates, and one of
// them may be far too low. By tables where neither total is known, which says nothing of time.
void Pace::estimate(Figures& figures) const {
  const Phase& phase = *phase_;
  const Status& status = figures.status;
  const auto part = [](std::uint64_t done, std::uint64_t total) {
    return total == 0 ? 2 : static_cast<double>(done) / static_cast<double>(total);
  };
  const double of_rows = part(phase.rows, status.rows_total),
               of_bytes = part(phase.bytes, status.bytes_total);
  const bool by_bytes = of_bytes < of_rows;
  const std::uint64_t total = by_bytes ? status.bytes_total : status.rows_total;
  if (total == 0) {
    if (status.tables_total > 0) figures.share = part(phase.tables, status.tables_total);
    return;
  }
  const std::uint64_t done = by_bytes ? phase.bytes : phase.rows;
  // Tables count when they are read; what was read is still to be written.
  const bool is_done = done >= total && phase.tables >= status.tables_total;
  figures.share = is_done ? 1
                          : std::min(part(done, total),
                                     0.999);  // more than all is possible, and is not yet the end
  const double seconds = seconds_of(figures.phase_elapsed);
  if (is_done || done >= total || seconds < 3) return;
  const double left = static_cast<double>(total - done);
  const double mean = grown(by_bytes ? phase.bytes_at_begin : phase.rows_at_begin, done) / seconds;
  const auto [least, most] =
      std::minmax({(by_bytes ? phase.bytes_now : phase.rows_now).per_second(),
                   (by_bytes ? phase.bytes_minute : phase.rows_minute).per_second(), mean});
  if (least <= 0 || left / least > 100 * 86400.0) return;
  figures.least_left = Duration(static_cast<std::int64_t>(left / most * 1e9));
  figures.most_left = Duration(static_cast<std::int64_t>(left / least * 1e9));
}

Figures Pace::next(const Status& status, Instant now) {
  if (!phase_ || status.phase != last_.phase || status.step != last_.step) {
    begin_phase(status, now);
  } else if (const double seconds = seconds_of(now - last_time_); seconds > 0) {
    measure(status, seconds);
  }
  last_ = status;
  last_time_ = now;

  Figures figures;
  figures.status = status;
  figures.status.rows_done = phase_->rows;
  figures.status.bytes_done = phase_->bytes;
  figures.status.tables_done = phase_->tables;
  figures.elapsed = now - start_;
  figures.phase_elapsed = now - phase_->begin;
  figures.rows_per_s = phase_->rows_now.per_second();
  figures.bytes_per_s = phase_->bytes_now.per_second();
  estimate(figures);
  if (figures.share) figures.share = phase_->share = std::max(phase_->share, *figures.share);
  figures.limited_by = status.limit.empty() ? limit() : status.limit;
  if (status.is_paused) {  // nothing moves, and nothing shall look as if it did
    figures.rows_per_s = figures.bytes_per_s = 0;
    figures.least_left = figures.most_left = std::nullopt;
    figures.limited_by.clear();
  }
  return figures;
}

}  // namespace tideway
