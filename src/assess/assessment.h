#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace tideway {

// One thing that was found before a job begins, of one table or of many.
struct Finding {
  enum class Level : std::uint8_t {
    blocker,  // a job would end with `error`, or with a target that differs
    warning,  // it runs; somebody should know of it
    note,
  };
  Level level = Level::note;
  Side side = Side::source;
  std::string name;                   // "binlog_format": docs/assess.md has a line about each
  std::vector<std::string> subjects;  // variables, tables, accounts …
  std::string sentence;
  // SQL, or words where no SQL does it; one for all subjects, or one for each. Empty: nothing has
  // to be done.
  std::vector<std::string> mend;
  ErrorCode error = ErrorCode::not_supported;
};
std::string_view to_text(Finding::Level level);  // "blocker"

// What a source, a target and a plan are found to be. A value.
struct Assessment {
  std::vector<Finding> findings;

  // One that says the same of another subject joins the first.
  void add(Finding finding);
  std::size_t count(Finding::Level level) const;
  bool is_blocked() const { return count(Finding::Level::blocker) != 0; }
  // All blockers in one, under the code of the first; nullopt: there is none.
  std::optional<Error> refusal() const;
};

// "log_bin: the source …"; the first subjects and how many more there are.
std::string to_text(const Finding& finding);

}  // namespace tideway
