#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tideway {

enum class ServerKind : std::uint8_t { mysql, aurora, mariadb, tidb };
std::string_view to_text(ServerKind kind);

// Who a server is, learnt once per session, and what it can do. No other room compares versions: a
// missing question is added here.
struct Server {
  ServerKind kind = ServerKind::mysql;
  std::string version_text;   // as VERSION() says
  std::uint32_t version = 0;  // 8.0.15 -> 80015; of the server itself (TiDB: 8.5.1 -> 80501)
  std::string uuid;           // @@server_uuid, empty where there is none
  std::uint32_t lower_case_table_names = 0;
  std::uint64_t max_allowed_packet = 0;
  bool gtid_on = false;
  bool binlog_on = false;
  bool is_read_only = false;

  bool has_snapshot_read() const { return kind == ServerKind::tidb; }        // tidb_snapshot
  bool gives_exact_position() const { return kind == ServerKind::mariadb; }  // binlog_snapshot_*
  bool has_invisible_columns() const;
  bool has_local_infile() const { return true; }
  // SHOW CREATE TABLE gives labels of ENUM and SET with single backslashes (sql/tidb_labels.h).
  bool prints_labels_raw() const { return kind == ServerKind::tidb; }
  bool can_persist_variables() const;    // SET PERSIST
  bool can_kill_other_sessions() const;  // and know for certain whom it hits
  std::string_view binlog_status_statement()
      const;  // SHOW MASTER STATUS, SHOW BINARY LOG STATUS from 8.2
  std::string_view replicas_statement() const;  // SHOW SLAVE HOSTS, SHOW REPLICAS from 8.0.22
  std::uint64_t max_txn_bytes() const;  // what one transaction may write before the server objects
  std::string to_text() const;          // "MySQL 8.0.15", "TiDB 8.5.1"
};

}  // namespace tideway
