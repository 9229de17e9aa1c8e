#include "snapshot/not_carried.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.h"
#include "sql/literal.h"

namespace tideway {
namespace {

using Row = std::vector<std::optional<std::string>>;

std::string cell(const Row& row, std::size_t i) {
  return i < row.size() ? row[i].value_or(std::string()) : std::string();
}

Result<std::vector<Row>> rows_or_none(Session& session, const std::string& sql,
                                      const std::stop_token& stop) {
  auto answer = session.query(sql, stop);
  if (answer) return std::move(answer->rows);
  if (session.is_broken()) return fail(std::move(answer).error());
  LOG(warn, "objects that are not carried over cannot be counted",
      {{"error", answer.error().to_line()}});
  return std::vector<Row>();
}

Result<std::vector<std::string>> list_accounts(Session& session, const std::stop_token& stop) {
  constexpr std::array<std::string_view, 3> own = {"mysql.sys", "mysql.session",
                                                   "mysql.infoschema"};
  std::vector<std::string> accounts;
  auto answer = session.query("SELECT User, Host FROM mysql.user ORDER BY 1, 2", stop);
  if (answer) {
    for (const Row& row : answer->rows) {
      if (std::ranges::find(own, cell(row, 0)) != own.end()) continue;
      std::string account;
      append_quoted(account, cell(row, 0));
      account += '@';
      append_quoted(account, cell(row, 1));
      accounts.push_back(std::move(account));
    }
    return accounts;
  }
  if (session.is_broken()) return fail(std::move(answer).error());
  for (const Row& row : TRY(rows_or_none(
           session, "SELECT DISTINCT GRANTEE FROM information_schema.USER_PRIVILEGES ORDER BY 1",
           stop)))
    accounts.push_back(cell(row, 0));
  return accounts;
}

}  // namespace

std::string name_list(std::span<const ListedDatabase> databases) {
  std::string list = "(";
  for (const ListedDatabase& database : databases) {
    if (list.size() > 1) list += ',';
    append_quoted(list, database.name);
  }
  return list.size() > 1 ? list + ")" : "('')";
}

Result<ObjectList::NotCarried> list_not_carried(Session& session, const TableFilter& filter,
                                                std::span<const ListedDatabase> databases,
                                                const std::stop_token& stop) {
  ObjectList::NotCarried found;
  const std::string names = name_list(databases);
  const auto ask = [&](std::string_view columns, std::string_view from, std::string_view schema) {
    return rows_or_none(
        session,
        fmt::format("SELECT {} FROM information_schema.{} WHERE {} IN {} ORDER BY 1, 2", columns,
                    from, schema, names),
        stop);
  };
  for (const Row& row :
       TRY(ask("TRIGGER_SCHEMA, TRIGGER_NAME, EVENT_OBJECT_TABLE", "TRIGGERS", "TRIGGER_SCHEMA"))) {
    if (filter.matches_table(cell(row, 0), cell(row, 2)))
      found.triggers.push_back({cell(row, 0), cell(row, 1)});
  }
  for (const Row& row : TRY(ask("EVENT_SCHEMA, EVENT_NAME", "EVENTS", "EVENT_SCHEMA")))
    found.events.push_back({cell(row, 0), cell(row, 1)});
  for (const Row& row :
       TRY(ask("ROUTINE_SCHEMA, ROUTINE_NAME, ROUTINE_TYPE", "ROUTINES", "ROUTINE_SCHEMA"))) {
    auto& list = cell(row, 2) == "FUNCTION" ? found.functions : found.procedures;
    list.push_back({cell(row, 0), cell(row, 1)});
  }
  found.accounts = TRY(list_accounts(session, stop));
  return found;
}

}  // namespace tideway
