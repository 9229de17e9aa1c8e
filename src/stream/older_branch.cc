#include "stream/older_branch.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "binlog/event.h"
#include "mysql/log_stream.h"
#include "mysql/session.h"

namespace tideway {
namespace {

Result<std::vector<std::string>> files_up_to(const Endpoint& source, const LogPosition& before,
                                             const std::stop_token& stop) {
  Session session = TRY(Session::open(source, {}, stop));
  const auto answer = TRY(session.query("SHOW BINARY LOGS", stop));
  std::vector<std::string> files;
  for (const auto& row : answer.rows) {
    const std::string file = row[0].value_or("");
    if (LogPosition{file, 0} < before) files.push_back(file);
  }
  return files;
}

// The last one in a file.
Result<std::optional<LogPosition>> find_in(const Endpoint& source, const std::string& file,
                                           const LogPosition& before, const std::string& xid,
                                           const std::stop_token& stop) {
  LogRequest request;
  request.file = file;
  request.ends = true;
  LogStream log = TRY(LogStream::open(source, std::move(request), stop));
  EventReader events(log.has_checksums());
  std::optional<LogPosition> found;
  LogPosition begin{file, 4}, here{file, 4};
  while (const auto bytes = TRY(log.next(stop))) {
    const Event event = TRY(events.read(*bytes));
    if (event.header.is_artificial() || event.header.log_pos == 0) continue;
    if (std::holds_alternative<Rotate>(event.body)) break;
    const std::uint64_t end =
        here.offset + event.header.event_size;  // the log's own numbers are modulo 4 GiB
    if (std::holds_alternative<GtidEvent>(event.body)) begin.offset = here.offset;
    if (const auto* query = std::get_if<QueryEvent>(&event.body)) {
      SessionContext session = query->session;
      session.server_version = events.format().version_number();
      const BinlogStatement statement = classify_statement(query->statement, session);
      if (statement.kind == StatementKind::xa_start && xid_text(statement.xid) == xid &&
          begin < before)
        found = begin;
    }
    here.offset = end;
    if (!(here < before)) break;
  }
  return found;
}

}  // namespace

std::string xid_text(const XaName& name) {
  return fmt::format("{},{},{}", to_hex(name.global), to_hex(name.branch), name.format);
}

Result<std::optional<LogPosition>> find_older_branch(const Endpoint& source,
                                                     const LogPosition& before,
                                                     const std::string& xid,
                                                     const std::stop_token& stop) {
  std::vector<std::string> files = TRY(files_up_to(source, before, stop));
  std::ranges::reverse(files);
  for (const std::string& file : files) {
    if (auto found = TRY(find_in(source, file, before, xid, stop))) return found;
  }
  return std::optional<LogPosition>();
}

}  // namespace tideway
