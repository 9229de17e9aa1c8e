#include "app/status_block.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace tideway {
namespace {

constexpr std::string_view red = "31", yellow = "33", cyan = "36", bold = "1";

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

std::string coloured(const std::string& text, std::string_view colour, const BlockStyle& style) {
  return style.colour && !text.empty() ? fmt::format("\x1b[{}m{}\x1b[0m", colour, text) : text;
}

std::string of_total(const std::string& done, std::uint64_t total, const std::string& total_text) {
  return total == 0 ? done : done + " of ~" + total_text;
}

std::string rows_text(const Figures& figures) {
  const Status& s = figures.status;
  return of_total(human_count(s.rows_done), s.rows_total,
                  human_count(std::max(s.rows_total, s.rows_done))) +
         " rows";
}

std::string bytes_text(const Figures& figures) {
  const Status& s = figures.status;
  return of_total(human_bytes(s.bytes_done), s.bytes_total,
                  human_bytes(std::max(s.bytes_total, s.bytes_done)));
}

std::string rows_rate(const Figures& figures) {
  return human_count(static_cast<std::uint64_t>(figures.rows_per_s)) + " rows/s";
}

std::string bytes_rate(const Figures& figures) {
  return human_bytes(static_cast<std::uint64_t>(figures.bytes_per_s)) + "/s";
}

// Rounded down: 100 % is said when it is true.
std::string share_text(const Figures& figures) {
  return figures.share ? fmt::format("{:.1f} %", std::floor(*figures.share * 1000) / 10) : "";
}

std::string left_text(const Figures& figures, std::string_view dash) {
  if (!figures.least_left || !figures.most_left) return "";
  const std::string least = rough_duration(*figures.least_left),
                    most = rough_duration(*figures.most_left);
  return least == most ? least : least + std::string(dash) + most;
}

// "41 of 41 tables equal as of 2026-03-01T12:00:00Z"
std::string verified_text(const Status& status) {
  if (status.verified_as_of.empty()) return "";
  const std::uint64_t all = status.tables_equal + status.tables_different + status.tables_open;
  std::string text = fmt::format("{} of {} tables equal as of {}", human_count(status.tables_equal),
                                 human_count(all), status.verified_as_of);
  if (status.tables_different > 0)
    text += fmt::format(", {} different", human_count(status.tables_different));
  return text;
}

std::string phase_text(const Status& status) {
  const std::string phase =
      status.is_paused ? "paused by the operator, " + status.phase : status.phase;
  return status.steps > 1 ? fmt::format("[{}/{}] {}", status.step, status.steps, phase) : phase;
}

std::string trend_text(const Lag& lag) {
  switch (lag.trend) {
    case Lag::Trend::unknown:
    case Lag::Trend::caught_up:
      return "";
    case Lag::Trend::shrinking:
      return lag.left_s ? "even in " + rough_duration(std::chrono::seconds(*lag.left_s)) : "";
    case Lag::Trend::not_shrinking:
      return "never even at this rate";
  }
  return "";
}

// What is known of the lag, as segments.
std::vector<std::string> lag_texts(const Lag& lag) {
  std::vector<std::string> texts;
  texts.push_back(lag.ms ? fmt::format("{:.1f} s behind", static_cast<double>(*lag.ms) / 1000)
                         : "how far behind is not known");
  if (lag.bytes && *lag.bytes > 0) texts.push_back(human_bytes(*lag.bytes) + " of log");
  if (lag.transactions && *lag.transactions > 0)
    texts.push_back((lag.are_transactions_estimated ? "~" : "") + human_count(*lag.transactions) +
                    " transactions");
  if (const std::string trend = trend_text(lag); !trend.empty()) texts.push_back(trend);
  return texts;
}

std::string retention_text(double hours) {
  const auto left = std::chrono::duration<double, std::ratio<3600>>(std::max(hours, 0.0));
  return "source keeps its log " + rough_duration(std::chrono::duration_cast<Duration>(left));
}

// Segments flow into as many lines as the width makes of them.
class Lines {
 public:
  explicit Lines(const BlockStyle& style) : style_(style) {}

  void add(const std::string& segment) {
    if (segment.empty()) return;
    const std::size_t columns = columns_of(segment);
    if (!line_.empty() && columns_of(line_) + 3 + columns > style_.columns) end_line();
    line_ += (line_.empty() ? "" : "   ") + segment;
  }
  void end_line(std::string_view colour = {}) {
    if (line_.empty()) return;
    const std::string cut = cut_to(line_, style_.columns, style_.unicode);
    lines_.push_back(colour.empty() ? cut : coloured(cut, colour, style_));
    line_.clear();
  }
  void add_line(const std::string& text, std::string_view colour) {
    end_line();
    line_ = text;
    end_line(colour);
  }
  std::vector<std::string> take() {
    end_line();
    return std::move(lines_);
  }

 private:
  const BlockStyle& style_;
  std::string line_;
  std::vector<std::string> lines_;
};

std::string bar(double share, std::size_t columns, bool unicode) {
  const auto full = static_cast<std::size_t>(share * static_cast<double>(columns));
  std::string text;
  for (std::size_t i = 0; i < columns; ++i) {
    if (unicode) {
      text += i < full ? "█" : "░";
    } else {
      text += i < full ? '#' : '-';
    }
  }
  return text;
}

}  // namespace

std::vector<std::string> status_block(const Figures& figures, std::string_view command,
                                      std::string_view warning, const BlockStyle& style) {
  const Status& status = figures.status;
  Lines lines(style);
  lines.add_line(
      fmt::format("{}: {}   {}", command, phase_text(status), human_duration(figures.elapsed)),
      bold);
  if (figures.share) {
    const std::string left = left_text(figures, style.unicode ? "–" : "-");
    const std::string text = share_text(figures) + (left.empty() ? "" : "   " + left + " to go");
    const std::size_t used = columns_of(text) + 2;
    if (style.columns > used + 8) {
      lines.add_line(
          bar(*figures.share, std::min<std::size_t>(style.columns - used, 50), style.unicode) +
              "  " + text,
          cyan);
    } else {
      lines.add_line(text, cyan);
    }
  }
  if (status.rows_done > 0 || status.rows_total > 0) lines.add(rows_text(figures));
  if (figures.rows_per_s >= 1) lines.add(rows_rate(figures));
  if (status.bytes_done > 0 || status.bytes_total > 0) lines.add(bytes_text(figures));
  if (figures.bytes_per_s >= 1) lines.add(bytes_rate(figures));
  lines.end_line();
  if (status.tables_total > 0)
    lines.add(fmt::format("{} of {} tables", human_count(status.tables_done),
                          human_count(status.tables_total)));
  if (status.memory_total > 0) {
    lines.add(fmt::format("memory {} of {}", human_bytes(status.memory_used),
                          human_bytes(status.memory_total)));
  }
  if (!figures.limited_by.empty()) lines.add("limited by " + figures.limited_by);
  lines.add(verified_text(status));
  lines.end_line();
  if (status.lag)
    for (const std::string& text : lag_texts(*status.lag)) lines.add(text);
  if (status.retention_hours_left) lines.add(retention_text(*status.retention_hours_left));
  lines.end_line();
  if (!status.cutover.empty()) lines.add_line("cutover: " + status.cutover, cyan);
  if (!status.waiting_for.empty()) lines.add_line("waiting for " + status.waiting_for, red);
  if (!warning.empty()) lines.add_line("warning: " + std::string(warning), yellow);
  return lines.take();
}

std::string status_line(const Figures& figures) {
  const Status& status = figures.status;
  std::string line = phase_text(status);
  const auto add = [&line](const std::string& part) {
    if (!part.empty()) line += (line.find(": ") == std::string::npos ? ": " : ", ") + part;
  };
  add(share_text(figures));
  if (status.rows_done > 0 || status.rows_total > 0) add(rows_text(figures));
  if (figures.rows_per_s >= 1) add(rows_rate(figures));
  if (status.bytes_done > 0 || status.bytes_total > 0) add(bytes_text(figures));
  if (figures.bytes_per_s >= 1) add(bytes_rate(figures));
  if (status.tables_total > 0)
    add(fmt::format("{} of {} tables", human_count(status.tables_done),
                    human_count(status.tables_total)));
  if (const std::string left = left_text(figures, " to "); !left.empty()) add(left + " to go");
  if (status.lag)
    for (const std::string& text : lag_texts(*status.lag)) add(text);
  if (status.retention_hours_left) add(retention_text(*status.retention_hours_left));
  if (!figures.limited_by.empty()) add("limited by " + figures.limited_by);
  add(verified_text(status));
  if (!status.cutover.empty()) add("cutover " + status.cutover);
  if (!status.waiting_for.empty()) add("waiting for " + status.waiting_for);
  return line;
}

std::string rough_duration(Duration duration) {
  const auto seconds =
      static_cast<std::uint64_t>(std::max(std::chrono::duration<double>(duration).count(), 0.0));
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m", seconds / 60);
  if (seconds < 86400) return fmt::format("{}h{:02}m", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{}d{}h", seconds / 86400, seconds / 3600 % 24);
}

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return !continues(c); }));
}

std::string cut_to(std::string_view text, std::size_t columns, bool unicode) {
  std::string clean(text);
  for (char& c : clean) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      c = ' ';  // a server's text must not steer the terminal
  }
  if (columns_of(clean) <= columns) return clean;
  if (columns == 0) return "";
  std::size_t end = 0;
  for (std::size_t seen = 0; end < clean.size(); ++end) {
    if (!continues(clean[end]) && seen++ == columns - 1) break;
  }
  return clean.substr(0, end) + (unicode ? "…" : "~");
}

}  // namespace tideway
