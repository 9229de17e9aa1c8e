#include "sql/rewrite_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "base/text.h"
#include "sql/column_parser.h"
#include "sql/table_options.h"

namespace tideway {
namespace {

using Kind = TargetTraits::Kind;

constexpr unsigned on_mysql = 1, on_mariadb = 2, on_tidb = 4, on_none = 0;

struct OptionRule {
  std::string_view name;
  unsigned targets;
  std::string_view why;
};

constexpr std::string_view only_mysql = "only MySQL has it", only_mariadb = "only MariaDB has it",
                           only_tidb = "only TiDB has it",
                           of_host = "it names a place on the source's host",
                           of_tablespace = "the target need not have the tablespace";

constexpr std::array<OptionRule, 33> option_rules = {{
    {"COMPRESSION", on_mysql, only_mysql},
    {"ENCRYPTION", on_mysql, only_mysql},
    {"AUTOEXTEND_SIZE", on_mysql, only_mysql},
    {"ENGINE_ATTRIBUTE", on_mysql, only_mysql},
    {"SECONDARY_ENGINE_ATTRIBUTE", on_mysql, only_mysql},
    {"SECONDARY_ENGINE", on_none, "the target need not have the secondary engine"},
    {"TRANSACTIONAL", on_mariadb, only_mariadb},
    {"PAGE_CHECKSUM", on_mariadb, only_mariadb},
    {"PAGE_COMPRESSED", on_mariadb, only_mariadb},
    {"PAGE_COMPRESSION_LEVEL", on_mariadb, only_mariadb},
    {"ENCRYPTED", on_mariadb, only_mariadb},
    {"ENCRYPTION_KEY_ID", on_mariadb, only_mariadb},
    {"IETF_QUOTES", on_mariadb, only_mariadb},
    {"SEQUENCE", on_mariadb, only_mariadb},
    {"WITH SYSTEM", on_mariadb, only_mariadb},
    {"WITHOUT SYSTEM", on_mariadb, only_mariadb},
    {"AUTO_ID_CACHE", on_tidb, only_tidb},
    {"AUTO_RANDOM_BASE", on_tidb, only_tidb},
    {"SHARD_ROW_ID_BITS", on_tidb, only_tidb},
    {"PRE_SPLIT_REGIONS", on_tidb, only_tidb},
    {"PLACEMENT POLICY", on_tidb, only_tidb},
    {"TTL", on_tidb, only_tidb},
    {"TTL_ENABLE", on_tidb, only_tidb},
    {"TTL_JOB_INTERVAL", on_tidb, only_tidb},
    {"AFFINITY", on_tidb, only_tidb},
    {"DATA DIRECTORY", on_none, of_host},
    {"INDEX DIRECTORY", on_none, of_host},
    {"TABLESPACE", on_none, of_tablespace},
    {"STORAGE", on_none, of_tablespace},
    {"START TRANSACTION", on_none, "it belongs to a statement of a binlog"},
    // Of engines that keep rows elsewhere; with such an engine they stay.
    {"CONNECTION", on_none, "the table's rows are copied into the target"},
    {"UNION", on_none, "the table's rows are copied into the target"},
    {"INSERT_METHOD", on_none, "the table's rows are copied into the target"},
}};

unsigned bit_of(Kind kind) {
  return kind == Kind::mysql ? on_mysql : kind == Kind::mariadb ? on_mariadb : on_tidb;
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

bool has_engine(const TargetTraits& target, std::string_view engine) {
  static constexpr std::array<std::string_view, 13> of_both = {
      "myisam",     "memory",    "heap", "csv",        "archive", "blackhole", "merge",
      "mrg_myisam", "federated", "ndb",  "ndbcluster", "rocksdb", "example"};
  static constexpr std::array<std::string_view, 9> of_mariadb = {
      "aria", "tokudb", "connect", "spider", "s3", "sphinx", "columnstore", "mroonga", "maria"};
  if (target.kind == Kind::tidb) return false;
  if (std::ranges::find(of_both, engine) != of_both.end()) return true;
  return target.kind == Kind::mariadb && std::ranges::find(of_mariadb, engine) != of_mariadb.end();
}

// Empty: the engine stays.
std::string why_not(const TargetTraits& target, std::string_view engine) {
  if (engine == "innodb") return {};
  if (target.kind == Kind::tidb) return "TiDB has one engine and calls it InnoDB";
  if (!has_engine(target, engine))
    return fmt::format("{} does not have the engine", target_text(target));
  return target.keeps_engines ? "" : "rows and the job's progress commit together only in InnoDB";
}

// What a table of another engine may say and InnoDB refuses in strict mode.
bool is_refused_by_innodb(const TableOption& option) {
  if (option.name == "KEY_BLOCK_SIZE") return true;
  if (option.name != "ROW_FORMAT") return false;
  const std::string format = upper(option.value.text);
  return format != "DEFAULT" && format != "DYNAMIC" && format != "COMPACT" &&
         format != "REDUNDANT" && format != "COMPRESSED";
}

const OptionRule* rule_of(const TableOption& option) {
  const auto* const found =
      std::ranges::find(option_rules, std::string_view(option.name), &OptionRule::name);
  return found == option_rules.end() ? nullptr : found;
}

bool stays_with_engine(const TableOption& option, bool has_other_engine) {
  return has_other_engine &&
         (option.name == "CONNECTION" || option.name == "UNION" || option.name == "INSERT_METHOD");
}

// SUBPARTITION BY … of TiDB's CREATE TABLE, at the word.
Result<void> skip_subpartition_by(TokenCursor& cursor) {
  cursor.accept_words({"SUBPARTITION", "BY"});
  while (!cursor.at('(')) {
    if (cursor.is_at_end()) return fail(cursor.unexpected("'('"));
    cursor.take();
  }
  TRY(cursor.skip_parentheses());
  if (cursor.accept("SUBPARTITIONS")) cursor.take();
  return {};
}

// NAME [=] value inside a partition, at the name: moves behind it.
std::optional<std::string_view> take_partition_option(TokenCursor& cursor) {
  std::optional<std::string_view> why;
  if (cursor.accept_words({"DATA", "DIRECTORY"}) || cursor.accept_words({"INDEX", "DIRECTORY"})) {
    why = of_host;
  } else if (cursor.at("TABLESPACE") &&
             (cursor.peek(1).is('=') || cursor.peek(1).kind == TokenKind::quoted_word)) {
    cursor.take();
    why = of_tablespace;
  } else {
    return why;
  }
  cursor.accept('=');
  cursor.take();
  return why;
}

}  // namespace

Result<TableOptions> take_table_options(TokenCursor& cursor) {
  TableOptions found;
  while (!cursor.is_at_end() && !cursor.at(';') && !cursor.at_words({"PARTITION", "BY"})) {
    const std::size_t place = cursor.place();
    TableOption option;
    option.begin = cursor.peek().offset;
    cursor.accept(',');
    cursor.accept("DEFAULT");
    if (TRY(found.charset.take(cursor))) continue;
    const Token first = cursor.peek();
    option.name = upper(name_of(first));
    const Token second = cursor.peek(1);
    if (first.is("DATA") || first.is("INDEX") || first.is("PLACEMENT") || first.is("WITH") ||
        first.is("WITHOUT") || first.is("START")) {
      option.name += " " + upper(second.text);
    }
    if (first.is("ENGINE") || first.is("TYPE") || first.is("COMMENT")) {
      cursor.take();
      cursor.accept('=');
      if (cursor.peek().kind == TokenKind::introducer) cursor.take();
      TRY(parse_option_word(cursor, "the value of a table option"));
    } else if (!TRY(skip_table_option(cursor))) {
      cursor.go_back_to(place);
      break;
    }
    option.value = cursor.last();
    option.end = option.value.end();
    found.options.push_back(std::move(option));
  }
  return found;
}

void rewrite_table_options(TextEdit& edit, TableOptions& options, const TargetTraits& target,
                           std::vector<StatementChange>& changes) {
  bool has_other_engine = false;
  for (const TableOption& option : options.options) {
    if (option.name != "ENGINE" && option.name != "TYPE") continue;
    const std::string engine = ascii_lower(name_of(option.value));
    const std::string why = why_not(target, engine);
    has_other_engine = engine != "innodb";
    if (why.empty()) continue;
    options.engine_changes = true;
    has_other_engine = false;
    edit.replace(option.value.offset, option.value.end(), "InnoDB");
    changes.push_back({fmt::format("ENGINE={} became InnoDB", option.value.text), why});
  }
  for (const TableOption& option : options.options) {
    const auto drop = [&](std::string_view why) {
      edit.remove(option.begin, option.end);
      const std::string_view text =
          edit.text().substr(option.begin, std::min<std::size_t>(option.end - option.begin, 80));
      changes.push_back({std::string(text) + " left out", std::string(why)});
    };
    const OptionRule* const rule = rule_of(option);
    if (rule != nullptr && (rule->targets & bit_of(target.kind)) == 0 &&
        !stays_with_engine(option, has_other_engine)) {
      drop(rule->why);
    } else if (options.engine_changes && is_refused_by_innodb(option)) {
      drop("InnoDB does not take it from another engine");
    } else if (option.name == "TTL_ENABLE" && ascii_lower(option.value.text) == "'on'") {
      edit.replace(option.value.offset, option.value.end(), "'OFF'");
      changes.push_back({"TTL_ENABLE='ON' became 'OFF'",
                         "rows must not expire while they are copied; turn it on afterwards"});
    }
  }
  options.charset.rewrite(edit, target, {}, "table", changes);
}

Result<void> rewrite_partitions(TokenCursor& cursor, TextEdit& edit, bool engine_changes,
                                const TargetTraits& target, std::vector<StatementChange>& changes) {
  if (!cursor.at_words({"PARTITION", "BY"})) return {};
  const std::size_t start = cursor.peek().offset;
  if (cursor.peek(2).is("SYSTEM_TIME") && target.kind != Kind::mariadb) {
    edit.remove(start, cursor.text().size());
    changes.push_back({"PARTITION BY SYSTEM_TIME left out", "only MariaDB has system versioning"});
    return {};
  }
  bool had_subpartitions = false;
  std::vector<std::string_view> reasons;
  while (!cursor.is_at_end()) {
    const std::size_t begin = cursor.peek().offset;
    const bool is_tidb = target.kind == Kind::tidb;
    if (const auto why = take_partition_option(cursor)) {
      edit.remove(begin, cursor.last().end());
      if (std::ranges::find(reasons, *why) == reasons.end()) reasons.push_back(*why);
    } else if (is_tidb && cursor.at_words({"SUBPARTITION", "BY"})) {
      TRY(skip_subpartition_by(cursor));
      edit.remove(begin, cursor.last().end());
      had_subpartitions = true;
    } else if (is_tidb && cursor.at('(') && cursor.peek(1).is("SUBPARTITION")) {
      TRY(cursor.skip_parentheses());
      edit.remove(begin, cursor.last().end());
    } else if (engine_changes && cursor.at("ENGINE") && cursor.peek(1).is('=')) {
      cursor.take();
      cursor.take();
      const Token engine = cursor.take();
      edit.replace(engine.offset, engine.end(), "InnoDB");
    } else {
      cursor.take();
    }
  }
  for (const std::string_view why : reasons) {
    changes.push_back(
        {why == of_host ? "DIRECTORY of partitions left out" : "TABLESPACE of partitions left out",
         std::string(why)});
  }
  if (had_subpartitions)
    changes.push_back({"SUBPARTITION BY left out", "TiDB has no subpartitions"});
  return {};
}

}  // namespace tideway
