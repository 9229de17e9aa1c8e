#include "recipe/followers.h"

#include <initializer_list>

#include "base/log.h"

namespace tideway::recipe {
namespace {

// The first of these columns that the answer has; servers renamed them.
std::string cell(const ResultTable& table, std::size_t row,
                 std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (const auto column = table.find_column(name)) return table.rows[row][*column].value_or("");
  }
  return {};
}

}  // namespace

Result<std::vector<DumpMetadata::Follower>> followers_of(Session& session,
                                                         const std::stop_token& stop) {
  const Server& server = session.server();
  if (server.kind == ServerKind::tidb) return std::vector<DumpMetadata::Follower>{};
  const bool is_mariadb = server.kind == ServerKind::mariadb;
  const std::string_view statement = is_mariadb                ? "SHOW ALL SLAVES STATUS"
                                     : server.version >= 80400 ? "SHOW REPLICA STATUS"
                                                               : "SHOW SLAVE STATUS";
  const auto answer = session.query(statement, stop);
  if (!answer) {
    if (answer.error().code() != ErrorCode::missing_privilege) return fail(answer.error());
    LOG(warn, "what the source follows is not known", {{"error", answer.error().to_line()}});
    return std::vector<DumpMetadata::Follower>{};
  }
  std::vector<DumpMetadata::Follower> followers;
  for (std::size_t row = 0; row < answer->rows.size(); ++row) {
    DumpMetadata::Follower follower;
    follower.host = cell(*answer, row, {"source_host", "master_host"});
    if (follower.host.empty()) continue;
    if (is_mariadb) follower.connection = cell(*answer, row, {"connection_name"});
    follower.at = {cell(*answer, row, {"relay_source_log_file", "relay_master_log_file"}),
                   cell(*answer, row, {"exec_source_log_pos", "exec_master_log_pos"}),
                   cell(*answer, row, {is_mariadb ? "gtid_io_pos" : "executed_gtid_set"})};
    followers.push_back(std::move(follower));
  }
  return followers;
}

}  // namespace tideway::recipe
