#include "snapshot/object_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <utility>

#include "base/check.h"
#include "base/crew.h"
#include "base/log.h"
#include "snapshot/log_window.h"
#include "snapshot/not_carried.h"
#include "sql/create_table.h"
#include "sql/tidb_labels.h"

namespace tideway {
namespace {

using Row = std::vector<std::optional<std::string>>;

constexpr std::uint32_t unknown_variable = 1193;

std::string cell(const Row& row, std::size_t i) {
  return i < row.size() ? row[i].value_or(std::string()) : std::string();
}

std::uint64_t number(const Row& row, std::size_t i) {
  const std::string text = cell(row, i);
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// What will be answered again tomorrow: the rest of the listing goes on without this view.
bool is_about_the_view(const Error& error) {
  constexpr std::uint32_t invalid_view = 1356, no_such_definer = 1449;
  const std::uint32_t number = error.evidence().server_errno;
  return error.code() == ErrorCode::missing_privilege || number == invalid_view ||
         number == no_such_definer;
}

using Answers = std::vector<Result<ResultTable>>;

// Asks all questions, many on the wire at a time and, when there are very many, on several
// sessions: on a far or busy source that is what the listing takes its time for.
Result<Answers> ask_all(Session& session, std::span<const std::string> questions,
                        const ListOptions& options, const std::stop_token& stop) {
  const std::size_t at_once = options.statements_at_once;
  const std::size_t flights = (questions.size() + at_once - 1) / at_once;
  std::vector<Answers> answers(flights);
  std::atomic<std::size_t> next = 0;
  const auto work = [&](Session& on, const std::stop_token& crew_stop) -> Result<void> {
    for (std::size_t i = next++; i < flights; i = next++) {
      const auto some = questions.subspan(i * at_once);
      answers[i] = TRY(on.query_all(some.first(std::min(at_once, some.size())), crew_stop));
    }
    return {};
  };
  constexpr std::size_t worth_a_session = 4;  // flights
  const std::size_t helpers = std::min(options.sessions, flights / worth_a_session + 1) - 1;
  Crew crew(stop);
  for (std::size_t i = 0; i < helpers; ++i) {
    crew.start("listing", [&](const std::stop_token& crew_stop) -> Result<void> {
      Session helper = TRY(Session::open(session.endpoint(), {}, crew_stop));
      return work(helper, crew_stop);
    });
  }
  if (auto own = work(session, crew.token()); !own) {
    crew.stop();
    if (auto joined = crew.join(); !joined) return fail(std::move(joined).error());
    return fail(std::move(own).error());
  }
  TRY(crew.join());
  Answers all;
  all.reserve(questions.size());
  for (Answers& some : answers) std::ranges::move(some, std::back_inserter(all));
  return all;
}

// Asks one question per object and hands each answer to `take`, in order.
template <typename Object, typename Question, typename Take>
Result<void> ask_each(Session& session, std::span<const Object> objects, const ListOptions& options,
                      const Question& question, const Take& take, const std::stop_token& stop) {
  std::vector<std::string> questions;
  questions.reserve(objects.size());
  for (const Object& each : objects) questions.push_back(question(each));
  Answers answers = TRY(ask_all(session, questions, options, stop));
  for (std::size_t i = 0; i < objects.size(); ++i) TRY(take(objects[i], std::move(answers[i])));
  return {};
}

class Listing {
 public:
  Listing(Session& session, const TableFilter& filter, const ListOptions& options)
      : session_(session), filter_(filter), options_(options) {}

  Result<ObjectList> run(const std::stop_token& stop) {
    list_.folds_names = session_.server().lower_case_table_names != 0;
    TRY(use_live_statistics(stop));
    TRY(note_position(stop));
    TRY(find_names(stop));
    if (leaves_nothing()) return fail(nothing());
    TRY_DURING("reading the definitions of tables", read_tables(stop));
    TRY_DURING("reading the sizes of tables", read_sizes(stop));
    TRY_DURING("reading the definitions of databases", read_databases(stop));
    if (options_.with_views) TRY_DURING("reading the definitions of views", read_views(stop));
    TRY(read_cascades(stop));
    if (options_.with_not_carried) {
      auto sequences = std::move(list_.not_carried.sequences);
      list_.not_carried = TRY(list_not_carried(session_, filter_, list_.databases, stop));
      list_.not_carried.sequences = std::move(sequences);
    }
    return std::move(list_);
  }

 private:
  // MySQL 8 answers with sizes up to a day old unless told otherwise.
  Result<void> use_live_statistics(const std::stop_token& stop) {
    auto answer = session_.execute("SET SESSION information_schema_stats_expiry = 0", stop);
    if (answer || answer.error().evidence().server_errno == unknown_variable) return {};
    return fail(std::move(answer).error());
  }

  Result<void> note_position(const std::stop_token& stop) {
    auto status = log_status(session_, stop);
    if (!status && (session_.is_broken() || stop.stop_requested()))
      return fail(std::move(status).error());
    if (status && *status) list_.listed_at = (*status)->position;
    return {};
  }

  // An empty database is something to make; one of whose tables none is wanted was not meant.
  bool leaves_nothing() const {
    return tables_.empty() && views_.empty() &&
           std::ranges::all_of(list_.databases, [this](const ListedDatabase& each) {
             return inhabited_.contains(each.name);
           });
  }

  Result<void> find_names(const std::stop_token& stop) {
    const ResultTable names = TRY(session_.query(
        "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES", stop));
    std::set<std::string> databases;
    for (const Row& row : names.rows) {
      TableId id{cell(row, 0), cell(row, 1)};
      inhabited_.insert(id.database);
      if (!filter_.matches_table(id)) continue;
      const std::string type = cell(row, 2);
      if (type == "BASE TABLE" || type == "SYSTEM VERSIONED") {
        databases.insert(id.database);
        tables_.push_back(std::move(id));
      } else if (type == "VIEW") {
        databases.insert(id.database);
        views_.push_back(std::move(id));
      } else if (type == "SEQUENCE") {
        list_.not_carried.sequences.push_back(std::move(id));
      }
    }
    std::ranges::sort(tables_);
    std::ranges::sort(views_);
    const ResultTable schemata = TRY(session_.query(
        "SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM "
        "information_schema.SCHEMATA",
        stop));
    for (const Row& row : schemata.rows) {
      const std::string name = cell(row, 0);
      if (databases.contains(name) || filter_.matches_database(name))
        list_.databases.push_back({name, {}, cell(row, 1), cell(row, 2)});
    }
    std::ranges::sort(list_.databases, {}, &ListedDatabase::name);
    return {};
  }

  Result<void> read_databases(const std::stop_token& stop) {
    std::vector<ListedDatabase> found;
    TRY(ask_each(
        session_, std::span<const ListedDatabase>(list_.databases), options_,
        [](const ListedDatabase& each) { return "SHOW CREATE DATABASE " + quoted(each.name); },
        [&](const ListedDatabase& each, Result<ResultTable> answer) -> Result<void> {
          constexpr std::uint32_t no_such_database = 1049;
          if (!answer && answer.error().evidence().server_errno == no_such_database) return {};
          const ResultTable table = TRY(std::move(answer));
          found.push_back(each);
          if (!table.rows.empty()) found.back().create_text = cell(table.rows[0], 1);
          return {};
        },
        stop));
    list_.databases = std::move(found);
    return {};
  }

  Result<void> read_tables(const std::stop_token& stop) {
    return ask_each(
        session_, std::span<const TableId>(tables_), options_,
        [](const TableId& id) { return "SHOW CREATE TABLE " + quoted(id); },
        [&](const TableId& id, Result<ResultTable> answer) -> Result<void> {
          if (!answer && answer.error().code() == ErrorCode::table_gone) {
            list_.gone.push_back(id);
            return {};
          }
          const ResultTable table = TRY_DURING("reading " + quoted(id), std::move(answer));
          std::string text = table.rows.empty() ? std::string() : cell(table.rows[0], 1);
          if (session_.server().prints_labels_raw()) text = with_readable_labels(text);
          auto def = std::make_shared<TableDef>(
              TRY_DURING("reading " + quoted(id), parse_create_table(text, id.database)));
          def->id = id;
          def->create_text = text;
          list_.tables.push_back({std::move(def), 0, 0, true});
          return {};
        },
        stop);
  }

  Result<void> read_sizes(const std::stop_token& stop) {
    std::set<std::string> transactional;
    const ResultTable engines = TRY(session_.query(
        "SELECT ENGINE FROM information_schema.ENGINES WHERE TRANSACTIONS = 'YES'", stop));
    for (const Row& row : engines.rows) transactional.insert(cell(row, 0));
    const ResultTable sizes =
        TRY(session_.query("SELECT TABLE_SCHEMA, TABLE_NAME, ENGINE, TABLE_ROWS, DATA_LENGTH FROM "
                           "information_schema.TABLES WHERE TABLE_SCHEMA IN " +
                               name_list(list_.databases),
                           stop));
    std::map<TableId, const Row*> by_name;
    for (const Row& row : sizes.rows) by_name[{cell(row, 0), cell(row, 1)}] = &row;
    for (ListedTable& table : list_.tables) {
      const auto found = by_name.find(table.id());
      if (found == by_name.end()) continue;
      table.rows = number(*found->second, 3);
      table.bytes = number(*found->second, 4);
      table.is_transactional = transactional.contains(cell(*found->second, 2));
    }
    return {};
  }

  Result<void> read_views(const std::stop_token& stop) {
    TRY(ask_each(
        session_, std::span<const TableId>(views_), options_,
        [](const TableId& id) { return "SHOW CREATE VIEW " + quoted(id); },
        [&](const TableId& id, Result<ResultTable> answer) -> Result<void> {
          if (!answer && answer.error().code() == ErrorCode::table_gone) {
            list_.gone.push_back(id);
          } else if (!answer && !is_about_the_view(answer.error())) {
            return fail(std::move(answer).error().during("reading " + quoted(id)));
          } else if (!answer) {
            list_.unreadable.push_back({id, std::move(answer).error()});
          } else if (!answer->rows.empty()) {
            const Row& row = answer->rows[0];
            list_.views.push_back({id, cell(row, 1), cell(row, 2), cell(row, 3), {}});
          }
          return {};
        },
        stop));
    return read_view_columns(stop);
  }

  Result<void> read_view_columns(const std::stop_token& stop) {
    if (list_.views.empty()) return {};
    const ResultTable columns = TRY(session_.query(
        "SELECT c.TABLE_SCHEMA, c.TABLE_NAME, c.COLUMN_NAME FROM information_schema.COLUMNS c "
        "JOIN information_schema.VIEWS v ON v.TABLE_SCHEMA = c.TABLE_SCHEMA AND v.TABLE_NAME = "
        "c.TABLE_NAME WHERE c.TABLE_SCHEMA IN " +
            name_list(list_.databases) + " ORDER BY c.ORDINAL_POSITION",
        stop));
    std::map<TableId, std::vector<std::string>> by_name;
    for (const Row& row : columns.rows)
      by_name[{cell(row, 0), cell(row, 1)}].push_back(cell(row, 2));
    std::vector<ListedView> readable;
    for (ListedView& view : list_.views) {
      view.columns = std::move(by_name[view.id]);
      if (!view.columns.empty()) {
        readable.push_back(std::move(view));
        continue;
      }
      Evidence evidence;
      evidence.table = quoted(view.id);
      list_.unreadable.push_back(
          {view.id, Error(ErrorCode::not_supported, Side::source, Retry::never, evidence,
                          "the view refers to tables, columns or functions that are not there, or "
                          "that its definer may not use")});
    }
    list_.views = std::move(readable);
    return {};
  }

  Result<void> read_cascades(const std::stop_token& stop) {
    std::set<TableId> known;
    for (const ListedTable& table : list_.tables) {
      known.insert(table.id());
      add_cascades(list_.cascades, *table.def);
    }
    return follow_cascades(session_, list_.cascades, std::move(known), stop);
  }

  static Error nothing() {
    return {ErrorCode::filter_matches_nothing, Side::source, Retry::after_operator,
            "the filter leaves no database, table or view that the account can see"};
  }

  Session& session_;
  const TableFilter& filter_;
  const ListOptions options_;
  std::vector<TableId> tables_, views_;
  std::set<std::string> inhabited_;  // databases with a table or view, wanted or not
  ObjectList list_;
};

}  // namespace

const ListedTable* ObjectList::find(const TableId& id) const {
  const auto found =
      std::ranges::lower_bound(tables, id, {}, [](const ListedTable& each) { return each.id(); });
  return found != tables.end() && found->id() == id ? &*found : nullptr;
}

Result<ObjectList> list_objects(Session& session, const TableFilter& filter,
                                const ListOptions& options, const std::stop_token& stop) {
  CHECK(options.statements_at_once > 0 && options.sessions > 0);
  return TRY_DURING("listing the source's objects", Listing(session, filter, options).run(stop));
}

}  // namespace tideway
