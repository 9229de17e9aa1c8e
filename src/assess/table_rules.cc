#include "assess/table_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "apply/obstacles.h"
#include "base/text.h"
#include "sql/rewrite.h"

namespace tideway {
namespace {

using Level = Finding::Level;

// Limits of TiDB as it is shipped.
constexpr std::size_t tidb_columns = 1017, tidb_keys = 64;
constexpr std::string_view tidb_entry = "6 MiB";

bool is_large(TypeKind kind) {
  return kind == TypeKind::medium_text || kind == TypeKind::long_text ||
         kind == TypeKind::medium_blob || kind == TypeKind::long_blob;
}

class Judge {
 public:
  Judge(const ObjectFacts& facts, const SourceFacts& source, const TargetFacts* target,
        const Purpose& purpose, Assessment& assessment)
      : facts_(facts),
        source_(source),
        target_(target),
        purpose_(purpose),
        assessment_(assessment) {
    if (target != nullptr)
      for (const TableId& table : target->tables) there_.insert(folded(table));
  }

  void run() {
    for (const UnreadableTable& table : facts_.unreadable)
      add(Level::blocker, Side::source, "select", quoted(table.table),
          "cannot be read: " + table.error.to_line(), table.error.evidence().statement,
          table.error.code());
    judge_logged_databases();
    for (const ListedTable& table : facts_.objects.tables) judge_table(table);
    judge_cascades();
    judge_not_carried();
    if (target_ != nullptr) judge_for_target();
  }

 private:
  void add(Level level, Side side, std::string name, std::string subject, std::string sentence,
           std::string mend = "", ErrorCode error = ErrorCode::not_supported) {
    Finding finding;
    finding.level = level;
    finding.side = side;
    finding.name = std::move(name);
    if (!subject.empty()) finding.subjects.push_back(std::move(subject));
    finding.sentence = std::move(sentence);
    if (!mend.empty()) finding.mend.push_back(std::move(mend));
    finding.error = error;
    assessment_.add(std::move(finding));
  }
  std::string folded(const TableId& table) const {
    return target_->server.lower_case_table_names == 0 ? quoted(table) : ascii_lower(quoted(table));
  }

  void judge_logged_databases() {
    if (!source_.log) return;
    for (const ListedDatabase& database : facts_.objects.databases) {
      if (source_.log->logs(database.name)) continue;
      add(purpose_.follows ? Level::blocker : Level::warning, Side::source, "binlog_do_db",
          quoted(database.name),
          "is left out of the source's log (binlog_do_db, binlog_ignore_db): its changes cannot be "
          "followed",
          "in the server's configuration: take out binlog_do_db and binlog_ignore_db, then restart "
          "it",
          ErrorCode::binlog_unavailable);
    }
  }

  void judge_table(const ListedTable& table) {
    const std::string name = quoted(table.id());
    if (!table.is_transactional)
      add(Level::warning, Side::source, "engine", name,
          "its engine takes no part in snapshots: its copy is only proven if nobody writes to it "
          "meanwhile",
          fmt::format("ALTER TABLE {} ENGINE = InnoDB", name));
    if (!has_row_key(*table.def))
      add(Level::warning, Side::source, "keyless", name,
          "has neither a primary key nor a unique one without NULL: it is copied in one piece, and "
          "each of its changes searches the whole table on the target",
          fmt::format("ALTER TABLE {} ADD COLUMN row_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT "
                      "{}PRIMARY KEY",
                      name, source_.server.has_invisible_columns() ? "INVISIBLE " : ""));
    const bool has_generated = std::ranges::any_of(
        table.def->columns, [](const Column& column) { return column.generated != Generated::no; });
    if (has_generated)
      add(Level::note, Side::source, "generated", name,
          "has generated columns: their values are not copied, the target makes its own");
  }

  // What a parent's change does to its children is not in the log.
  void judge_cascades() {
    if (!purpose_.follows) return;
    for (const auto& [parent, children] : facts_.objects.cascades.children) {
      const bool is_taken = facts_.objects.find(parent) != nullptr;
      for (const TableId& child : children) {
        if (facts_.objects.find(child) == nullptr) continue;
        if (is_taken) {
          add(Level::note, Side::source, "cascade", quoted(child),
              "foreign keys cascade into it: the source's log does not say what they change, the "
              "target's foreign keys do the same");
        } else {
          add(Level::warning, Side::source, "cascade_outside", quoted(child),
              fmt::format("{}, which is not taken, cascades into it: the source's log does not say "
                          "what that changes, so it will differ",
                          quoted(parent)),
              fmt::format("take {} too, with --filter", quoted(parent)));
        }
      }
    }
  }

  void add_names(std::string_view kind, const std::vector<TableId>& names,
                 std::string_view advice) {
    for (const TableId& each : names)
      add(Level::note, Side::source, "not_carried", quoted(each),
          fmt::format("a {} is not carried over: {}", kind, advice));
  }
  void judge_not_carried() {
    const auto& left = facts_.objects.not_carried;
    add_names("trigger", left.triggers,
              "make it on the target after the cutover, or it would fire twice");
    add_names("event", left.events, "make it on the target after the cutover");
    add_names("procedure", left.procedures, "SHOW CREATE PROCEDURE on the source");
    add_names("function", left.functions, "SHOW CREATE FUNCTION on the source");
    add_names("sequence", left.sequences, "SHOW CREATE SEQUENCE on the source");
    for (const std::string& account : left.accounts)
      add(Level::note, Side::source, "not_carried", account,
          "an account is not carried over: SHOW CREATE USER and SHOW GRANTS on the source");
    for (const UnreadableObject& view : facts_.objects.unreadable)
      add(Level::warning, Side::source, "view", quoted(view.id),
          "a view's definition cannot be read, so it is not copied: " + view.error.to_line(),
          view.error.evidence().statement);
  }

  void judge_for_target() {
    for (const TableObstacle& obstacle :
         find_obstacles(facts_.tables, target_->server, target_->traits)) {
      const bool is_there = !obstacle.is_name && there_.contains(folded(obstacle.target));
      add(is_there ? Level::note : Level::blocker, Side::target, "impossible",
          quoted(obstacle.target), obstacle.why,
          is_there ? ""
                   : fmt::format("--filter '!{}.{}', or make it on the target by hand",
                                 obstacle.source.database, obstacle.source.name),
          ErrorCode::impossible_on_target);
    }
    for (const TableToMake& table : facts_.tables) {
      const bool is_there = there_.contains(folded(table.target));
      if (is_there)
        add(Level::note, Side::target, "is_there", quoted(table.target),
            "the target has a table of this name: it is compared and used");
      if (!is_there) judge_changes(table);
      judge_limits(table, is_there);
    }
    judge_triggers();
  }

  void judge_changes(const TableToMake& table) {
    const auto rewritten = rewrite_create_table(table.source->create_text, table.target,
                                                target_->traits, table.source->id.database);
    if (!rewritten) return;  // the server will judge the text itself
    for (const StatementChange& change : rewritten->changes)
      if (!change.is_impossible)
        add(Level::note, Side::target, "changed", quoted(table.target),
            "is made otherwise than it is on the source: " + to_text(change));
  }

  void judge_limits(const TableToMake& table, bool is_there) {
    const TableDef& source = *table.source;
    const std::string name = quoted(table.target);
    if (!is_there && !has_primary(source) && target_->value("sql_require_primary_key") == "ON")
      add(Level::blocker, Side::target, "sql_require_primary_key", name,
          "has no primary key, and the target refuses tables without",
          statement_to_set(target_->server, "sql_require_primary_key", "OFF"),
          ErrorCode::ddl_failed);
    if (target_->server.kind != ServerKind::tidb) return;
    if (!is_there && source.columns.size() > tidb_columns)
      add(Level::blocker, Side::target, "limits", name,
          fmt::format("has more than {} columns, which TiDB refuses as it is configured",
                      tidb_columns),
          "in TiDB's configuration: table-column-count-limit = 4096",
          ErrorCode::impossible_on_target);
    if (!is_there && source.keys.size() > tidb_keys)
      add(Level::blocker, Side::target, "limits", name,
          fmt::format("has more than {} indexes, which TiDB refuses as it is configured",
                      tidb_keys),
          "in TiDB's configuration: index-limit = 512", ErrorCode::impossible_on_target);
    if (std::ranges::any_of(source.columns,
                            [](const Column& column) { return is_large(column.type.kind); }))
      add(Level::note, Side::target, "row_size", name,
          fmt::format("can have rows above {}, which TiDB refuses as it is configured", tidb_entry),
          "SET GLOBAL tidb_txn_entry_size_limit = 125829120");
  }
  static bool has_primary(const TableDef& table) {
    return std::ranges::any_of(table.keys,
                               [](const Key& key) { return key.kind == KeyKind::primary; });
  }

  void judge_triggers() {
    std::set<std::string> goals;
    for (const TableToMake& table : facts_.tables) goals.insert(folded(table.target));
    for (const TableId& table : target_->triggered)
      if (goals.contains(folded(table)))
        add(Level::warning, Side::target, "trigger", quoted(table),
            "has triggers on the target: they fire for rows that those of the source were fired "
            "for already");
  }

  const ObjectFacts& facts_;
  const SourceFacts& source_;
  const TargetFacts* const target_;
  const Purpose& purpose_;
  Assessment& assessment_;
  std::set<std::string> there_;
};

}  // namespace

void judge_objects(const ObjectFacts& facts, const SourceFacts& source, const TargetFacts* target,
                   const Purpose& purpose, Assessment& assessment) {
  Judge(facts, source, target, purpose, assessment).run();
}

}  // namespace tideway
