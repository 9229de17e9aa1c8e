#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/option_table.h"
#include "base/secret.h"
#include "model/table_filter.h"

namespace tideway {

// Where a server is and how to log in there, as somebody said it: a URL (or a pasted mysql line),
// or the parts. Parts that are given win over the URL's.
struct ServerOptions {
  Secret url;  // may hold a password
  std::optional<std::string> host, user, socket;
  std::optional<std::uint16_t> port;
  std::optional<Secret> password;  // accepted; blanked from the process title
  std::optional<std::string> password_file, password_env;
  std::optional<int> password_fd;
  std::optional<std::string>
      tls;  // off, try, require, verify-ca, verify, legacy: as in a URL's ?tls=
  std::string ca, cert, key;
  bool is_given() const { return !url.is_empty() || host || socket; }
};

// Parts of CommonOptions that a command can have: it accepts the options of those it names and no
// others.
enum class CommonPart : std::uint8_t {
  source,
  target,
  output,
  input,
  filter,
  job,
  restart,
  threads,
  memory,
  disk
};

// Options that mean the same in every command.
struct CommonOptions {
  ServerOptions source, target;
  std::string output, input;        // directories or storage URLs
  std::vector<std::string> filter;  // empty: TableFilter::everything_but_system()
  bool case_sensitive = false;
  std::string job;  // empty: derived from source and target
  bool restart = false, takeover = false, yes = false;
  std::uint32_t threads = 4;
  std::uint64_t memory_bytes = 512ULL << 20U;
  std::optional<std::uint64_t> disk_bytes;  // nullopt: as much as there is
  bool json = false, quiet = false;
  std::string config, log_file;
  std::optional<LogLevel> log_level;  // nullopt: info into a file, warn elsewhere
  bool log_json = false;

  // The options of these parts, and those of every command (--json, --quiet, --config, --log-…).
  // With one server only, its options are known without their prefix too: --host beside
  // --source-host.
  static OptionTable<CommonOptions> table(std::initializer_list<CommonPart> parts);

  // TW104: a rule cannot be parsed.
  Result<TableFilter> table_filter() const;
};

}  // namespace tideway
