#include "recipe/source_impact.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "mysql/session.h"

namespace tideway::recipe {
namespace {

constexpr auto look_interval = std::chrono::seconds(1);
constexpr int calm_looks_wanted = 3;

Error unreadable(std::string_view text) {
  return {ErrorCode::bad_value, Side::local, Retry::never,
          fmt::format("'{}' does not say what the source bears: threads-running=N,latency=TIME, "
                      "one of them, or off",
                      text)};
}

Result<void> take_part(SourceImpact& impact, std::string_view part, std::string_view all) {
  const std::size_t equals = part.find('=');
  const std::string_view name = part.substr(0, equals);
  const std::string_view value = equals == std::string_view::npos ? "" : part.substr(equals + 1);
  if (name == "threads-running" && !impact.threads_running) {
    std::uint32_t count = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), count);
    if (error == std::errc() && end == value.data() + value.size() && count > 0) {
      impact.threads_running = count;
      return {};
    }
  } else if (name == "latency" && !impact.latency) {
    const auto latency = parse_duration(value);
    if (latency && *latency > Duration(0)) {
      impact.latency = *latency;
      return {};
    }
  }
  return fail(unreadable(all));
}

// The share of what the source bears that it has, the worse of the two.
double fullness(const SourceImpact& impact, const SourceLoad& load) {
  double fullest = 0;
  if (impact.threads_running)
    fullest = static_cast<double>(load.threads_running) / *impact.threads_running;
  if (impact.latency) {
    fullest = std::max(fullest, static_cast<double>(load.latency.count()) /
                                    static_cast<double>(impact.latency->count()));
  }
  return fullest;
}

Result<SourceLoad> look(Session& session, std::uint32_t ours, const std::stop_token& stop) {
  const Instant began = real_clock().now();
  TRY(session.execute("DO 0", stop));
  SourceLoad load;
  load.latency = real_clock().now() - began;
  const auto answer =
      TRY(session.query("SHOW GLOBAL STATUS WHERE Variable_name = 'Threads_running'", stop));
  if (answer.rows.size() == 1 && answer.rows[0].size() == 2) {
    const std::string text = answer.rows[0][1].value_or("0");
    std::from_chars(text.data(), text.data() + text.size(), load.threads_running);
  }
  load.threads_running -= std::min(load.threads_running, ours);
  return load;
}

}  // namespace

Result<SourceImpact> parse_source_impact(std::string_view text) {
  SourceImpact impact;
  if (text == "off") return impact;
  for (std::string_view rest = text;;) {
    const std::size_t comma = rest.find(',');
    TRY(take_part(impact, rest.substr(0, comma), text));
    if (comma == std::string_view::npos) return impact;
    rest.remove_prefix(comma + 1);
  }
}

std::string impact_text(const SourceImpact& impact) {
  std::string text;
  if (impact.threads_running) text = fmt::format("threads-running={}", *impact.threads_running);
  if (impact.latency)
    text += fmt::format("{}latency={}", text.empty() ? "" : ",", human_duration(*impact.latency));
  return text.empty() ? "off" : text;
}

std::uint32_t ImpactThrottle::next(const SourceImpact& impact, const SourceLoad& load) {
  const double full = fullness(impact, load);
  if (full > 1) {
    allowed_ /= 2;
    calm_looks_ = 0;
  } else if (full >= 0.8) {
    calm_looks_ = 0;
  } else if (++calm_looks_ >= calm_looks_wanted) {
    allowed_ = std::min(allowed_ + 1, readers_);
    calm_looks_ = 0;
  }
  return allowed_;
}

SourceWatch::SourceWatch(const Endpoint& source, const SourceImpact& impact, std::uint32_t readers,
                         StatusBoard& board)
    : source_(source),
      readers_(readers),
      board_(board),
      impact_(impact),
      offer_(board.control().offer("source-impact",
                                   [this](const std::string& text) -> Result<std::string> {
                                     const SourceImpact asked = TRY(parse_source_impact(text));
                                     impact_.with([&](SourceImpact& now) { now = asked; });
                                     return "the source bears: " + impact_text(asked);
                                   })) {
  crew_.start("source-watch", [this](const std::stop_token& stop) { return run(stop); });
}

SourceWatch::~SourceWatch() {
  crew_.stop();
  static_cast<void>(crew_.join());  // its work returns no error
  board_.control().gate().throttle(Gate::all);
}

Result<void> SourceWatch::run(const std::stop_token& stop) {
  do {
    if (!impact_.with([](const SourceImpact& impact) { return impact.is_off(); })) follow(stop);
  } while (real_clock().wait(look_interval, stop));
  return {};
}

// With one session, until there is nothing to look for or it is lost.
void SourceWatch::follow(const std::stop_token& stop) {
  Gate& gate = board_.control().gate();
  auto session = Session::open(source_, {}, stop);
  Result<void> looked;
  if (!session) looked = fail(session.error());
  ImpactThrottle throttle(readers_);
  while (looked) {
    const SourceImpact impact = impact_.with([](const SourceImpact& now) { return now; });
    if (impact.is_off()) {
      gate.throttle(Gate::all);
      return;
    }
    // The look itself, and readers: one that waits in the middle of a chunk counts as running. All
    // of them are taken off, running or not: else a few that wait would keep themselves waiting.
    const auto load = look(*session, readers_ + 1, stop);
    if (!load) {
      looked = fail(load.error());
      break;
    }
    const std::uint32_t allowed = throttle.next(impact, *load);
    gate.throttle(allowed == readers_ ? Gate::all : allowed);
    LOG(debug, "looked at the source",
        {{"threads_running", load->threads_running},
         {"latency_us",
          std::chrono::duration_cast<std::chrono::microseconds>(load->latency).count()},
         {"readers", allowed}});
    if (!real_clock().wait(look_interval, stop)) return;
  }
  if (stop.stop_requested()) return;
  LOG(info, "the source cannot be looked at", {{"error", looked.error().to_line()}});
  if (std::exchange(has_warned_, true)) return;
  board_.warn("what the source bears could not be looked at for a while: " +
              looked.error().to_line());
}

}  // namespace tideway::recipe
