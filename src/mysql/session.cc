#include "mysql/session.h"

#include <fmt/format.h>
#include <poll.h>

#include <charconv>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "model/table_id.h"
#include "mysql/errors.h"
#include "mysql/server_identity.h"
#include "mysql/session_setup.h"
#include "mysql/session_state.h"

namespace tideway {
namespace {

Result<ResultTable> ask(SessionState& state, std::string_view sql, const std::stop_token& stop) {
  Call call(state, sql, stop);
  TRY(call.send(sql));
  TRY(call.read_answer());
  ResultTable table = TRY(call.take_rows());
  TRY(call.drain());
  return table;
}

Error unexpected(const SessionState& state, std::string message) {
  return {ErrorCode::unexpected_answer, state.endpoint.side, Retry::never,
          fmt::format("{}: {}", state.endpoint.to_text(), message)};
}

Result<Variables> read_variables(SessionState& state, const std::stop_token& stop) {
  std::string names;
  for (const auto* list : {&identity_variables(), &optional_settings()}) {
    for (const std::string_view name : *list)
      names += fmt::format("{}'{}'", names.empty() ? "" : ",", name);
  }
  const ResultTable answer =
      TRY(ask(state, "SHOW SESSION VARIABLES WHERE Variable_name IN (" + names + ")", stop));
  Variables variables;
  for (const auto& row : answer.rows) {
    if (row.size() != 2 || !row[0] || !row[1])
      return fail(unexpected(state, "SHOW VARIABLES did not answer with names and values"));
    variables[ascii_lower(*row[0])] = *row[1];
  }
  return variables;
}

Result<void> learn_identity(SessionState& state, const Variables& variables,
                            const std::stop_token& stop) {
  std::string release;
  if (identify(variables, {}).kind == ServerKind::tidb) {
    const ResultTable answer = TRY(ask(state, "SELECT tidb_version()", stop));
    if (!answer.rows.empty() && !answer.rows[0].empty() && answer.rows[0][0])
      release = *answer.rows[0][0];
  }
  state.server = identify(variables, release);
  const ResultTable who = TRY(ask(state, "SELECT CONNECTION_ID(), CURRENT_USER()", stop));
  if (who.rows.size() != 1 || who.rows[0].size() != 2 || !who.rows[0][0] || !who.rows[0][1]) {
    return fail(unexpected(state, "it does not say who we are"));
  }
  const std::string& id = *who.rows[0][0];
  std::from_chars(id.data(), id.data() + id.size(), state.connection_id);
  state.account = *who.rows[0][1];
  return {};
}

bool is_number(std::string_view text) {
  double ignored = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ignored);
  return error == std::errc() && end == text.data() + text.size();
}

// The user's own variables. One that the server does not know is passed over with a warning: the
// same URL serves several kinds of server.
Result<void> set_variables(SessionState& state, const std::stop_token& stop) {
  for (const auto& [name, value] : state.endpoint.variables) {
    std::string literal = value;
    if (!is_number(value)) {
      literal = "'";
      for (const char c : value)
        literal += c == '\'' || c == '\\' ? fmt::format("\\{}", c) : std::string(1, c);
      literal += "'";
    }
    auto answer = ask(state, fmt::format("SET SESSION {} = {}", quoted(name), literal), stop);
    if (answer) continue;
    if (answer.error().evidence().server_errno != 1193)
      return fail(std::move(answer).error().during("setting var." + name));
    LOG(warn, "the server does not know this session variable, which is left out",
        {{"endpoint", state.endpoint.to_text()}, {"variable", name}});
  }
  return {};
}

Result<void> set_up(SessionState& state, const Variables& known, const std::stop_token& stop) {
  TRY(set_variables(state, stop));
  // The collation is named, so that two literals compare in the same way on every server and
  // version.
  TRY(ask(state, "SET NAMES utf8mb4 COLLATE utf8mb4_general_ci", stop));
  std::vector<Setting> settings = settings_for(state.server, known, state.options);
  std::string statement = "SET ";
  for (const Setting& setting : settings) {
    statement += fmt::format("{}SESSION {} = {}", &setting == settings.data() ? "" : ", ",
                             setting.name, setting.literal);
  }
  TRY(ask(state, statement, stop));

  for (const std::string_view name :
       {"character_set_client", "character_set_connection", "character_set_results"}) {
    settings.push_back({name, "", "utf8mb4"});
  }
  statement = "SELECT ";
  for (const Setting& setting : settings)
    statement +=
        fmt::format("{}@@SESSION.{}", &setting == settings.data() ? "" : ", ", setting.name);
  const ResultTable answer = TRY(ask(state, statement, stop));
  for (std::size_t i = 0; i < settings.size(); ++i) {
    const bool has_value =
        answer.rows.size() == 1 && answer.rows[0].size() == settings.size() && answer.rows[0][i];
    if (has_value && is_as_expected(settings[i], *answer.rows[0][i])) continue;
    return fail(unexpected(
        state, fmt::format("its session has {} = '{}' after it was set to '{}'", settings[i].name,
                           has_value ? *answer.rows[0][i] : "NULL", settings[i].expected)));
  }
  return {};
}

// The first statement is the first full round trip: its silence or its end is a step of connecting,
// not a lost connection.
Error as_connecting(const Endpoint& endpoint, Error error) {
  const bool is_cut = error.code() == ErrorCode::lost_connection;
  if (!is_cut && error.code() != ErrorCode::deadline) return error;
  return Error(is_cut ? ErrorCode::connect_lost : ErrorCode::connect_round_trip, error.side(),
               Retry::new_session,
               fmt::format("{}: the login was accepted, then {}", endpoint.to_text(),
                           is_cut ? "the connection was cut before the first answer"
                                  : "nothing more was said"));
}

// Away is what another session may find back; what an operator must mend ends the job instead.
void tell_reachability(const Endpoint& endpoint, const Error* error) {
  if (endpoint.reachability == nullptr) return;
  if (error == nullptr) {
    endpoint.reachability->is_back();
  } else if (error->retry() == Retry::new_session) {
    endpoint.reachability->is_away(error->message());
  }
}

Result<std::unique_ptr<SessionState>> open_once(const Endpoint& endpoint,
                                                const SessionOptions& options,
                                                const std::stop_token& stop) {
  auto state = std::make_unique<SessionState>();
  state->endpoint = endpoint;
  state->options = options;
  state->client = TRY(connect(endpoint, options.local_infile, stop));
  state->opened_at = std::chrono::steady_clock::now();
  // Setting up is worth no more patience than connecting was.
  state->options.read_deadline =
      std::min(options.read_deadline,
               std::max<Duration>(endpoint.connect_timeout, std::chrono::seconds(10)));
  auto variables = read_variables(*state, stop);
  if (!variables) return fail(as_connecting(endpoint, std::move(variables).error()));
  TRY_DURING(fmt::format("opening a session on {}", endpoint.to_text()),
             learn_identity(*state, *variables, stop));
  TRY_DURING(fmt::format("setting up a session on {}", endpoint.to_text()),
             set_up(*state, *variables, stop));
  state->options.read_deadline = options.read_deadline;
  state->is_open = true;
  return state;
}

}  // namespace

std::optional<std::size_t> ResultTable::find_column(std::string_view name) const {
  const std::string wanted = ascii_lower(name);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (ascii_lower(names[i]) == wanted) return i;
  }
  return std::nullopt;
}

Session::Session(std::unique_ptr<SessionState> state) : state_(std::move(state)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

Result<Session> Session::open(const Endpoint& endpoint, const SessionOptions& options,
                              const std::stop_token& stop) {
  TRY(open_client_library());
  prepare_thread();
  // A connection that was cut while it was being made (a failover, a proxy that was restarted) is
  // made again at once; one that cannot be made at all is the caller's matter.
  constexpr int cuts_forgiven = 3;
  Backoff backoff;
  for (int cuts = 0;; ++cuts) {
    auto state = open_once(endpoint, options, stop);
    tell_reachability(endpoint, state ? nullptr : &state.error());
    if (state) return Session(*std::move(state));
    const ErrorCode code = state.error().code();
    const bool was_cut = code == ErrorCode::connect_lost || code == ErrorCode::lost_connection;
    if (!was_cut || cuts == cuts_forgiven) return fail(std::move(state).error());
    LOG(info, "a connection was cut while it was being made and is made again",
        {{"error", state.error().to_line()}});
    if (!real_clock().wait(backoff.next(), stop)) return fail(std::move(state).error());
  }
}

Result<Affected> Session::execute(std::string_view sql, const std::stop_token& stop) {
  Call call(*state_, sql, stop);
  TRY(call.send(sql));
  TRY(call.read_answer());
  Affected affected = call.affected();
  TRY(call.take_rows());
  TRY(call.drain());
  return affected;
}

Result<ResultTable> Session::query(std::string_view sql, const std::stop_token& stop) {
  return ask(*state_, sql, stop);
}

Result<std::optional<std::string>> Session::query_value(std::string_view sql,
                                                        const std::stop_token& stop) {
  ResultTable table = TRY(query(sql, stop));
  if (table.rows.empty() || table.rows[0].empty()) return std::optional<std::string>();
  return std::move(table.rows[0][0]);
}

Result<ResultTable> Session::warnings(const std::stop_token& stop) {
  return query("SHOW WARNINGS", stop);
}

const Server& Session::server() const { return state_->server; }
const Endpoint& Session::endpoint() const { return state_->endpoint; }
std::uint64_t Session::connection_id() const { return state_->connection_id; }
const std::string& Session::account() const { return state_->account; }
bool Session::is_broken() const { return state_->is_broken; }
bool Session::in_transaction() const {
  return (state_->mysql()->server_status & SERVER_STATUS_IN_TRANS) != 0;
}
bool Session::is_clean() const {
  return !state_->is_broken && !state_->is_soiled && !state_->is_streaming && !in_transaction();
}
bool Session::is_deserted() const {
  // Between calls a server has nothing to say: what can be read is the end, or its last words
  // before it.
  pollfd watched = {mysql_get_socket(state_->mysql()), POLLIN, 0};
  return state_->is_broken || ::poll(&watched, 1, 0) != 0;
}
bool Session::is_encrypted() const { return mysql_get_ssl_cipher(state_->mysql()) != nullptr; }

}  // namespace tideway
