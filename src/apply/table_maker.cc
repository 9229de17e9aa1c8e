#include "apply/table_maker.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "apply/table_plan.h"
#include "base/text.h"
#include "model/table_id.h"
#include "sql/create_table.h"
#include "sql/tidb_labels.h"

namespace tideway {
namespace {

constexpr std::uint32_t wrong_object = 1347;  // SHOW CREATE TABLE of something else

Error mismatch(const TableId& target, std::string message, std::string statement = {},
               std::string column = {}) {
  Evidence evidence;
  evidence.table = quoted(target);
  evidence.statement = std::move(statement);
  evidence.column = std::move(column);
  return Error(ErrorCode::definition_mismatch, Side::target, Retry::after_operator,
               std::move(evidence), std::move(message));
}

Error not_empty(const TableId& target) {
  Evidence evidence;
  evidence.table = quoted(target);
  return Error(ErrorCode::target_table_not_empty, Side::target, Retry::after_operator,
               std::move(evidence),
               fmt::format("the target's table {} already holds rows", quoted(target)));
}

bool is_about_index_expressions(const Error& error) {
  constexpr std::uint32_t unsupported_by_tidb = 8200;
  return error.evidence().server_errno == unsupported_by_tidb &&
         error.evidence().server_text.find("expression index") != std::string::npos;
}

// Those that routes fill; nobody else may.
Result<void> add_columns(Session& session, const TableToMake& table, MadeTable& made,
                         const std::stop_token& stop) {
  for (const std::string& name : table.added_columns) {
    const std::string statement = fmt::format("ALTER TABLE {} ADD COLUMN {} VARCHAR(255) NOT NULL",
                                              quoted(table.target), quoted(name));
    auto added = session.execute(statement, stop);
    if (!added) return fail(creation_failed(std::move(added).error(), table.target, statement));
    made.changes.push_back(
        fmt::format("column {} was added, VARCHAR(255): a route fills it", quoted(name)));
  }
  return {};
}

Result<void> create(Session& session, const TableToMake& table, const SchemaOptions& options,
                    const TargetTraits& traits, MadeTable& made, const std::stop_token& stop) {
  std::string statement = table.source->create_text;
  auto rewritten = rewrite_create_table(table.source->create_text, table.target, traits,
                                        table.source->id.database, options.renaming);
  if (rewritten) {
    statement = std::move(rewritten->text);
    for (const StatementChange& change : rewritten->changes)
      made.changes.push_back(to_text(change));
  } else {
    // Nobody here understands it; the server may, if it needs no other name.
    if (table.source->id.name != table.target.name) return fail(std::move(rewritten).error());
    TRY(session.execute("USE " + quoted(table.target.database), stop));
    made.changes.emplace_back("the statement was run as it is: it could not be read here");
  }
  auto created = session.execute(statement, stop);
  if (!created && !traits.refuses_index_expressions &&
      is_about_index_expressions(created.error())) {
    TargetTraits fewer = traits;
    fewer.refuses_index_expressions = true;
    made.changes.clear();
    return create(session, table, options, fewer, made, stop);
  }
  if (!created) return fail(creation_failed(std::move(created).error(), table.target, statement));
  made.is_new = true;
  return add_columns(session, table, made, stop);
}

// What the rows themselves lose in this kind of server.
std::vector<std::string> losses(const TableDef& table, const TargetTraits& traits) {
  std::vector<std::string> reals;
  for (const Column& column : table.columns) {
    if (column.type.kind == TypeKind::float_number || column.type.kind == TypeKind::double_number)
      reals.push_back(quoted(column.name));
  }
  if (traits.kind != TargetTraits::Kind::tidb || reals.empty()) return {};
  return {fmt::format("-0 in {} becomes 0: TiDB has no minus zero", fmt::join(reals, ", "))};
}

// The first column that cannot hold the source's values, and how it could.
std::pair<std::string, std::string> mending(const TableDef& source, const TableDef& target) {
  for (const Column& column : source.columns) {
    TableDef one = source;
    one.columns = {column};
    TableDef other = target;
    std::erase_if(other.columns, [&](const Column& each) {
      return ascii_lower(each.name) != ascii_lower(column.name);
    });
    if (other.columns.size() != 1 || differences(one, other).empty()) continue;
    return {column.name,
            column.generated != Generated::no
                ? std::string()
                : fmt::format("ALTER TABLE {} MODIFY COLUMN {} {}{}", quoted(target.id),
                              quoted(other.columns[0].name), column.type.text,
                              column.is_nullable ? "" : " NOT NULL")};
  }
  return {};
}

Result<void> compare(const TableToMake& table, const TableDef& target) {
  const auto found = differences(*table.source, target);
  const auto keys = key_differences(*table.source, target);
  if (found.empty() && keys.empty()) return {};
  std::string message =
      fmt::format("the target's table {} does not fit the source's", quoted(target.id));
  for (const std::string& difference : found) message += "; " + difference;
  for (const KeyMisfit& difference : keys) message += "; " + difference.text;
  if (found.empty())
    return fail(mismatch(table.target, std::move(message), keys[0].statement, keys[0].column));
  // Where only columns are missing the plan knows the ALTER.
  auto plan = TablePlan::make(table.source, std::make_shared<TableDef>(target),
                              ColumnSet(stored_columns(*table.source)));
  if (plan) {
    const auto [column, statement] = mending(*table.source, target);
    return fail(mismatch(table.target, std::move(message), statement, column));
  }
  const Evidence& evidence = plan.error().evidence();
  return fail(mismatch(table.target, std::move(message), evidence.statement, evidence.column));
}

}  // namespace

Error creation_failed(Error error, const TableId& object, const std::string& statement) {
  if (error.retry() == Retry::same_session || error.retry() == Retry::new_session ||
      error.code() == ErrorCode::stopped)
    return error;
  const std::uint32_t number = error.evidence().server_errno;
  Evidence evidence = error.evidence();
  evidence.table = quoted(object);
  if (error.code() == ErrorCode::missing_privilege || error.code() == ErrorCode::read_only)
    return std::move(error).with_evidence(std::move(evidence));
  return Error(ErrorCode::ddl_failed, Side::target, Retry::after_operator, std::move(evidence),
               fmt::format("the target refused to create {} (error {}): {}", quoted(object), number,
                           statement));
}

Result<FoundTable> look_for_table(Session& session, const TableId& table,
                                  const std::stop_token& stop) {
  const auto answer = session.query("SHOW CREATE TABLE " + quoted(table), stop);
  if (!answer) {
    if (answer.error().code() == ErrorCode::table_gone) return FoundTable{};
    if (answer.error().evidence().server_errno == wrong_object)
      return FoundTable{Found::view, nullptr};
    return fail(answer.error());
  }
  if (!answer->names.empty() && answer->names[0] == "View") return FoundTable{Found::view, nullptr};
  if (answer->rows.size() != 1 || answer->rows[0].size() < 2 || !answer->rows[0][1])
    return FoundTable{};
  std::string text = *answer->rows[0][1];
  if (session.server().prints_labels_raw()) text = with_readable_labels(text);
  TableDef definition = TRY(parse_create_table(text, table.database));
  definition.id = table;
  return FoundTable{Found::table, std::make_shared<TableDef>(std::move(definition))};
}

Result<MadeTable> make_table(Session& session, JobProgress& progress, const TableToMake& table,
                             const SchemaOptions& options, const TargetTraits& traits,
                             const std::stop_token& stop) {
  MadeTable made;
  made.source = table.source;
  FoundTable found = TRY(look_for_table(session, table.target, stop));
  if (found.found == Found::view) {
    return fail(mismatch(table.target,
                         fmt::format("{} is a view on the target", quoted(table.target)),
                         "DROP VIEW " + quoted(table.target)));
  }
  const auto filled = progress.filled(table.source->id);
  const bool is_outdated =
      found.found == Found::table && filled && filled->is_made &&
      (table.is_redefined ||
       (!progress.was_finished() && !differences(*table.source, *found.definition).empty()));
  if (is_outdated && options.may_create) {
    TRY(progress.reset_table(table.source->id, stop));
    TRY(session.execute("DROP TABLE " + quoted(table.target), stop));
    found = FoundTable{};
    made.changes.emplace_back(
        "the table was made anew and filled again: its definition changed on the source since the "
        "job made it");
  }
  if (found.found == Found::nothing) {
    if (!options.may_create)
      return fail(
          mismatch(table.target, fmt::format("the target has no table {}", quoted(table.target))));
    TRY(create(session, table, options, traits, made, stop));
    found = TRY(look_for_table(session, table.target, stop));
    if (found.found != Found::table)
      return fail(mismatch(
          table.target, fmt::format("{} is not there after it was created", quoted(table.target))));
  }
  made.target = found.definition;
  TRY(compare(table, *made.target));
  std::ranges::move(losses(*made.target, traits), std::back_inserter(made.changes));
  std::ranges::move(keys_not_kept(*table.source, *made.target), std::back_inserter(made.changes));
  if (filled) {
    made.was_empty = filled->was_empty;
  } else if (!made.is_new) {
    const auto rows =
        TRY(session.query(fmt::format("SELECT 1 FROM {} LIMIT 1", quoted(table.target)), stop));
    made.was_empty = rows.rows.empty();
  }
  if (!made.was_empty && options.on_duplicate == OnDuplicate::error)
    return fail(not_empty(table.target));
  return made;
}

}  // namespace tideway
