#include "model/certificate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <nlohmann/json.hpp>
#include <optional>

namespace tideway {
namespace {

using Json = nlohmann::ordered_json;
using Time = std::chrono::system_clock::time_point;

constexpr int certificate_format = 1;
constexpr std::array proofs = {Proof::proven, Proof::unproven, Proof::different,
                               Proof::not_compared};

Json json_of(const TableCertificate& table) {
  Json json = {{"database", table.source.database}, {"table", table.source.name}};
  if (table.target != table.source) {
    json["target_database"] = table.target.database;
    json["target_table"] = table.target.name;
  }
  json["rows"] = table.rows;
  json["proof"] = to_text(table.proof);
  if (!table.digest.empty()) {
    json["digest"] = table.digest;
    json["strength"] = to_text(table.strength);
  }
  if (!table.position.empty()) json["position"] = table.position;
  if (!table.reason.empty()) json["reason"] = table.reason;
  if (!table.differences.empty()) json["differences"] = table.differences;
  return json;
}

std::optional<Time> parse_time(const std::string& text) {
  std::tm parts{};
  const char* end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

std::string text_or_empty(const Json& json, const char* name) {
  return json.value(name, std::string());
}

TableCertificate table_of(const Json& json) {
  TableCertificate table;
  table.source = {json.at("database"), json.at("table")};
  table.target = {json.value("target_database", table.source.database),
                  json.value("target_table", table.source.name)};
  table.rows = json.at("rows");
  const std::string proof = json.at("proof");
  const auto known = std::ranges::find(proofs, proof, [](Proof p) { return to_text(p); });
  // A word of a later version must not read as proven.
  table.proof = known == proofs.end() ? Proof::not_compared : *known;
  table.digest = text_or_empty(json, "digest");
  table.strength =
      text_or_empty(json, "strength") == "strong" ? DigestStrength::strong : DigestStrength::fast;
  table.position = text_or_empty(json, "position");
  table.reason = text_or_empty(json, "reason");
  table.differences = json.value("differences", std::vector<std::string>());
  return table;
}

Error unreadable(std::string_view why) {
  return {ErrorCode::progress_unreadable, Side::local, Retry::never,
          fmt::format("a certificate cannot be read: {}", why)};
}

}  // namespace

std::string_view to_text(Proof proof) {
  switch (proof) {
    case Proof::proven:
      return "proven";
    case Proof::unproven:
      return "unproven";
    case Proof::different:
      return "different";
    case Proof::not_compared:
      return "not compared";
  }
  return "not compared";
}

ExitCode exit_code_of(const Certificate& certificate) {
  const auto has = [&certificate](auto is) {
    return std::ranges::any_of(certificate.tables, is, &TableCertificate::proof);
  };
  if (has([](Proof proof) { return proof == Proof::different; })) return ExitCode::failed;
  return has([](Proof proof) { return proof != Proof::proven; }) ? ExitCode::unproven
                                                                 : ExitCode::proven;
}

std::string to_json(const Certificate& certificate) {
  Json json = {{"format", certificate_format},
               {"recipe", certificate.recipe},
               {"job", certificate.job},
               {"source", certificate.source},
               {"target", certificate.target},
               {"position", certificate.position},
               {"rung", certificate.rung},
               {"started", to_text(certificate.started)},
               {"finished", to_text(certificate.finished)},
               {"exit", static_cast<unsigned>(exit_code_of(certificate))}};
  json["tables"] = Json::array();
  for (const auto& table : certificate.tables) json["tables"].push_back(json_of(table));
  json["not_carried_over"] = Json::array();
  for (const auto& left : certificate.not_carried_over) {
    json["not_carried_over"].push_back({{"kind", left.kind},
                                        {"count", left.count},
                                        {"names", left.names},
                                        {"advice", left.advice}});
  }
  json["changes"] = Json::array();
  for (const auto& change : certificate.changes) {
    json["changes"].push_back(
        {{"object", change.object}, {"what", change.what}, {"why", change.why}});
  }
  json["warnings"] = certificate.warnings;
  // Names may hold bytes that are no UTF-8 (from a misconfigured server): shown as U+FFFD, never an
  // exception.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Certificate> parse_certificate(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    if (json.at("format") != certificate_format)
      return fail(unreadable("it has another format number"));
    Certificate certificate;
    certificate.recipe = json.at("recipe");
    certificate.job = json.at("job");
    certificate.source = json.at("source");
    certificate.target = json.at("target");
    certificate.position = json.at("position");
    certificate.rung = json.at("rung");
    const auto started = parse_time(json.at("started")), finished = parse_time(json.at("finished"));
    if (!started || !finished) return fail(unreadable("a time has another form"));
    certificate.started = *started;
    certificate.finished = *finished;
    for (const Json& table : json.at("tables")) certificate.tables.push_back(table_of(table));
    for (const Json& left : json.at("not_carried_over")) {
      certificate.not_carried_over.push_back(
          {left.at("kind"), left.at("count"), left.at("names"), left.at("advice")});
    }
    for (const Json& change : json.at("changes")) {
      certificate.changes.push_back({change.at("object"), change.at("what"), change.at("why")});
    }
    certificate.warnings = json.at("warnings");
    return certificate;
  } catch (const Json::exception& error) {
    return fail(unreadable(error.what()));
  }
}

std::string to_text(Time time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace tideway
