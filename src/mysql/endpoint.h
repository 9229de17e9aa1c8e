#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "mysql/reachability.h"

namespace tideway {

// How TLS is wanted. `attempt` is the default: TLS if the server has it, without checking who it
// is; plaintext with one warning otherwise. `legacy` is for MySQL 5.7.19 and older (SECLEVEL 0, old
// renegotiation).
enum class TlsMode : std::uint8_t { off, attempt, require, verify_ca, verify_host, legacy };

struct TlsFiles {
  std::string ca, cert, key;
};

// Where a server is and as whom to go there: everything a URL, the old flags or ~/.my.cnf can say.
// A value, no connection.
struct Endpoint {
  Side side = Side::source;
  bool is_tidb_url = false;  // tidb://: a hint for messages only, the server says what it is
  std::string host = "127.0.0.1", socket;  // a socket, when there is one, goes before host and port
  std::uint16_t port = 3306;
  bool is_host_given = false,
       is_port_given = false;  // false: what ~/.my.cnf says goes before the defaults above
  std::string user;
  std::optional<Secret> password;  // nullopt: not given yet
  std::string option_file;         // the file the password came from; empty: from elsewhere
  TlsMode tls = TlsMode::attempt;
  TlsFiles tls_files;
  std::string database;  // default database of sessions; usually empty
  Duration connect_timeout = std::chrono::seconds(10);
  std::map<std::string, std::string> variables;  // further session variables, set on every session
  std::shared_ptr<Reachability>
      reachability;  // told whether the server answers; shared by copies; or none

  std::string to_text() const;  // user@host:port, never the password
};

// mysql://user:password@host:3306/database?tls=verify&ca=… or tidb://… (mariadb:// is the same as
// mysql://), or a pasted `mysql -h … -P … -u … -p…` line. Every part may be percent-encoded; of the
// authority the last @ separates. Parameters:
//   tls=off|attempt|require|verify-ca|verify|legacy   ca= cert= key= (files; a ca without tls means
//   verify-ca) socket=PATH   connect-timeout=10s   var.NAME=VALUE (a session variable)
// Errors are bad_value; they name the part that is wrong and never show the text itself, which may
// hold a password.
Result<Endpoint> parse_endpoint(std::string_view text, Side side);

// Where a password may come from, in this order; the first given wins. Password, user, host, port
// and socket left open by the endpoint are then looked up in the [client] group of ~/.my.cnf.
struct PasswordSources {
  std::optional<std::string> file, environment;  // path; name of a variable
  std::optional<int> descriptor;
  bool prompt = false;  // ask on the terminal, echo off, when nothing else gave one
  std::string option_file =
      "~/.my.cnf";  // empty: none is read; one that does not exist is no error
};
// Of a file and a descriptor the first line counts. A stop request ends the prompt with TW106.
Result<void> find_password(Endpoint& endpoint, const PasswordSources& sources,
                           const std::stop_token& stop = {});

}  // namespace tideway
