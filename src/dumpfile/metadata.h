#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tideway {

// The file `metadata` of a dump: when it began and ended and where in the source's log it stands.
// Its bytes are the exporter's (dump format, docs/formats.md), because the importer, DM and
// people's scripts read it.
struct DumpMetadata {
  struct Position {
    std::string file, position, gtid_set;  // gtid_set may have lines, as MySQL prints it
    bool operator==(const Position&) const = default;
  };
  struct Follower {
    std::optional<std::string> connection;  // MariaDB names its replication connections
    std::string host;
    Position at;
    bool operator==(const Follower&) const = default;
  };
  // What the source answered when asked for its position.
  //   unknown     it could not be asked: nothing is written
  //   no_log      it keeps no log: an empty line is written
  enum class Log : std::uint8_t { unknown, no_log, known } log = Log::unknown;
  std::string started, finished;  // local time, YYYY-MM-DD hh:mm:ss; finished empty: not yet
  Position source;
  std::vector<Follower> followers;
  std::optional<Position> after_connect;
  bool operator==(const DumpMetadata&) const = default;
};

std::string to_text(const DumpMetadata& metadata);
// Reads what any version of the exporter wrote. Error file_syntax with the line.
Result<DumpMetadata> parse_metadata(std::string_view text);

std::string local_time_text(std::time_t time);

inline constexpr std::string_view metadata_path = "metadata";

}  // namespace tideway
