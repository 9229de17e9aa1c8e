#include "model/exit_code.h"

namespace tideway {

ExitCode exit_code_of(const Error& error) {
  switch (error.code()) {
    case ErrorCode::usage:
    case ErrorCode::config_syntax:
    case ErrorCode::config_unknown_key:
    case ErrorCode::bad_value:
    case ErrorCode::filter_syntax:
    case ErrorCode::filter_matches_nothing:
    case ErrorCode::job_differs:
    case ErrorCode::route_rule:
    case ErrorCode::route_conflict:
    case ErrorCode::expression_failed:
      return ExitCode::usage;
    case ErrorCode::job_not_running:
      return ExitCode::not_running;
    case ErrorCode::stopped:
      return ExitCode::stopped;
    case ErrorCode::connect_name:
    case ErrorCode::connect_tcp:
    case ErrorCode::connect_tls:
    case ErrorCode::connect_login:
    case ErrorCode::connect_role:
    case ErrorCode::connect_round_trip:
    case ErrorCode::too_many_connections:
    case ErrorCode::connect_lost:
    case ErrorCode::connect_not_mysql:
    case ErrorCode::lost_connection:
    case ErrorCode::missing_privilege:
    case ErrorCode::read_only:
    case ErrorCode::disk_full:
    case ErrorCode::not_enough_space:
    case ErrorCode::storage_read:
    case ErrorCode::storage_write:
    case ErrorCode::storage_missing:
      return ExitCode::environment;
    default:
      return ExitCode::failed;
  }
}

}  // namespace tideway
