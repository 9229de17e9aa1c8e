#include "progress/log_progress.h"

#include <fmt/format.h>

#include "progress/log_rows.h"
#include "progress/meta_session.h"
#include "progress/meta_tables.h"

namespace tideway {
namespace {

std::string key_of(const TableId& table) {
  return fmt::format("table_database = {} AND table_name = {}", meta_text(table.database),
                     meta_text(table.name));
}

std::string start_values(const std::string& job, const TableStart& start) {
  return fmt::format("({}, {}, {}, {}, {}, {})", meta_text(job), meta_text(start.table.database),
                     meta_text(start.table.name), meta_bytes(start.low), meta_bytes(start.high),
                     start.is_exact ? 1 : 0);
}

std::string definition_statement(const std::string& job, const TableId& table,
                                 const std::string& create_text) {
  return fmt::format(
      "REPLACE INTO tideway_meta.definition (job, table_database, table_name, create_text) VALUES "
      "({}, {}, {}, {})",
      meta_text(job), meta_text(table.database), meta_text(table.name), meta_bytes(create_text));
}

// A unit without an end yet is no set: its first number stands for it.
UnitId point_of(const UnitId& unit) { return {unit.origin, unit.first, unit.first}; }

Result<SplitUnit> parse_split(const std::string& text, std::uint64_t rows, OriginNames& names) {
  const UnitSet set = TRY(UnitSet::parse(text, names));
  if (set.origins().size() != 1) {
    return fail(Error(ErrorCode::progress_unreadable, Side::target, Retry::never,
                      "tideway_meta.lane names no unit: " + text));
  }
  const auto& [origin, numbers] = *set.origins().begin();
  return SplitUnit{{origin, numbers.ranges().front().first, 0}, rows};
}

std::string split_values(const std::optional<SplitUnit>& piece, const OriginNames& names) {
  if (!piece) return "piece_unit = '', piece_rows = 0";
  UnitSet set;
  set.add(point_of(piece->unit));
  return fmt::format("piece_unit = {}, piece_rows = {}", meta_text(set.to_text(names)),
                     piece->rows);
}

}  // namespace

Result<std::unique_ptr<LogProgress>> LogProgress::open(JobProgress& progress, OriginNames& names,
                                                       const std::stop_token& stop) {
  const auto create = [&](Session& session) {
    return create_meta_tables(session, log_tables(), stop);
  };
  TRY(progress.control().outside_transaction(create, stop));
  std::unique_ptr<LogProgress> log(new LogProgress(progress, names));
  TRY(log->read(stop));
  return log;
}

Result<void> LogProgress::read(const std::stop_token& stop) {
  MetaSession& control = progress_.control();
  const std::string where = control.where_job();
  LogState state;
  const auto log =
      TRY(control.read("SELECT position, units FROM tideway_meta.log WHERE " + where, stop));
  if (!log.rows.empty()) {
    state.base.position = log.rows[0][0].value_or("");
    state.base.units = TRY(UnitSet::parse(log.rows[0][1].value_or(""), names_));
  }
  const auto pieces = TRY(control.read(
      "SELECT piece_unit, piece_rows FROM tideway_meta.lane WHERE piece_unit != '' AND " + where,
      stop));
  for (const auto& row : pieces.rows)
    state.split = TRY(parse_split(row[0].value_or(""), meta_number(row[1]), names_));
  const auto parked = TRY(control.read(
      "SELECT table_database, table_name, from_unit, reason, dropped FROM tideway_meta.parked "
      "WHERE " +
          where,
      stop));
  for (const auto& row : parked.rows) {
    state.parked.push_back({{row[0].value_or(""), row[1].value_or("")},
                            row[2].value_or(""),
                            row[3].value_or(""),
                            meta_number(row[4])});
  }
  const auto ddl = TRY(control.read(
      "SELECT unit, intent, tag, before_hash, after_hash FROM tideway_meta.ddl WHERE " + where,
      stop));
  for (const auto& row : ddl.rows) {
    state.ddl = DdlEntry{row[0].value_or(""), row[1].value_or(""), row[2].value_or(""),
                         row[3].value_or(""), row[4].value_or("")};
  }
  found_ = std::move(state);
  return {};
}

Result<void> LogProgress::begin(const LogBase& base, std::span<const TableStart> starts,
                                std::span<const SourceDefinition> definitions,
                                const std::stop_token& stop) {
  MetaSession& control = progress_.control();
  const auto work = [&](Session& session) -> Result<void> {
    TRY(forget_log(control, session, stop));
    TRY(session.execute(
        fmt::format("INSERT INTO tideway_meta.log (job, position, units) VALUES ({}, {}, {})",
                    meta_text(progress_.job()), meta_bytes(base.position),
                    meta_bytes(base.units.to_text(names_))),
        stop));
    TRY(replace_starts(session, starts, stop));
    for (const SourceDefinition& each : definitions) {
      TRY(session.execute(definition_statement(progress_.job(), each.table, each.create_text),
                          stop));
    }
    return {};
  };
  TRY(control.transaction(work, stop));
  return read(stop);
}

Result<void> LogProgress::replace_starts(Session& session, std::span<const TableStart> starts,
                                         const std::stop_token& stop) const {
  constexpr std::size_t rows_per_statement = 500;
  for (std::size_t i = 0; i < starts.size(); i += rows_per_statement) {
    std::string sql =
        "REPLACE INTO tideway_meta.standing (job, table_database, table_name, low, high, "
        "is_exact) VALUES ";
    for (std::size_t k = i; k < std::min(i + rows_per_statement, starts.size()); ++k)
      sql += (k == i ? "" : ",") + start_values(progress_.job(), starts[k]);
    TRY(session.execute(sql, stop));
  }
  return {};
}

Result<void> LogProgress::set_starts(std::span<const TableStart> starts,
                                     const std::stop_token& stop) {
  const auto work = [&](Session& session) { return replace_starts(session, starts, stop); };
  return progress_.control().transaction(work, stop);
}

Result<std::vector<TableStart>> LogProgress::starts(const std::stop_token& stop) const {
  MetaSession& control = progress_.control();
  const auto found =
      TRY(control.read("SELECT table_database, table_name, low, high, is_exact FROM "
                       "tideway_meta.standing WHERE " +
                           control.where_job(),
                       stop));
  std::vector<TableStart> starts;
  for (const auto& row : found.rows) {
    starts.push_back({{row[0].value_or(""), row[1].value_or("")},
                      row[2].value_or(""),
                      row[3].value_or(""),
                      row[4] == "1"});
  }
  return starts;
}

Result<void> LogProgress::set_start(const TableStart& start, const TableId& target,
                                    const std::stop_token& stop) {
  MetaSession& control = progress_.control();
  const auto work = [&](Session& session) -> Result<void> {
    TRY(session.execute(
        fmt::format("REPLACE INTO tideway_meta.standing (job, table_database, table_name, low, "
                    "high, is_exact) VALUES {}",
                    start_values(progress_.job(), start)),
        stop));
    TRY(session.execute(fmt::format("DELETE FROM tideway_meta.parked WHERE {} AND {}",
                                    control.where_job(), key_of(target)),
                        stop));
    return {};
  };
  return control.transaction(work, stop);
}

Result<std::vector<SourceDefinition>> LogProgress::definitions(const std::stop_token& stop) const {
  MetaSession& control = progress_.control();
  const auto found = TRY(control.read(
      "SELECT table_database, table_name, create_text FROM tideway_meta.definition WHERE " +
          control.where_job(),
      stop));
  std::vector<SourceDefinition> definitions;
  for (const auto& row : found.rows)
    definitions.push_back({{row[0].value_or(""), row[1].value_or("")}, row[2].value_or("")});
  return definitions;
}

Result<void> LogProgress::set_definitions(std::span<const SourceDefinition> definitions,
                                          const std::stop_token& stop) {
  const auto work = [&](Session& session) -> Result<void> {
    for (const SourceDefinition& each : definitions) {
      TRY(session.execute(definition_statement(progress_.job(), each.table, each.create_text),
                          stop));
    }
    return {};
  };
  return progress_.control().transaction(work, stop);
}

std::vector<std::string> LogProgress::definition_statements(const SchemaChange& change) const {
  std::vector<std::string> statements;
  for (const TableChange& table : change.tables) {
    const bool is_left = table.before && (!table.after || table.after->id != table.before->id);
    if (is_left) {
      statements.push_back(fmt::format("DELETE FROM tideway_meta.definition WHERE {} AND {}",
                                       progress_.control().where_job(), key_of(table.before->id)));
    }
  }
  // Behind what left its name: RENAME TABLE a TO b, b TO a.
  for (const TableChange& table : change.tables) {
    if (!table.after) continue;
    statements.push_back(
        definition_statement(progress_.job(), table.after->id, table.after->create_text));
  }
  return statements;
}

Result<void> LogProgress::advance_base(const LogBase& base, const std::stop_token& stop) {
  MetaSession& control = progress_.control();
  return control.change(
      fmt::format("UPDATE tideway_meta.log SET position = {}, units = {} WHERE {}",
                  meta_bytes(base.position), meta_bytes(base.units.to_text(names_)),
                  control.where_job()),
      stop);
}

Result<std::vector<LaneRow>> LogProgress::lanes(std::uint32_t count, const std::stop_token& stop) {
  MetaSession& control = progress_.control();
  std::string sql =
      "INSERT INTO tideway_meta.lane (job, lane, epoch, commit_no, session_id, guard, done, "
      "piece_unit, piece_rows) VALUES ";
  for (std::uint32_t i = 0; i < count; ++i) {
    sql += fmt::format("{}({}, {}, {}, 0, 0, 1, '', '', 0)", i == 0 ? "" : ",",
                       meta_text(progress_.job()), i, progress_.epoch());
  }
  TRY(control.change(sql + " ON DUPLICATE KEY UPDATE job = VALUES(job)", stop));
  const auto found = TRY(control.read(
      fmt::format("SELECT lane, commit_no, done, piece_unit, piece_rows FROM tideway_meta.lane "
                  "WHERE {} AND lane < {} ORDER BY lane",
                  control.where_job(), count),
      stop));
  std::vector<LaneRow> lanes;
  for (const auto& row : found.rows) {
    LaneRow lane;
    lane.lane = static_cast<std::uint32_t>(meta_number(row[0]));
    lane.commit_no = meta_number(row[1]);
    lane.done = TRY(UnitSet::parse(row[2].value_or(""), names_));
    if (!row[3].value_or("").empty())
      lane.piece = TRY(parse_split(*row[3], meta_number(row[4]), names_));
    lanes.push_back(std::move(lane));
  }
  if (lanes.size() != count) return fail(control.fenced());
  return lanes;
}

// The guard is set first: MySQL evaluates assignments from left to right, and later ones would see
// commit_no + 1.
std::string LogProgress::advance_statement(const LaneRow& now, const LaneRow& next) const {
  return fmt::format(
      "UPDATE tideway_meta.lane SET guard = IF(epoch = {} AND commit_no = {}, 1, NULL), commit_no "
      "= commit_no + 1, session_id = CONNECTION_ID(), done = {}, {} WHERE {} AND lane = {}",
      progress_.epoch(), now.commit_no, meta_text(next.done.to_text(names_)),
      split_values(next.piece, names_), progress_.control().where_job(), now.lane);
}

Result<bool> LogProgress::was_committed(Session& session, const LaneRow& now,
                                        const std::stop_token& stop) const {
  const MetaSession& control = progress_.control();
  const auto answer = TRY(session.query(
      fmt::format(
          "SELECT epoch, commit_no FROM tideway_meta.lane WHERE {} AND lane = {} FOR UPDATE",
          control.where_job(), now.lane),
      stop));
  TRY(session.execute("ROLLBACK", stop));
  if (answer.rows.size() != 1 || meta_number(answer.rows[0][0]) != progress_.epoch())
    return fail(control.fenced());
  const std::uint64_t commit_no = meta_number(answer.rows[0][1]);
  if (commit_no != now.commit_no && commit_no != now.commit_no + 1) return fail(control.fenced());
  return commit_no == now.commit_no + 1;
}

Result<void> LogProgress::intend(const DdlEntry& entry, const std::stop_token& stop) {
  MetaSession& control = progress_.control();
  return control.change(
      fmt::format("REPLACE INTO tideway_meta.ddl (job, unit, intent, tag, before_hash, after_hash) "
                  "VALUES ({}, {}, {}, {}, {}, {})",
                  meta_text(progress_.job()), meta_text(entry.unit), meta_bytes(entry.intent),
                  meta_text(entry.tag), meta_text(entry.before_hash), meta_text(entry.after_hash)),
      stop);
}

std::string LogProgress::end_ddl_statement(const std::string& unit) const {
  return fmt::format("DELETE FROM tideway_meta.ddl WHERE {} AND unit = {}",
                     progress_.control().where_job(), meta_text(unit));
}

Result<void> LogProgress::park(std::span<const ParkedTable> tables, const std::stop_token& stop) {
  if (tables.empty()) return {};
  std::string sql =
      "INSERT INTO tideway_meta.parked (job, table_database, table_name, from_unit, reason, "
      "dropped) VALUES ";
  for (const ParkedTable& table : tables) {
    sql += fmt::format("{}({}, {}, {}, {}, {}, {})", &table == tables.data() ? "" : ",",
                       meta_text(progress_.job()), meta_text(table.table.database),
                       meta_text(table.table.name), meta_text(table.from_unit),
                       meta_bytes(table.reason), table.dropped);
  }
  // What was first said of a table stays.
  return progress_.control().change(sql + " ON DUPLICATE KEY UPDATE job = VALUES(job)", stop);
}

Result<void> LogProgress::count_dropped(std::span<const ParkedTable> tables,
                                        const std::stop_token& stop) {
  MetaSession& control = progress_.control();
  const auto work = [&](Session& session) -> Result<void> {
    for (const ParkedTable& table : tables) {
      TRY(session.execute(fmt::format("UPDATE tideway_meta.parked SET dropped = {} WHERE {} AND {}",
                                      table.dropped, control.where_job(), key_of(table.table)),
                          stop));
    }
    return {};
  };
  return control.transaction(work, stop);
}

std::string LogProgress::text_of(const UnitId& unit) const {
  UnitSet set;
  set.add(unit.last == 0 ? point_of(unit) : unit);
  return set.to_text(names_);
}

}  // namespace tideway
