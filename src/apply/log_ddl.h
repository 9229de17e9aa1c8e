#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "apply/log_state.h"
#include "apply/unit_queue.h"
#include "mysql/session.h"
#include "progress/session_name.h"
#include "sql/rewrite.h"

namespace tideway {

// Carries the schema changes of the log out on the target, each exactly once although no
// transaction holds it: what is begun is in the journal, and after a crash the target is asked
// whether it was done (exactness §6). One thread.
class LogDdl {
 public:
  explicit LogDdl(LogSink::Shared& shared) : shared_(shared) {}

  // The units that touch its tables are drained. On return the statements are done, or the target
  // refused one and its tables are parked; the journal is ended by the caller, together with
  // `done`. Errors: the target cannot be asked.
  Result<void> apply(const PendingUnit& unit, const std::stop_token& stop);

 private:
  struct Step {
    std::string statement;
    std::vector<TargetTable*> tables;  // that it changes
    std::uint64_t sql_mode = 0;
    std::string database;  // the default one; empty: none
  };
  enum class Outcome { done, not_done, unknown };

  Result<std::vector<Step>> steps_of(const SchemaChange& change, const std::stop_token& stop);
  Result<std::vector<Step>> original_text(const SchemaChange& change);
  Result<void> carry_out(const PendingUnit& unit, const Step& step, std::size_t number,
                         const std::optional<DdlEntry>& begun, const std::stop_token& stop);
  Result<bool> run(const Step& step, const DdlEntry& entry, bool is_again,
                   const SchemaChange& change, const std::stop_token& stop);
  Result<Outcome> look(const DdlEntry& entry, const std::string& now, const std::stop_token& stop);
  Result<Outcome> look_for_tag(const std::string& tag, const std::stop_token& stop);
  Result<void> open_session(const SchemaChange& change, const std::stop_token& stop);
  Result<void> set_up(const Step& step, const SessionContext& context, const std::stop_token& stop);
  Result<std::string> hash(const Step& step, const SchemaChange& change,
                           const std::stop_token& stop);
  Result<void> park(const PendingUnit& unit, const std::vector<TargetTable*>& tables,
                    const Error& error, const std::string& statement, const std::stop_token& stop);

  LogSink::Shared& shared_;
  std::optional<TargetTraits> traits_;
  std::optional<Session> session_;
  std::optional<SessionName> session_name_;  // of the last one, also after it broke
};

// The tables of the target that a schema change is about: that it changes, and that it refers to.
struct ChangedTables {
  std::vector<TargetTable*> changed, referenced;
};
ChangedTables tables_of(const SchemaChange& change, LogSink::Shared& shared);

// Names of the modes that mean something to a definition, as every server knows them.
std::string sql_mode_names(std::uint64_t bits);

}  // namespace tideway
