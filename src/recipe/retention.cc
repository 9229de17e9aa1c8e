#include "recipe/retention.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "assess/facts.h"
#include "base/log.h"
#include "stream/log_time.h"

namespace tideway::recipe {
namespace {

using namespace std::chrono_literals;

constexpr Duration look_interval = 15s;
// Where it is not known how long a log is needed, or at this rate it always is.
constexpr double least_hours = 1, least_share = 0.25;
// Room beside what is needed by the estimate, which may be wrong.
constexpr double estimate_factor = 1.5;
constexpr Duration even_for = 10min;

double hours_of(Duration duration) {
  return std::chrono::duration<double, std::ratio<3600>>(duration).count();
}

std::uint64_t number(const std::optional<std::string>& text) {
  std::uint64_t value = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

std::size_t index_of(const std::vector<LogFile>& files, const std::string& name) {
  const auto found = std::ranges::find(files, name, &LogFile::name);
  return static_cast<std::size_t>(found - files.begin());
}

bool is_longer(const LogRetention& retention, const LogRetention& than) {
  if (retention.way != than.way || !than.hours) return false;
  return !retention.hours || *retention.hours > *than.hours;
}

}  // namespace

LogNeed need_of(const LogStart& base, const Lag& lag) {
  LogNeed need;
  need.from = base;
  need.is_endless = lag.trend == Lag::Trend::not_shrinking;
  if (lag.trend == Lag::Trend::shrinking) need.seconds = lag.left_s;
  if (lag.trend == Lag::Trend::caught_up) need.seconds = 0;
  return need;
}

std::optional<double> RetentionGuard::hours_left(const LogKept& kept, const LogNeed& need,
                                                 Instant now) {
  std::uint64_t all = 0, needed = 0;
  const std::size_t first = index_of(kept.files, need.from.position.file);
  for (std::size_t i = 0; i < kept.files.size(); ++i) {
    all += kept.files[i].bytes;
    if (i >= first) needed += kept.files[i].bytes;
  }
  const auto before = std::exchange(written_, std::pair(now, all));
  if (kept.server_uuid != need.from.server_uuid || need.from.position.file.empty())
    return std::nullopt;
  if (first == kept.files.size()) return 0;  // it is purged already
  std::optional<double> left;
  if (kept.retention.hours) {
    left = kept.retention.hours;
    if (kept.closed_s) left = *left - static_cast<double>(kept.clock_s - *kept.closed_s) / 3600;
  }
  if (kept.retention.most_bytes && before && before->second < all && before->first < now) {
    const std::uint64_t room =
        *kept.retention.most_bytes - std::min(needed, *kept.retention.most_bytes);
    const double bytes_per_hour =
        static_cast<double>(all - before->second) / hours_of(now - before->first);
    const double by_size = static_cast<double>(room) / bytes_per_hour;
    left = left ? std::min(*left, by_size) : by_size;
  }
  return left ? std::optional(std::max(*left, 0.0)) : std::nullopt;
}

std::string RetentionGuard::too_short(const LogKept& kept, const LogNeed& need, double left) {
  const double kept_hours = kept.retention.hours.value_or(left);
  const std::optional<double> needed =
      need.seconds ? std::optional(static_cast<double>(*need.seconds) / 3600) : std::nullopt;
  const double wanted = needed ? *needed * estimate_factor : std::min(least_hours, kept_hours);
  const bool is_too_short =
      left < (needed ? std::max(wanted, least_hours / 4)
                     : std::max(least_hours, need.is_endless ? kept_hours * least_share : 0));
  if (!is_too_short) {
    warned_at_.reset();
    return {};
  }
  if (warned_at_ && left > *warned_at_ / 2) return {};
  warned_at_ = left;
  // As old as what is needed has become, and as long again as it is needed, with room.
  const double raise =
      std::max(kept_hours * 2, kept_hours - left + needed.value_or(0) * 2 + 24 * least_hours);
  const std::string statement = kept.retention.statement(raise);
  std::string how_long = "for how long is not known";
  if (needed) how_long = fmt::format("for {:.1f} hours more", *needed);
  if (need.is_endless) how_long = "and at this rate for ever";
  return fmt::format("the source purges {} in {:.1f} hours, and it is needed {}{}{}",
                     need.from.position.file, left, how_long,
                     statement.empty() ? "" : "; mended by: ", statement);
}

std::string RetentionGuard::long_enough(const LogKept& kept, const LogNeed& need, Instant now) {
  const bool is_even = need.seconds == 0U;
  if (!is_even) even_since_.reset();
  if (is_even && !even_since_) even_since_ = now;
  if (!is_longer(kept.retention, *first_)) {
    is_lowering_told_ = false;
    return {};
  }
  if (is_lowering_told_ || !even_since_ || now - *even_since_ < even_for) return {};
  is_lowering_told_ = true;
  return fmt::format(
      "the target has been even with the source for {:.0f} minutes: the source may "
      "keep its log for as long as before again: {}",
      hours_of(now - *even_since_) * 60, kept.retention.statement(first_->hours));
}

RetentionGuard::Verdict RetentionGuard::judge(const LogKept& kept, const LogNeed& need,
                                              Instant now) {
  if (!first_) first_ = kept.retention;
  Verdict verdict;
  verdict.hours_left = hours_left(kept, need, now);
  if (verdict.hours_left) verdict.warning = too_short(kept, need, *verdict.hours_left);
  std::string lowering = long_enough(kept, need, now);
  if (verdict.warning.empty()) verdict.warning = std::move(lowering);
  return verdict;
}

std::optional<std::uint64_t> CopyRate::seconds_left(const Status& status, Instant now) {
  if (!first_) first_ = {now, status.rows_done};
  if (status.rows_total <= status.rows_done || status.rows_done <= first_->second ||
      now <= first_->first)
    return std::nullopt;
  const double per_s = static_cast<double>(status.rows_done - first_->second) /
                       std::chrono::duration<double>(now - first_->first).count();
  return static_cast<std::uint64_t>(static_cast<double>(status.rows_total - status.rows_done) /
                                    per_s);
}

RetentionWatch::RetentionWatch(Endpoint source, StatusBoard& board, RetentionGuard& guard,
                               Need need, const Clock& clock)
    : source_(std::move(source)),
      board_(board),
      guard_(guard),
      need_(std::move(need)),
      clock_(clock) {}

Result<std::optional<std::int64_t>> RetentionWatch::closed_at(const std::vector<LogFile>& files,
                                                              const std::string& file,
                                                              const std::stop_token& stop) {
  const std::size_t next = index_of(files, file) + 1;
  if (next >= files.size()) return std::optional<std::int64_t>();
  const std::string& name = files[next].name;
  if (const auto known = begun_.find(name); known != begun_.end())
    return std::optional(known->second);
  const std::int64_t begun = TRY(begin_of_log_file(source_, name, stop));
  begun_ = {{name, begun}};
  return std::optional(begun);
}

Result<void> RetentionWatch::look(const std::stop_token& stop) {
  const LogNeed need = need_();
  LogKept kept;
  {
    Session session = TRY(Session::open(source_, {}, stop));
    kept.server_uuid = session.server().uuid;
    kept.retention = TRY(read_log_retention(session, TRY(read_variables(session, stop)), stop));
    kept.files = TRY(log_files(session, stop));
    kept.clock_s = static_cast<std::int64_t>(
        number(TRY(session.query_value("SELECT UNIX_TIMESTAMP()", stop))));
  }
  if (kept.retention.hours)
    kept.closed_s = TRY(closed_at(kept.files, need.from.position.file, stop));
  const auto verdict = guard_.judge(kept, need, clock_.now());
  board_.keep_retention(verdict.hours_left);
  if (!verdict.warning.empty()) board_.warn(verdict.warning);
  return {};
}

Result<void> RetentionWatch::run(const std::stop_token& stop) {
  bool is_told = false;
  do {
    const auto looked = look(stop);
    if (stop.stop_requested()) break;
    if (!looked) board_.keep_retention(std::nullopt);
    if (!looked && !is_told)
      LOG(warn, "the source cannot be asked for how long it keeps its log",
          {{"error", looked.error().to_line()}});
    is_told = !looked;
  } while (clock_.wait(look_interval, stop));
  return {};
}

}  // namespace tideway::recipe
