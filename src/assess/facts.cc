#include "assess/facts.h"

#include <fmt/format.h>

#include <charconv>

#include "base/text.h"

namespace tideway {

std::string_view ServerFacts::value(std::string_view name) const {
  const auto found = variables.find(name);
  return found == variables.end() ? std::string_view() : found->second;
}

std::uint64_t ServerFacts::number(std::string_view name) const {
  const std::string_view text = value(name);
  std::uint64_t parsed = 0;
  std::from_chars(text.data(), text.data() + text.size(), parsed);
  return parsed;
}

std::string statement_to_set(const Server& server, std::string_view name, std::string_view value) {
  if (server.kind == ServerKind::aurora)
    return fmt::format("in the parameter group of the DB cluster: {} = {}", name, value);
  const bool is_number =
      !value.empty() && value.find_first_not_of("0123456789") == std::string_view::npos;
  const bool is_word = is_number || value == "ON" || value == "OFF";
  return fmt::format("SET {} {} = {}{}{}", server.can_persist_variables() ? "PERSIST" : "GLOBAL",
                     name, is_word ? "" : "'", value, is_word ? "" : "'");
}

Result<Variables> read_variables(Session& session, const std::stop_token& stop) {
  Variables variables;
  for (const auto& row : TRY(session.query("SHOW GLOBAL VARIABLES", stop)).rows)
    variables.emplace(ascii_lower(row[0].value_or("")), row[1].value_or(""));
  return variables;
}

Result<ServerFacts> read_server(Session& session, const std::stop_token& stop) {
  return ServerFacts{session.server(), session.account(), TRY(read_variables(session, stop))};
}

}  // namespace tideway
