#include "recipe/log_place.h"

#include <fmt/format.h>

#include <charconv>
#include <vector>

#include "snapshot/log_window.h"
#include "stream/log_time.h"

namespace tideway::recipe {
namespace {

Error no_place(const std::string& text) {
  return {ErrorCode::bad_value, Side::local, Retry::never,
          fmt::format("'{}' is no place in a log: give now, FILE:OFFSET, a set of GTIDs, or a time "
                      "like '2026-03-01 12:00:00' (UTC)",
                      text)};
}

// With GTIDs a place is also all transactions before it: then it is the same on every server.
Result<void> add_gtids(Session& source, LogStart& place, const std::stop_token& stop) {
  if (!source.server().gtid_on) return {};
  auto before = TRY(previous_gtids(source, place.position.file, stop));
  place.gtids = before ? *std::move(before) : GtidSet();
  const LogRange range{{place.position.file, 4}, place.position, {}, false};
  const auto touches = TRY(read_log(source, std::span(&range, 1), stop));
  place.gtids->add(touches[0].gtids);
  return {};
}

Result<LogStart> at_position(Session& source, const LogPosition& position,
                             const std::stop_token& stop) {
  const auto files = TRY(log_files(source, stop));
  LogStart place;
  place.server_uuid = source.server().uuid;
  place.position = position;
  for (const LogFile& file : files) {
    if (file.name != position.file) continue;
    if (position.offset < 4 || position.offset > file.bytes) {
      return fail(Error(ErrorCode::log_differs, Side::source, Retry::after_operator,
                        fmt::format("{} is outside its file, which has {} bytes", to_text(position),
                                    file.bytes)));
    }
    TRY(add_gtids(source, place, stop));
    return place;
  }
  return fail(Error(ErrorCode::log_purged, Side::source, Retry::after_operator,
                    fmt::format("the source has no log file {}; its first is {}", position.file,
                                files.empty() ? "none" : files.front().name)));
}

Result<LogStart> behind_gtids(Session& source, GtidSet gtids, const std::stop_token& stop) {
  if (!source.server().gtid_on) {
    return fail(Error(ErrorCode::not_supported, Side::source, Retry::after_operator,
                      "a set of GTIDs is given and the source has none: gtid_mode is not ON"));
  }
  const auto purged = TRY(source.query_value("SELECT @@GLOBAL.gtid_purged", stop));
  const GtidSet missing = TRY(GtidSet::parse(purged.value_or(""))).minus(gtids);
  if (!missing.is_empty()) {
    return fail(
        Error(ErrorCode::log_purged, Side::source, Retry::after_operator,
              "the source has purged transactions that are not in the set: " + missing.to_text()));
  }
  const auto files = TRY(log_files(source, stop));
  LogStart place;
  place.server_uuid = source.server().uuid;
  if (!files.empty()) place.position = {files.front().name, 4};
  place.gtids = std::move(gtids);
  return place;
}

Result<LogStart> at_time(Session& source, std::int64_t seconds, const std::stop_token& stop) {
  std::vector<std::string> files;
  for (const LogFile& file : TRY(log_files(source, stop))) files.push_back(file.name);
  LogStart place;
  place.server_uuid = source.server().uuid;
  place.position = TRY(find_log_time(source.endpoint(), files, seconds, stop));
  TRY(add_gtids(source, place, stop));
  return place;
}

}  // namespace

Result<std::vector<LogFile>> log_files(Session& source, const std::stop_token& stop) {
  const auto answer = TRY(source.query("SHOW BINARY LOGS", stop));
  std::vector<LogFile> files;
  for (const auto& row : answer.rows) {
    LogFile file{row[0].value_or(""), 0};
    const std::string bytes = row[1].value_or("");
    std::from_chars(bytes.data(), bytes.data() + bytes.size(), file.bytes);
    files.push_back(std::move(file));
  }
  return files;
}

Result<LogStart> find_log_place(Session& source, const std::string& text,
                                const std::stop_token& stop) {
  if (text == "now") return end_of_log(source, stop);
  if (const auto seconds = parse_log_time(text)) return at_time(source, *seconds, stop);
  if (auto gtids = GtidSet::parse(text); gtids && !gtids->is_empty())
    return behind_gtids(source, *std::move(gtids), stop);
  const auto position = parse_log_position(text);
  if (!position) return fail(no_place(text));
  return at_position(source, *position, stop);
}

Result<LogStart> end_of_log(Session& source, const std::stop_token& stop) {
  const auto status = TRY(log_status(source, stop));
  if (!status) {
    return fail(Error(ErrorCode::binlog_unavailable, Side::source, Retry::after_operator,
                      "the source writes no binary log (log_bin is off)"));
  }
  LogStart end;
  end.server_uuid = source.server().uuid;
  end.position = status->position;
  if (source.server().gtid_on) {
    // gtid_executed lags the position: what is between is read before this place all the same,
    // since a reader goes by both.
    const auto gtids = TRY(source.query_value("SELECT @@GLOBAL.gtid_executed", stop));
    end.gtids = TRY(GtidSet::parse(gtids.value_or("")));
  }
  return end;
}

}  // namespace tideway::recipe
