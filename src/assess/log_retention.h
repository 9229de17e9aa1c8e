#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "mysql/server_identity.h"
#include "mysql/session.h"

namespace tideway {

// For how long a server keeps its log, and how that is changed.
struct LogRetention {
  enum class Way : std::uint8_t {
    unknown,
    seconds,    // binlog_expire_logs_seconds
    days,       // expire_logs_days
    rds_hours,  // mysql.rds_set_configuration
  };
  Way way = Way::unknown;
  // 0: as short as the server likes. nullopt: for ever (`way` is known), or not known.
  std::optional<double> hours;
  // All files together; nullopt: any size.
  std::optional<std::uint64_t> most_bytes;
  bool can_persist = false;

  bool is_endless() const { return way != Way::unknown && !hours; }
  // What makes it at least so long, or exactly what it was; empty where nobody knows. nullopt: for
  // ever.
  std::string statement(std::optional<double> wanted_hours) const;
};

// Of SHOW GLOBAL VARIABLES and, on RDS and Aurora, the value of 'binlog retention hours' there;
// `rds` is nullopt elsewhere, and empty for NULL. Pure.
LogRetention parse_log_retention(const Server& server, const Variables& variables,
                                 const std::optional<std::string>& rds);

Result<LogRetention> read_log_retention(Session& session, const Variables& variables,
                                        const std::stop_token& stop);

}  // namespace tideway
