#include "recipe/lag.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/log.h"

namespace tideway::recipe {
namespace {

using namespace std::chrono_literals;

constexpr Duration ask_interval = 1s;
// An answer older than this says nothing of now.
constexpr Duration answer_lasts = 10s;
// The base moves every second: an end that it has not reached for so long is really not reached.
constexpr Duration base_lasts = 3s;
constexpr Duration trend_window = 60s, trend_least = 5s;
constexpr std::uint64_t near_ms = 2000;
constexpr double never_s = 365.0 * 86400;

double seconds_of(Duration duration) { return std::chrono::duration<double>(duration).count(); }

bool is_behind(const LogStart& base, const LogStart& end) {
  if (base.gtids && end.gtids) return base.gtids->contains(*end.gtids);
  return base.server_uuid == end.server_uuid && !(base.position < end.position);
}

std::uint64_t as_ms(Duration duration) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(duration).count(), 0));
}

void take_least(std::optional<Duration>& least, const std::optional<Duration>& other) {
  if (other && (!least || *other < *least)) least = other;
}

std::uint64_t number(const std::optional<std::string>& text) {
  std::uint64_t value = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

}  // namespace

void LagMeter::take(LogEnd end) {
  if (!unproven_) unproven_ = end;
  last_ = std::move(end);
}

void LagMeter::look_for_proof(const LogProgressed& progress) {
  for (int i = 0; i < 2 && unproven_ && is_behind(progress.base, unproven_->end); ++i) {
    proven_ = unproven_->asked;
    if (last_ && last_->asked > unproven_->asked) {
      unproven_ = last_;
    } else {
      unproven_.reset();
    }
  }
}

// How long ago that was, by the source's clock as it goes on since it was last asked.
std::optional<Duration> LagMeter::since(std::int64_t commit_us, Instant now) const {
  if (!last_ || commit_us == 0) return std::nullopt;
  const Duration ago =
      std::chrono::microseconds(last_->clock_us - commit_us) + (now - last_->asked);
  return std::max(ago, Duration(0));
}

std::optional<std::uint64_t> LagMeter::ms(const LogProgressed& progress, Instant now) const {
  std::optional<Duration> least;
  if (proven_) least = now - *proven_;
  if (progress.oldest_commit_us != 0) {
    take_least(least, since(progress.oldest_commit_us, now));
    return least ? std::optional(as_ms(*least)) : std::nullopt;
  }
  take_least(least, since(progress.applied_commit_us, now));
  // What was read and is not yet known to the writer is still to be applied.
  const bool is_all_applied = progress.read_commit_us <= progress.applied_commit_us;
  const bool is_contradicted = unproven_ && unproven_->end.gtids && progress.base.gtids &&
                               now - unproven_->asked > base_lasts;
  if (progress.tail && is_all_applied && !is_contradicted) take_least(least, now - *progress.tail);
  if (!least) return std::nullopt;
  const bool is_fresh =
      is_all_applied && !is_contradicted && progress.tail && now - *progress.tail <= heartbeat_;
  const bool is_proven = proven_ && now - *proven_ <= heartbeat_;
  return is_fresh || is_proven ? 0 : as_ms(*least);
}

std::optional<std::uint64_t> LagMeter::bytes(const LogProgressed& progress) const {
  const LogStart& base = progress.base;
  if (!last_ || base.server_uuid != last_->end.server_uuid) return std::nullopt;
  const LogPosition& end = last_->end.position;
  if (!(base.position < end)) return 0;
  if (base.position.file == end.file) return end.offset - base.position.offset;
  std::uint64_t sum = end.offset;
  bool has_base = false;
  for (const LogFile& file : last_->files) {
    if (file.name == end.file) break;
    if (has_base) sum += file.bytes;
    if (file.name != base.position.file) continue;
    has_base = true;
    sum += file.bytes - std::min(file.bytes, base.position.offset);
  }
  return has_base ? std::optional(sum) : std::nullopt;
}

void LagMeter::add_transactions(Lag& lag, const LogProgressed& progress) const {
  if (last_ && last_->end.gtids && progress.base.gtids) {
    lag.transactions = last_->end.gtids->minus(*progress.base.gtids).size();
  } else if (lag.bytes && (*lag.bytes == 0 || (progress.units > 0 && progress.bytes > 0))) {
    lag.are_transactions_estimated = *lag.bytes != 0;
    lag.transactions = 0;
    if (*lag.bytes != 0) {
      const double each = static_cast<double>(progress.bytes) / static_cast<double>(progress.units);
      lag.transactions =
          static_cast<std::uint64_t>(std::ceil(static_cast<double>(*lag.bytes) / each));
    }
  }
}

void LagMeter::add_trend(Lag& lag, Instant now) {
  const std::optional<std::uint64_t> value = lag.bytes ? lag.bytes : lag.ms;
  if (lag.bytes.has_value() != are_samples_bytes_ || !value) samples_.clear();
  are_samples_bytes_ = lag.bytes.has_value();
  if (value) samples_.push_back({now, static_cast<double>(*value)});
  while (!samples_.empty() && now - samples_.front().at > trend_window) samples_.pop_front();
  if (lag.ms ? *lag.ms <= near_ms : lag.bytes == 0U) {
    lag.trend = Lag::Trend::caught_up;
    return;
  }
  if (samples_.empty() || now - samples_.front().at < trend_least) return;
  const Sample &first = samples_.front(), &last = samples_.back();
  const double per_s = (first.value - last.value) / seconds_of(last.at - first.at);
  const double left = per_s > 0 ? last.value / per_s : never_s;
  lag.trend = left < never_s ? Lag::Trend::shrinking : Lag::Trend::not_shrinking;
  if (left < never_s) lag.left_s = static_cast<std::uint64_t>(left);
}

Lag LagMeter::measure(const LogProgressed& progress, Instant now) {
  Lag lag;
  look_for_proof(progress);
  lag.ms = ms(progress, now);
  if (last_ && now - last_->asked <= answer_lasts) {
    lag.bytes = bytes(progress);
    add_transactions(lag, progress);
  }
  add_trend(lag, now);
  return lag;
}

LagWatch::LagWatch(Endpoint source, Progress progress, Duration heartbeat, const Clock& clock)
    : source_(std::move(source)),
      progress_(std::move(progress)),
      clock_(clock),
      meter_(LagMeter(heartbeat)) {}

Result<void> LagWatch::ask(const std::stop_token& stop) {
  Session session = TRY(Session::open(source_, {}, stop));
  std::vector<LogFile> files;
  do {
    LogEnd end;
    end.asked = clock_.now();
    end.clock_us = static_cast<std::int64_t>(number(TRY(session.query_value(
        "SELECT CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS UNSIGNED)", stop))));
    end.end = TRY(end_of_log(session, stop));
    if (files.empty() || files.back().name != end.end.position.file)
      files = TRY(log_files(session, stop));
    end.files = files;
    meter_.with([&](LagMeter& meter) { meter.take(std::move(end)); });
  } while (clock_.wait(ask_interval, stop));
  return {};
}

Result<void> LagWatch::run(const std::stop_token& stop) {
  Backoff backoff(1s, 10s);
  bool is_told = false;
  while (!stop.stop_requested()) {
    const auto asked = ask(stop);
    if (asked || stop.stop_requested()) break;
    if (!is_told)
      LOG(warn, "the source cannot be asked where its log ends",
          {{"error", asked.error().to_line()}});
    is_told = true;
    if (!clock_.wait(backoff.next(), stop)) break;
  }
  return {};
}

Lag LagWatch::lag() const {
  const LogProgressed progress = progress_();
  return meter_.with([&](LagMeter& meter) { return meter.measure(progress, clock_.now()); });
}

}  // namespace tideway::recipe
