#include "assess/log_retention.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

namespace tideway {
namespace {

std::optional<double> number_in(const Variables& variables, std::string_view name) {
  const auto found = variables.find(name);
  if (found == variables.end()) return std::nullopt;
  const std::string& text = found->second;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

bool is_off(const Variables& variables, std::string_view name) {
  const auto found = variables.find(name);
  return found != variables.end() && found->second == "OFF";
}

}  // namespace

LogRetention parse_log_retention(const Server& server, const Variables& variables,
                                 const std::optional<std::string>& rds) {
  LogRetention found;
  found.can_persist = server.can_persist_variables();
  for (const std::string_view name : {"binlog_space_limit", "max_binlog_total_size"}) {
    const auto bytes = number_in(variables, name);
    if (bytes && *bytes > 0) found.most_bytes = static_cast<std::uint64_t>(*bytes);
  }
  if (rds) {
    found.way = LogRetention::Way::rds_hours;
    double hours = 0;
    std::from_chars(rds->data(), rds->data() + rds->size(), hours);
    found.hours = hours;
    return found;
  }
  const auto seconds = number_in(variables, "binlog_expire_logs_seconds");
  const auto days = number_in(variables, "expire_logs_days");
  if (seconds) {
    found.way = LogRetention::Way::seconds;
  } else if (days) {
    found.way = LogRetention::Way::days;
  }
  if (is_off(variables, "binlog_expire_logs_auto_purge")) return found;
  if (seconds && *seconds > 0) {
    found.hours = *seconds / 3600;
  } else if (days && *days > 0) {
    found.hours = *days * 24;
  }
  return found;
}

std::string LogRetention::statement(std::optional<double> wanted_hours) const {
  const auto whole = [](double value, double most) {
    return static_cast<std::uint64_t>(std::clamp(std::ceil(value), 0.0, most));
  };
  switch (way) {
    case Way::unknown:
      return {};
    case Way::seconds:
      return fmt::format("SET {} binlog_expire_logs_seconds = {}",
                         can_persist ? "PERSIST" : "GLOBAL",
                         whole(wanted_hours.value_or(0) * 3600, 4294967295.0));
    case Way::days:
      return fmt::format("SET GLOBAL expire_logs_days = {}",
                         whole(wanted_hours.value_or(0) / 24, 99));
    case Way::rds_hours:
      // NULL is what a new server has; 0 is refused.
      if (wanted_hours.value_or(0) <= 0)
        return "CALL mysql.rds_set_configuration('binlog retention hours', NULL)";
      return fmt::format("CALL mysql.rds_set_configuration('binlog retention hours', {})",
                         whole(*wanted_hours, 2160));
  }
  return {};
}

Result<LogRetention> read_log_retention(Session& session, const Variables& variables,
                                        const std::stop_token& stop) {
  std::optional<std::string> rds;
  const auto answer = session.query(
      "SELECT value FROM mysql.rds_configuration WHERE name = 'binlog retention hours'", stop);
  // Elsewhere there is no such table, or the account may not even be told.
  if (!answer && (session.is_broken() || stop.stop_requested())) return fail(answer.error());
  if (answer && !answer->rows.empty()) rds = answer->rows[0][0].value_or("");
  return parse_log_retention(session.server(), variables, rds);
}

}  // namespace tideway
