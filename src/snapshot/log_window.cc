#include "snapshot/log_window.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "sql/literal.h"

namespace tideway {
namespace {

// MySQL 5.7 locks its log while it answers: a page of so many row events is read in some
// milliseconds.
constexpr std::size_t page_events = 1000;

std::string cell(const std::optional<std::string>& value) { return value.value_or(std::string()); }

std::uint64_t to_number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::vector<std::string> split_names(std::string_view list) {
  std::vector<std::string> names;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (comma != 0) names.emplace_back(list.substr(0, comma));
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return names;
}

Evidence at_position(std::string position) {
  Evidence evidence;
  evidence.position = std::move(position);
  return evidence;
}

// What keeps us from the log, unless it is the connection or a stop.
Error as_unavailable(Error error, const std::string& position) {
  if (error.code() != ErrorCode::server_refused && error.code() != ErrorCode::missing_privilege)
    return error;
  Evidence evidence = error.evidence();
  evidence.position = position;
  std::string message = error.code() == ErrorCode::missing_privilege
                            ? "the account may not read the source's log"
                            : fmt::format("the source's log cannot be read at {}", position);
  return Error(ErrorCode::binlog_unavailable, Side::source, Retry::after_operator,
               std::move(evidence), std::move(message));
}

template <typename T>
Result<T> or_unavailable(Result<T> result, const std::string& position) {
  if (result) return result;
  return fail(as_unavailable(std::move(result).error(), position));
}

Result<std::vector<LogEvent>> read_page(Session& session, const LogPosition& from,
                                        std::size_t limit, const std::stop_token& stop) {
  std::string sql = "SHOW BINLOG EVENTS IN ";
  append_quoted(sql, from.file);
  sql += fmt::format(" FROM {} LIMIT {}", from.offset, limit);
  const ResultTable answer = TRY(or_unavailable(session.query(sql, stop), to_text(from)));
  std::vector<LogEvent> events;
  events.reserve(answer.rows.size());
  for (const auto& row : answer.rows) {
    if (row.size() < 6) {
      return fail(Error(ErrorCode::unexpected_answer, Side::source, Retry::never,
                        "SHOW BINLOG EVENTS answered with fewer than six columns"));
    }
    events.push_back({{from.file, to_number(cell(row[1]))},
                      to_number(cell(row[4])),
                      cell(row[2]),
                      cell(row[5])});
  }
  return events;
}

// Hands each event to the ranges that its transaction belongs to.
class RangeReader {
 public:
  RangeReader(std::span<const LogRange> ranges, bool fold_case)
      : ranges_(ranges), touches_(ranges.size(), Touches(fold_case)), reader_(fold_case) {
    end_ = std::ranges::max(ranges, {}, &LogRange::end).end;
    for (std::size_t i = 0; i < ranges.size(); ++i)
      touches_[i].sees_older_branches = ranges[i].sees_older_branches;
  }

  const LogPosition& end() const { return end_; }

  // False: the event lies behind every range.
  bool add(const LogEvent& event) {
    if (reader_.is_boundary(event)) {
      if (event.position >= end_) return false;
      choose(event);
    }
    reader_.add(event, into_);
    return true;
  }

  // The server may show what a compressed transaction holds without positions of its own: a page
  // that ends in there cannot be continued.
  void cut_in_payload(const LogEvent& event) {
    reader_.add({event.position, event.end, "compressed transaction larger than a page", {}},
                into_);
  }

  std::vector<Touches> take() {
    reader_.finish();
    return std::move(touches_);
  }

 private:
  void choose(const LogEvent& event) {
    into_.clear();
    const auto gtid = LogReader::gtid_of(event);
    for (std::size_t i = 0; i < ranges_.size(); ++i) {
      const LogRange& range = ranges_[i];
      if (event.position < range.begin || event.position >= range.end) continue;
      if (gtid && range.skip.contains(gtid->source, gtid->number)) continue;
      into_.push_back(&touches_[i]);
    }
  }

  const std::span<const LogRange> ranges_;
  LogPosition end_;
  std::vector<Touches> touches_;
  std::vector<Touches*> into_;
  LogReader reader_;
};

Result<std::string> file_after(Session& session, const std::string& file,
                               const std::stop_token& stop) {
  const ResultTable logs = TRY(or_unavailable(session.query("SHOW BINARY LOGS", stop), file));
  for (std::size_t i = 0; i + 1 < logs.rows.size(); ++i) {
    if (!logs.rows[i].empty() && cell(logs.rows[i][0]) == file) return cell(logs.rows[i + 1][0]);
  }
  return fail(Error(ErrorCode::binlog_unavailable, Side::source, Retry::never, at_position(file),
                    fmt::format("the source's log has no file behind {}", file)));
}

}  // namespace

bool LogStatus::logs(const std::string& database) const {
  if (!only_databases.empty())
    return std::ranges::find(only_databases, database) != only_databases.end();
  return std::ranges::find(without_databases, database) == without_databases.end();
}

Result<std::optional<LogStatus>> parse_log_status(const ResultTable& answer) {
  const auto file = answer.find_column("File"), offset = answer.find_column("Position");
  if (answer.rows.empty()) return std::optional<LogStatus>();
  if (!file || !offset || cell(answer.rows[0][*file]).empty()) {
    return fail(Error(ErrorCode::unexpected_answer, Side::source, Retry::never,
                      "the status of the binary log names no file"));
  }
  const auto& row = answer.rows[0];
  LogStatus status{{cell(row[*file]), to_number(cell(row[*offset]))}, {}, {}};
  if (const auto only = answer.find_column("Binlog_Do_DB"))
    status.only_databases = split_names(cell(row[*only]));
  if (const auto without = answer.find_column("Binlog_Ignore_DB"))
    status.without_databases = split_names(cell(row[*without]));
  return std::optional(std::move(status));
}

Result<std::optional<LogStatus>> log_status(Session& session, const std::stop_token& stop) {
  return parse_log_status(TRY(
      or_unavailable(session.query(session.server().binlog_status_statement(), stop), "its end")));
}

Result<void> require_whole_log(Session& session, const std::stop_token& stop) {
  const auto updates = TRY(session.query(
      "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('log_slave_updates', 'log_replica_updates')",
      stop));
  const bool logs_all = std::ranges::any_of(
      updates.rows, [](const auto& row) { return row.size() == 2 && row[1] == "ON"; });
  if (logs_all) return {};
  auto sources = session.query("SHOW SLAVE STATUS", stop);
  if (!sources && !session.is_broken()) sources = session.query("SHOW REPLICA STATUS", stop);
  if (!sources) return fail(as_unavailable(std::move(sources).error(), "its end"));
  if (sources->rows.empty()) return {};
  return fail(Error(ErrorCode::binlog_unavailable, Side::source, Retry::after_operator,
                    "the source is a replica that does not log what it applies (log_slave_updates "
                    "is off): its log does not tell what changes"));
}

Result<std::vector<Touches>> read_log(Session& session, std::span<const LogRange> ranges,
                                      const std::stop_token& stop) {
  if (ranges.empty()) return std::vector<Touches>();
  RangeReader reader(ranges, session.server().lower_case_table_names != 0);
  LogPosition at = std::ranges::min(ranges, {}, &LogRange::begin).begin;
  while (at < reader.end()) {
    const auto events = TRY(read_page(session, at, page_events, stop));
    LogPosition next = at;
    std::optional<LogPosition> payload_end;
    for (const LogEvent& event : events) {
      if (!reader.add(event)) return reader.take();
      if (event.type == "Gtid" || event.type == "Anonymous_Gtid") payload_end.reset();
      if (event.type == "Transaction_payload") payload_end = {at.file, event.end};
      next.offset = std::max(next.offset, event.end);
    }
    if (events.size() == page_events) {
      if (payload_end) {
        reader.cut_in_payload(events.back());
        next = *payload_end;
      }
      if (next == at) {
        return fail(Error(ErrorCode::unexpected_answer, Side::source, Retry::never,
                          at_position(to_text(at)), "the log's events have no end"));
      }
      at = next;
    } else if (log_file_number(at.file) >= log_file_number(reader.end().file)) {
      break;
    } else {
      at = {TRY(file_after(session, at.file, stop)), 4};
    }
  }
  return reader.take();
}

Result<std::optional<GtidSet>> previous_gtids(Session& session, const std::string& file,
                                              const std::stop_token& stop) {
  constexpr std::size_t header_events = 3;
  for (const LogEvent& event : TRY(read_page(session, {file, 4}, header_events, stop))) {
    if (event.type == "Previous_gtids") return std::optional(TRY(GtidSet::parse(event.info)));
  }
  return std::optional<GtidSet>();
}

}  // namespace tideway
