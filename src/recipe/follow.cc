#include "recipe/follow.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "base/crew.h"
#include "flow/run.h"
#include "recipe/log_place.h"
#include "recipe/retention.h"
#include "sql/create_table.h"

namespace tideway::recipe {
namespace {

constexpr Duration heartbeat = std::chrono::seconds(1);
constexpr Duration patience = std::chrono::minutes(5);  // for a source that went away

Result<std::map<TableId, CopiedTable>> parse_starts(std::span<const TableStart> starts) {
  std::map<TableId, CopiedTable> copied;
  for (const TableStart& start : starts) {
    copied.emplace(start.table, CopiedTable{TRY(LogStart::parse_json(start.low)),
                                            TRY(LogStart::parse_json(start.high)), start.is_exact});
  }
  return copied;
}

// A name without a table is a database.
bool is_wanted(const Router& router, const TableId& table) {
  return table.name.empty() ? router.is_wanted(table.database) : router.is_wanted(table);
}

NameFolding folding_of(const Server& server) {
  switch (server.lower_case_table_names) {
    case 0:
      return NameFolding::exact;
    case 1:
      return NameFolding::lower;
    default:
      return NameFolding::compare_lower;
  }
}

Result<void> add_databases(Session& session, Definitions& definitions,
                           const std::stop_token& stop) {
  const auto found = TRY(
      session.query("SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM "
                    "information_schema.SCHEMATA",
                    stop));
  for (const auto& row : found.rows)
    definitions.put(DatabaseDef{row[0].value_or(""), row[1].value_or(""), row[2].value_or("")});
  return {};
}

// The definition a table has at the source now: right for the log's present end, and for as long
// before as nobody altered it; its rows are checked against it.
Result<std::optional<TableDef>> present_definition(const Endpoint& source, const TableId& table,
                                                   const std::stop_token& stop) {
  Session session = TRY(Session::open(source, {}, stop));
  auto answer = session.query("SHOW CREATE TABLE " + quoted(table), stop);
  if (!answer && answer.error().code() == ErrorCode::table_gone) return std::optional<TableDef>();
  if (!answer) return fail(std::move(answer).error());
  if (answer->rows.empty() || answer->rows[0].size() != 2) return std::optional<TableDef>();
  return std::optional(TRY(parse_create_table(answer->rows[0][1].value_or(""), table.database)));
}

LogStart at(const SnapshotPoint& point, LogPosition position, std::optional<GtidSet> gtids) {
  LogStart start;
  start.server_uuid = point.server_uuid;
  start.position = std::move(position);
  start.gtids = std::move(gtids);
  return start;
}

}  // namespace

Following::~Following() = default;

Result<std::unique_ptr<Following>> Following::open(const FollowParts& parts,
                                                   const FollowOptions& options,
                                                   const std::stop_token& stop) {
  std::unique_ptr<Following> following(new Following(parts, options));
  LogProgress& progress = parts.progress;
  const LogState& state = progress.found();
  following->places_ =
      std::make_unique<LogPlaces>(TRY(LogStart::parse_json(state.base.position)), progress.names());

  LogSourceOptions reading;
  reading.done = state.base.units;
  if (state.split) {
    reading.split = state.split->unit;
    reading.split_rows = state.split->rows;
  }
  reading.copied = TRY(parse_starts(TRY(progress.starts(stop))));
  reading.is_wanted = [router = parts.router](const TableId& table) {
    return is_wanted(*router, table);
  };
  reading.sees_older_branches = options.sees_older_branches;
  reading.block_bytes = options.block_bytes;
  reading.heartbeat = heartbeat;

  Session session = TRY_DURING("connecting to the source", Session::open(parts.source, {}, stop));
  Definitions definitions(folding_of(session.server()));
  TRY(add_databases(session, definitions, stop));
  std::set<TableId> unknown;  // what the source has now is not what it had
  for (const SourceDefinition& each : TRY(progress.definitions(stop))) {
    if (each.create_text.empty()) {
      unknown.insert(each.table);
      continue;
    }
    definitions.put(std::make_shared<const TableDef>(
        TRY(parse_create_table(each.create_text, each.table.database))));
  }
  reading.find_definition = [source = parts.source, unknown = std::move(unknown)](
                                const TableId& table, const std::stop_token& asked) {
    return unknown.contains(table) ? Result<std::optional<TableDef>>(std::nullopt)
                                   : present_definition(source, table, asked);
  };
  following->source_ =
      std::make_unique<LogSource>(parts.source, std::move(reading), std::move(definitions),
                                  *following->places_, progress.names(), parts.arbiter);
  following->stage_ = std::make_unique<RouteStage>(parts.router);

  LogSinkOptions writing;
  writing.threads = options.threads;
  writing.batch_bytes = options.batch_bytes;
  writing.position = [places = following->places_.get()](const UnitEnd& last,
                                                         const UnitSet& units) {
    return places->behind(last, units).to_json();
  };
  writing.target_of = [router = parts.router](const TableId& table) -> std::optional<TableId> {
    if (!is_wanted(*router, table)) return std::nullopt;
    const auto route = router->route(table);
    return route ? std::optional(route->target) : std::nullopt;
  };
  following->sink_ = std::make_unique<LogSink>(progress, parts.arbiter, std::move(writing));
  following->asker_ = std::make_unique<Inquirer>(parts.source, 1, patience);
  following->lag_ = std::make_unique<LagWatch>(
      parts.source, [one = following.get()] { return one->progressed(); }, heartbeat);
  return following;
}

Result<Followed> Following::run(const std::stop_token& stop) {
  RetentionWatch retention(parts_.source, parts_.board, parts_.retention,
                           [this] { return need_of(progressed().base, lag_->lag()); });
  Crew watch(stop);
  watch.start("lag", [this](const std::stop_token& asked) { return lag_->run(asked); });
  watch.start("retention", [&](const std::stop_token& asked) { return retention.run(asked); });
  const auto showing = parts_.board.show([this] { return status(); });
  FlowOptions flow;
  flow.readers = flow.writers = 1;
  flow.gate = &parts_.board.control().gate();
  flow.channel_bytes = std::max<std::uint64_t>(4ULL * options_.block_bytes, 1ULL << 20U);
  const Stage* const stages[] = {stage_.get()};
  const Summary summary = TRY(tideway::run(*source_, stages, *sink_, flow, meter_, stop));
  for (std::string& warning : stage_->warnings()) parts_.board.warn(std::move(warning));
  return Followed{sink_->base(), sink_->parked(), stage_->dropped(), summary.is_stopped};
}

Result<LogStart> Following::catch_up(const std::stop_token& stop) {
  LogStart end = TRY(asker_->ask("asking where the log ends", stop,
                                 [&](Session& session) { return end_of_log(session, stop); }));
  std::string seen;
  while (true) {
    std::string base = sink_->base().position;
    if (base != seen && TRY(LogStart::parse_json(base)).reaches(end)) return end;
    seen = std::move(base);
    if (!real_clock().wait(std::chrono::milliseconds(20), stop)) {
      return fail(Error(ErrorCode::stopped, Side::local, Retry::after_operator,
                        "stopped while waiting for the target to catch up"));
    }
  }
}

std::uint64_t Following::changes() const {
  const LogMeter& applied = sink_->meter();
  return applied.inserted + applied.updated + applied.removed + applied.schema_changes +
         applied.dropped;
}

Status Following::status() const {
  Status status;
  status.step = options_.step;
  status.steps = options_.steps;
  status.phase = options_.phase;
  add_meter(status, meter_);
  add_memory(status, parts_.arbiter);
  const LogMeter& applied = sink_->meter();
  status.rows_done = applied.inserted + applied.updated + applied.removed;
  status.limit = sink_->pressure_text();
  status.lag = lag_->lag();
  for (const auto& describe : describe_) describe(status);
  return status;
}

// In this order: a tail is no proof of what was read after it was told.
LogProgressed Following::progressed() const {
  LogProgressed now;
  const LogReadMeter& read = source_->meter();
  if (const std::int64_t tail_ns = read.tail_ns; tail_ns != 0)
    now.tail = Instant(std::chrono::nanoseconds(tail_ns));
  now.read_commit_us = read.commit_us;
  now.units = read.units;
  now.bytes = read.bytes;
  const LogMeter& applied = sink_->meter();
  now.applied_commit_us = applied.applied_commit_us;
  now.oldest_commit_us = applied.oldest_commit_us;
  if (auto base = LogStart::parse_json(sink_->base().position)) now.base = *std::move(base);
  return now;
}

LogStart low_of(const SnapshotPoint& point) {
  if (!point.window) return at(point, {}, std::nullopt);
  return at(point, point.window->begin, point.window->low);
}

LogStart high_of(const SnapshotPoint& point) {
  if (!point.window) return at(point, {}, std::nullopt);
  return at(point, point.window->high, point.window->high_gtids);
}

std::vector<SourceDefinition> source_definitions(const ObjectList& objects) {
  std::vector<SourceDefinition> definitions;
  for (const ListedTable& table : objects.tables)
    definitions.push_back({table.id(), table.def->create_text});
  return definitions;
}

}  // namespace tideway::recipe
