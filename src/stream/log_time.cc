#include "stream/log_time.h"

#include <fmt/format.h>

#include <chrono>

#include "binlog/event.h"
#include "mysql/log_stream.h"

namespace tideway {
namespace {

// Two digits at most of each part, as people write them; nullopt unless all of `text` is digits.
std::optional<int> number_in(std::string_view text) {
  int number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return text.empty() ? std::nullopt : std::optional(number);
}

Result<LogStream> open_file(const Endpoint& source, const std::string& file,
                            const std::stop_token& stop) {
  LogRequest request;
  request.file = file;
  request.ends = true;
  return LogStream::open(source, std::move(request), stop);
}

bool begins_transaction(EventType type) {
  return type == EventType::gtid || type == EventType::anonymous_gtid;
}

}  // namespace

Result<std::int64_t> begin_of_log_file(const Endpoint& source, const std::string& file,
                                       const std::stop_token& stop) {
  LogStream log = TRY(open_file(source, file, stop));
  while (const auto bytes = TRY(log.next(stop))) {
    const EventHeader header = TRY(parse_event_header(*bytes));
    if (header.type == EventType::format_description) return std::int64_t{header.timestamp};
  }
  return fail(Error(ErrorCode::log_corrupt, Side::source, Retry::never,
                    fmt::format("{} has no beginning", file)));
}

std::optional<std::int64_t> parse_log_time(std::string_view text) {
  constexpr std::size_t length = 19;  // YYYY-MM-DD hh:mm:ss
  if (text.size() != length || text[4] != '-' || text[7] != '-' ||
      (text[10] != ' ' && text[10] != 'T') || text[13] != ':' || text[16] != ':')
    return std::nullopt;
  const auto year = number_in(text.substr(0, 4)), month = number_in(text.substr(5, 2)),
             day = number_in(text.substr(8, 2)), hour = number_in(text.substr(11, 2)),
             minute = number_in(text.substr(14, 2)), second = number_in(text.substr(17, 2));
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(days).count() + *hour * 3600 +
         *minute * 60 + *second;
}

Result<LogPosition> find_log_time(const Endpoint& source, std::span<const std::string> files,
                                  std::int64_t seconds, const std::stop_token& stop) {
  if (files.empty()) {
    return fail(Error(ErrorCode::binlog_unavailable, Side::source, Retry::after_operator,
                      "the source has no log files"));
  }
  // The last file that begins before: all files behind it begin at the time or later.
  std::size_t low = 0, high = files.size();
  while (high - low > 1) {
    const std::size_t middle = low + (high - low) / 2;
    (TRY(begin_of_log_file(source, files[middle], stop)) < seconds ? low : high) = middle;
  }
  if (low == 0 && TRY(begin_of_log_file(source, files[0], stop)) > seconds) {
    return fail(Error(ErrorCode::log_purged, Side::source, Retry::after_operator,
                      fmt::format("the source's first log file, {}, begins later: what happened "
                                  "before is purged or was never logged",
                                  files[0])));
  }
  LogPosition position{files[low], 4};
  LogStream log = TRY(open_file(source, files[low], stop));
  while (const auto bytes = TRY(log.next(stop))) {
    const EventHeader header = TRY(parse_event_header(*bytes));
    if (header.is_artificial() || header.log_pos == 0) continue;
    if (header.type == EventType::rotate) break;  // goes on in a file that begins later
    if (begins_transaction(header.type) && std::int64_t{header.timestamp} >= seconds) {
      position.offset = header.log_pos - header.event_size;
      return position;
    }
    position.offset = header.log_pos;
  }
  if (low + 1 < files.size()) return LogPosition{files[low + 1], 4};
  return position;
}

}  // namespace tideway
