#include "progress/meta_tables.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <set>

#include "base/text.h"
#include "sql/literal.h"

namespace tideway {
namespace {

constexpr std::array copy_tables{
    MetaTable{"base", R"(CREATE TABLE IF NOT EXISTS tideway_meta.base (
  job VARBINARY(256) NOT NULL PRIMARY KEY,
  format INT UNSIGNED NOT NULL,
  epoch BIGINT UNSIGNED NOT NULL,
  guard INT NOT NULL,
  recipe VARBINARY(64) NOT NULL,
  state VARBINARY(16) NOT NULL COMMENT 'new, begun, done',
  position LONGBLOB NOT NULL COMMENT 'where the copy stands in the source',
  config_hash VARBINARY(256) NOT NULL,
  settings MEDIUMBLOB NOT NULL,
  owner VARBINARY(1024) NOT NULL COMMENT 'host pid started token place; empty: nobody',
  sessions MEDIUMBLOB NOT NULL COMMENT ',id@client,id@client,',
  heartbeat DATETIME(6) NOT NULL COMMENT 'UTC, by the clock of this server',
  certificate LONGBLOB NOT NULL
) ENGINE=InnoDB)"},
    MetaTable{"filled", R"(CREATE TABLE IF NOT EXISTS tideway_meta.filled (
  job VARBINARY(256) NOT NULL,
  table_database VARBINARY(256) NOT NULL,
  table_name VARBINARY(256) NOT NULL,
  target_database VARBINARY(256) NOT NULL,
  target_name VARBINARY(256) NOT NULL,
  was_empty TINYINT NOT NULL COMMENT '0: it held rows, 1: it was empty, 2: the job made it',
  state VARBINARY(16) NOT NULL COMMENT 'filling, clearing',
  PRIMARY KEY (job, table_database, table_name)
) ENGINE=InnoDB)"},
    MetaTable{"chunk", R"(CREATE TABLE IF NOT EXISTS tideway_meta.chunk (
  job VARBINARY(256) NOT NULL,
  table_database VARBINARY(256) NOT NULL,
  table_name VARBINARY(256) NOT NULL,
  ordinal BIGINT UNSIGNED NOT NULL,
  bounds LONGBLOB NOT NULL COMMENT 'what the stream covers, in words of its source',
  is_last TINYINT NOT NULL,
  epoch BIGINT UNSIGNED NOT NULL,
  commit_no BIGINT UNSIGNED NOT NULL,
  session_id BIGINT UNSIGNED NOT NULL,
  guard INT NOT NULL,
  state VARBINARY(16) NOT NULL COMMENT 'planned, writing, done',
  mark LONGBLOB NOT NULL COMMENT 'where the stream can be taken up again, in words of its source',
  row_count BIGINT UNSIGNED NOT NULL,
  digest VARBINARY(256) NOT NULL COMMENT 'of the rows up to the mark',
  PRIMARY KEY (job, table_database, table_name, ordinal)
) ENGINE=InnoDB)"},
};

constexpr std::array tables_of_logs{
    MetaTable{"log", R"(CREATE TABLE IF NOT EXISTS tideway_meta.log (
  job VARBINARY(256) NOT NULL PRIMARY KEY,
  position LONGBLOB NOT NULL COMMENT 'all before it is applied; in words of the reader',
  units LONGBLOB NOT NULL COMMENT 'applied, also behind the position'
) ENGINE=InnoDB)"},
    MetaTable{"lane", R"(CREATE TABLE IF NOT EXISTS tideway_meta.lane (
  job VARBINARY(256) NOT NULL,
  lane INT UNSIGNED NOT NULL,
  epoch BIGINT UNSIGNED NOT NULL,
  commit_no BIGINT UNSIGNED NOT NULL,
  session_id BIGINT UNSIGNED NOT NULL,
  guard INT NOT NULL,
  done LONGBLOB NOT NULL COMMENT 'units applied by this lane, above log.units',
  piece_unit VARBINARY(1024) NOT NULL COMMENT 'a unit that is half written; empty: none',
  piece_rows BIGINT UNSIGNED NOT NULL COMMENT 'of its row changes in the log, how many are in',
  PRIMARY KEY (job, lane)
) ENGINE=InnoDB)"},
    MetaTable{"standing", R"(CREATE TABLE IF NOT EXISTS tideway_meta.standing (
  job VARBINARY(256) NOT NULL,
  table_database VARBINARY(256) NOT NULL,
  table_name VARBINARY(256) NOT NULL,
  low LONGBLOB NOT NULL,
  high LONGBLOB NOT NULL,
  is_exact TINYINT NOT NULL COMMENT '1: exactly at high, 0: somewhere between',
  PRIMARY KEY (job, table_database, table_name)
) ENGINE=InnoDB)"},
    MetaTable{"definition", R"(CREATE TABLE IF NOT EXISTS tideway_meta.definition (
  job VARBINARY(256) NOT NULL,
  table_database VARBINARY(256) NOT NULL,
  table_name VARBINARY(256) NOT NULL,
  create_text LONGBLOB NOT NULL COMMENT 'of the source, behind the units that are applied',
  PRIMARY KEY (job, table_database, table_name)
) ENGINE=InnoDB)"},
    MetaTable{"ddl", R"(CREATE TABLE IF NOT EXISTS tideway_meta.ddl (
  job VARBINARY(256) NOT NULL,
  unit VARBINARY(1024) NOT NULL,
  intent LONGBLOB NOT NULL COMMENT 'the statement',
  tag VARBINARY(256) NOT NULL COMMENT 'a comment in the statement that is run',
  before_hash VARBINARY(256) NOT NULL COMMENT 'of the definitions it changes',
  after_hash VARBINARY(256) NOT NULL,
  PRIMARY KEY (job, unit)
) ENGINE=InnoDB)"},
    MetaTable{"parked", R"(CREATE TABLE IF NOT EXISTS tideway_meta.parked (
  job VARBINARY(256) NOT NULL,
  table_database VARBINARY(256) NOT NULL,
  table_name VARBINARY(256) NOT NULL,
  from_unit VARBINARY(1024) NOT NULL,
  reason MEDIUMBLOB NOT NULL,
  dropped BIGINT UNSIGNED NOT NULL COMMENT 'row changes left out so far',
  PRIMARY KEY (job, table_database, table_name)
) ENGINE=InnoDB)"},
};

}  // namespace

std::span<const MetaTable> meta_tables() { return copy_tables; }
std::span<const MetaTable> log_tables() { return tables_of_logs; }

Result<void> create_meta_tables(Session& session, std::span<const MetaTable> tables,
                                const std::stop_token& stop) {
  const auto found = TRY(session.query(
      "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'tideway_meta'",
      stop));
  std::set<std::string> names;
  for (const auto& row : found.rows) names.insert(row[0].value_or(""));
  if (names.empty()) {
    TRY_DURING(
        "creating database tideway_meta",
        session.execute("CREATE DATABASE IF NOT EXISTS tideway_meta DEFAULT CHARACTER SET utf8mb4",
                        stop));
  }
  for (const MetaTable& table : tables) {
    if (names.contains(std::string(table.name))) continue;
    TRY_DURING(fmt::format("creating tideway_meta.{}", table.name),
               session.execute(table.create_statement, stop));
  }
  return {};
}

std::string meta_text(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

std::string meta_bytes(std::string_view bytes) {
  std::string out;
  append_hex_literal(out, bytes);  // x'' is an empty string
  return out;
}

std::uint64_t meta_number(const std::optional<std::string>& text) {
  std::uint64_t number = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), number);
  return number;
}

}  // namespace tideway
