// log_driver URL JOB WORLD [NAME=VALUE…]: applies the log of a world that exists in its memory
// (log_world.h) to database shop of the target. A case kills it, cuts its connections, starts it
// again, and compares shop with what the world's own SQL makes of another database.
//
//   WORLD         seed:units[:minimal][:schema][:cascade][:keys=N][:rows=N][:bench=i|u|h]
//   threads=4  block=40 (rows)  piece=0 (bytes)  base=100 (ms)  memory=64Mi (bytes)  takeover=1
//
// log_driver --sql WORLD prints the SQL: a statement a line, BEGIN and COMMIT around each unit.
// log_driver --tables prints the statements that make the tables.
//
// Exit code: 0 all is applied, 3 with tables parked, 1 failed (the error is the last line of
// stderr), 2 usage.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "apply/log_memory_source.h"
#include "apply/log_sink.h"
#include "flow/run.h"
#include "mysql/endpoint.h"

namespace tideway::testing {
namespace {

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

LogWorldOptions parse_world(std::string_view text) {
  LogWorldOptions options;
  for (int place = 0; !text.empty(); ++place) {
    const std::size_t at = std::min(text.find(':'), text.size());
    const std::string_view word = text.substr(0, at);
    text.remove_prefix(std::min(at + 1, text.size()));
    if (place == 0) options.seed = number(word);
    if (place == 1) options.units = number(word);
    options.is_minimal |= word == "minimal";
    options.has_schema_changes |= word == "schema";
    options.has_cascades |= word == "cascade";
    if (word.starts_with("bench=")) options.bench = word.back();
    if (word.starts_with("keys=")) options.keys = static_cast<int>(number(word.substr(5)));
    if (word.starts_with("rows=")) options.rows_per_unit = number(word.substr(5));
  }
  return options;
}

int print_sql(std::string_view text) {
  const LogWorld made(parse_world(text));
  for (const LogUnit& unit : made.units()) {
    if (unit.change) fmt::print("{}\n", unit.change->statement);
    if (unit.changes.empty()) continue;
    fmt::print("BEGIN\n");
    for (const LogChange& change : unit.changes) fmt::print("{}\n", change.sql);
    fmt::print("COMMIT\n");
  }
  return 0;
}

Result<int> drive(const Endpoint& target, JobOptions job, const LogWorld& world,
                  std::map<std::string, std::uint64_t> values) {
  const auto value = [&](const char* name, std::uint64_t otherwise) {
    return values.contains(name) ? values[name] : otherwise;
  };
  const auto progress = TRY(JobProgress::open(target, std::move(job), {}));
  OriginNames names;
  const auto log = TRY(LogProgress::open(*progress, names, {}));
  if (log->found().base.position.empty()) TRY(log->begin({"0", {}}, {}, {}));
  MemoryArbiter arbiter(value("memory", 64ULL << 20U));
  LogSinkOptions options;
  options.threads = static_cast<std::uint32_t>(value("threads", 4));
  options.piece_bytes = value("piece", 0);
  options.position = memory_position;
  options.base_interval = std::chrono::milliseconds(value("base", 100));
  LogSink sink(*log, arbiter, options);
  LogMemorySource source(world, arbiter, names, log->found(), world.units().size(),
                         value("block", 40));
  Meter meter;
  const Instant began = real_clock().now();
  TRY(run(source, {}, sink, {.readers = 1, .writers = 1}, meter, {}));
  const double seconds = std::chrono::duration<double>(real_clock().now() - began).count();
  const LogMeter& counted = sink.meter();
  const std::uint64_t rows = counted.inserted + counted.updated + counted.removed;
  if (world.units().size() > 1000)
    fmt::print("{:.0f} rows/s, {:.2f} s\n", static_cast<double>(rows) / seconds, seconds);
  fmt::print(
      "units={} groups={} pieces={} inserted={} updated={} removed={} compacted={} "
      "retries={} reconnects={} ddl={} base={}\n",
      counted.units.load(), counted.groups.load(), counted.pieces.load(), counted.inserted.load(),
      counted.updated.load(), counted.removed.load(), counted.compacted.load(),
      counted.retries.load(), counted.reconnects.load(), counted.schema_changes.load(),
      sink.base().units.to_text(names));
  for (const ParkedTable& table : sink.parked())
    fmt::print("parked {}: {}\n", table.table.name, table.reason);
  return sink.parked().empty() ? 0 : 3;
}

int main_with(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--tables") {
    for (const std::string& statement : LogWorld::tables()) fmt::print("{}\n", statement);
    return 0;
  }
  if (argc == 3 && std::string_view(argv[1]) == "--sql") return print_sql(argv[2]);
  if (argc < 4) {
    fmt::print(stderr, "usage: log_driver URL JOB WORLD [NAME=VALUE…]\n");
    return 2;
  }
  auto target = parse_endpoint(argv[1], Side::target);
  if (!target) {
    fmt::print(stderr, "{}\n", target.error().to_line());
    return 2;
  }
  target->password = Secret();
  std::map<std::string, std::uint64_t> values;
  for (int i = 4; i < argc; ++i) {
    const std::string_view word = argv[i];
    const std::size_t at = std::min(word.find('='), word.size());
    values[std::string(word.substr(0, at))] = number(word.substr(std::min(at + 1, word.size())));
  }
  JobOptions job;
  job.job = argv[2];
  job.recipe = "replicate";
  job.takeover = values.contains("takeover");
  job.heartbeat = std::chrono::milliseconds(500);
  const LogWorld world(parse_world(argv[3]));
  const auto outcome = drive(*target, std::move(job), world, std::move(values));
  if (!outcome) {
    fmt::print(stderr, "{}\n", outcome.error().to_line());
    return 1;
  }
  return *outcome;
}

}  // namespace
}  // namespace tideway::testing

int main(int argc, char** argv) { return tideway::testing::main_with(argc, argv); }
