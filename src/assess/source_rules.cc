#include "assess/source_rules.h"

#include <fmt/format.h>

#include <string>
#include <utility>

namespace tideway {
namespace {

using Level = Finding::Level;

constexpr double short_hours = 24;

class Judge {
 public:
  Judge(const SourceFacts& source, const Purpose& purpose, Assessment& assessment)
      : source_(source), purpose_(purpose), assessment_(assessment) {}

  void run() {
    if (source_.server.kind == ServerKind::tidb) {
      if (purpose_.follows)
        add(Level::blocker, "log_bin", source_.server.to_text(),
            "it writes no MySQL log that could be followed", "", ErrorCode::not_supported);
      return;
    }
    judge_log();
    judge_rows_in_log();
    judge_account();
    judge_snapshot();
    judge_retention();
    judge_transactions();
    judge_small_things();
  }

 private:
  void add(Level level, std::string name, std::string subject, std::string sentence,
           std::string mend = "", ErrorCode error = ErrorCode::not_supported) {
    Finding finding;
    finding.level = level;
    finding.name = std::move(name);
    if (!subject.empty()) finding.subjects.push_back(std::move(subject));
    finding.sentence = std::move(sentence);
    if (!mend.empty()) finding.mend.push_back(std::move(mend));
    finding.error = error;
    assessment_.add(std::move(finding));
  }
  std::string set(std::string_view name, std::string_view value) const {
    return statement_to_set(source_.server, name, value);
  }
  // What stops following, and leaves a copy unproven.
  Level log_level() const { return purpose_.follows ? Level::blocker : Level::warning; }
  void add_attempt(Level level, std::string name, const Attempt& failed, std::string sentence,
                   ErrorCode error) {
    if (!failed) return;
    add(level, std::move(name), source_.account, std::move(sentence) + ": " + failed->to_line(),
        failed->evidence().statement, error);
  }

  void judge_log() {
    if (!source_.server.binlog_on) {
      add(log_level(), "log_bin", "log_bin", "the source writes no binary log",
          source_.server.kind == ServerKind::aurora
              ? "in the parameter group of the DB cluster: binlog_format = ROW, then restart the "
                "writer"
              : "in the server's configuration: log_bin = binlog, server_id = 1, binlog_format = "
                "ROW, then restart it",
          ErrorCode::binlog_unavailable);
      return;
    }
    if (source_.number("server_id") == 0)
      add(log_level(), "server_id", "server_id", "a server whose id is 0 refuses replicas",
          set("server_id", "1"), ErrorCode::binlog_unavailable);
    if (source_.no_whole_log)
      add(log_level(), "log_slave_updates", "log_slave_updates", source_.no_whole_log->message(),
          "in the server's configuration: log_slave_updates = ON, then restart it; or name the "
          "server that is written to as the source",
          ErrorCode::binlog_unavailable);
  }

  void judge_rows_in_log() {
    if (!source_.server.binlog_on || !purpose_.follows) return;
    if (const auto format = source_.value("binlog_format"); !format.empty() && format != "ROW")
      add(Level::blocker, "binlog_format", "binlog_format",
          fmt::format("the source logs {} and not rows; sessions that are open keep their format "
                      "until they are opened anew",
                      format),
          set("binlog_format", "ROW"), ErrorCode::statement_in_log);
    if (!source_.value("binlog_row_value_options").empty())
      add(Level::blocker, "binlog_row_value_options", "binlog_row_value_options",
          "the source logs parts of JSON values, which are not decoded",
          set("binlog_row_value_options", ""), ErrorCode::not_supported);
    if (source_.value("binlog_transaction_compression") == "ON")
      add(Level::blocker, "binlog_transaction_compression", "binlog_transaction_compression",
          "the source compresses its log, which is not decoded",
          set("binlog_transaction_compression", "OFF"), ErrorCode::not_supported);
    if (const auto image = source_.value("binlog_row_image"); !image.empty() && image != "FULL")
      add(Level::warning, "binlog_row_image", "binlog_row_image",
          fmt::format("the log has only parts of changed rows ({}): rows of the target that differ "
                      "elsewhere are not noticed, and filters on values cannot ask what is absent",
                      image),
          set("binlog_row_image", "FULL"));
    if (source_.value("binlog_checksum") == "NONE")
      add(Level::note, "binlog_checksum", "binlog_checksum",
          "the log has no checksums: damage on the way is not noticed",
          set("binlog_checksum", "CRC32"));
  }

  void judge_account() {
    if (!source_.server.binlog_on) return;
    add_attempt(log_level(), "replication_client", source_.no_log_status,
                "the account may not ask where the log ends", ErrorCode::missing_privilege);
    add_attempt(log_level(), "replication_slave", source_.no_log_events,
                "the account could not pull an event of the log", ErrorCode::missing_privilege);
  }

  void judge_snapshot() {
    if (!purpose_.copies) return;
    add_attempt(Level::blocker, "snapshot", source_.no_snapshot,
                "no consistent snapshot can be opened", ErrorCode::server_refused);
    add_attempt(Level::warning, "running_transactions", source_.no_running_transactions,
                "without GTIDs a copy's place in the log is only proven by who watches running "
                "transactions, which was refused",
                ErrorCode::missing_privilege);
  }

  void judge_retention() {
    const LogRetention& kept = source_.retention;
    if (!purpose_.follows || !source_.server.binlog_on) return;
    if (kept.way == LogRetention::Way::unknown) {
      add(Level::note, "retention", "", "how long the source keeps its log cannot be told");
    } else if (kept.hours && *kept.hours < short_hours) {
      add(Level::warning, "retention", "",
          *kept.hours == 0
              ? std::string("the source purges its log as soon as it likes")
              : fmt::format("the source keeps its log for {:.3g} hours: a copy, or a break, that "
                            "lasts longer has to begin anew",
                            *kept.hours),
          kept.statement(3 * short_hours));
    }
    if (kept.most_bytes)
      add(Level::warning, "retention_size", "",
          fmt::format("the source keeps at most {} bytes of log, however young they are",
                      *kept.most_bytes));
  }

  void judge_transactions() {
    for (const std::string& branch : source_.branches)
      add(Level::warning, "prepared", branch,
          "an XA transaction is prepared: it is waited for before tables are read, and one that "
          "stays stops the job",
          "XA ROLLBACK " + branch, ErrorCode::prepared_transactions);
    if (source_.no_branches && purpose_.copies)
      add(Level::note, "xa_recover", source_.account,
          "prepared XA transactions may not be listed: " + source_.no_branches->to_line(),
          source_.no_branches->evidence().statement);
    for (const LongTransaction& each : source_.long_transactions)
      add(Level::warning, "long_transaction", fmt::format("session {}", each.session),
          "a transaction has been open for more than a minute: a definition it uses cannot change, "
          "and undo piles up beside it",
          fmt::format("KILL {}", each.session));
  }

  void judge_small_things() {
    if (!purpose_.follows || !source_.server.binlog_on) return;
    if (!source_.server.gtid_on && source_.server.kind != ServerKind::mariadb)
      add(Level::note, "gtid_mode", "gtid_mode",
          "without GTIDs the log is followed by file and position: a replica of the source cannot "
          "take its place");
    if (!source_.value("sync_binlog").empty() && source_.number("sync_binlog") != 1)
      add(Level::note, "sync_binlog", "sync_binlog",
          "after a crash of its host the source may have transactions that its log lacks",
          set("sync_binlog", "1"));
  }

  const SourceFacts& source_;
  const Purpose& purpose_;
  Assessment& assessment_;
};

}  // namespace

void judge_source(const SourceFacts& source, const Purpose& purpose, Assessment& assessment) {
  Judge(source, purpose, assessment).run();
}

}  // namespace tideway
