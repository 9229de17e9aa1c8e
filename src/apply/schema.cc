#include "apply/schema.h"

#include <fmt/format.h>

#include <algorithm>

#include "sql/create_table.h"

namespace tideway {
namespace {

// `head` is how the server begins such a statement.
std::string with_behind(std::string text, std::string_view head, std::string_view insert) {
  if (text.starts_with(head)) text.insert(head.size(), insert);
  return text;
}

Result<Session> open_schema_session(const JobProgress& progress, const std::stop_token& stop) {
  SessionOptions options;
  options.foreign_key_checks = false;
  return Session::open(progress.target(), options, stop);
}

Error refused(const Error& why, std::string what) {
  return {ErrorCode::ddl_failed, Side::target, Retry::after_operator, why.evidence(),
          fmt::format("{} cannot be made: {}", what, why.message())};
}

Result<TablePtr> definition_on(Session& session, const TableId& table,
                               const std::stop_token& stop) {
  const auto answer = TRY(session.query("SHOW CREATE TABLE " + quoted(table), stop));
  return std::make_shared<const TableDef>(
      TRY(parse_create_table(answer.rows.at(0).at(1).value_or(""), table.database)));
}

Result<MadeTable> make_table(Session& session, const JobProgress& progress,
                             const TableToMake& table, const SchemaOptions& options,
                             const std::stop_token& stop) {
  TRY(session.execute("USE " + quoted(table.target.database), stop));
  auto made = session.execute(
      with_behind(table.source->create_text, "CREATE TABLE ", "IF NOT EXISTS "), stop);
  if (!made) return fail(refused(made.error(), "table " + quoted(table.target)));
  MadeTable entry;
  entry.source = table.source;
  entry.target = TRY(definition_on(session, table.target, stop));
  entry.was_empty =
      !TRY(session.query_value(fmt::format("SELECT 1 FROM {} LIMIT 1", quoted(table.target)), stop))
           .has_value();
  if (!entry.was_empty && options.on_duplicate == OnDuplicate::error &&
      !progress.filled(table.source->id)) {
    return fail(Error(
        ErrorCode::target_table_not_empty, Side::target, Retry::after_operator,
        fmt::format("{} already holds rows that this job did not write", quoted(table.target))));
  }
  return entry;
}

}  // namespace

Result<std::vector<MadeTable>> make_tables(JobProgress& progress,
                                           std::span<const DatabaseToMake> databases,
                                           std::span<const TableToMake> tables,
                                           const SchemaOptions& options,
                                           const std::stop_token& stop) {
  Session session = TRY(open_schema_session(progress, stop));
  for (const DatabaseToMake& database : databases) {
    auto made = session.execute(
        with_behind(database.create_statement, "CREATE DATABASE ", "/*!32312 IF NOT EXISTS*/ "),
        stop);
    if (!made) return fail(refused(made.error(), "database " + quoted(database.name)));
  }
  std::vector<MadeTable> made;
  std::vector<FilledTable> filled;
  for (const TableToMake& table : tables) {
    made.push_back(TRY(make_table(session, progress, table, options, stop)));
    filled.push_back({table.source->id, table.target, made.back().was_empty});
  }
  TRY(progress.fill_tables(filled, stop));
  return made;
}

Result<std::vector<MadeView>> make_views(const JobProgress& progress,
                                         std::span<const ViewToMake> views,
                                         const std::stop_token& stop) {
  Session session = TRY(open_schema_session(progress, stop));
  std::vector<MadeView> made;
  std::vector<ViewToMake> left(views.begin(), views.end());
  while (!left.empty()) {
    std::optional<Error> first;
    const std::size_t before = left.size();
    std::erase_if(left, [&](const ViewToMake& view) {
      const auto used = session.execute("USE " + quoted(view.id.database), stop);
      const auto done = used ? session.execute(view.create_statement, stop) : used;
      const bool is_there = !done && done.error().evidence().server_errno == 1050;
      if (done || is_there) made.push_back({view.id, !is_there, {}});
      if (!done && !is_there && !first) first = refused(done.error(), "view " + quoted(view.id));
      return done || is_there;
    });
    if (left.size() == before) return fail(std::move(*first));
  }
  return made;
}

}  // namespace tideway
