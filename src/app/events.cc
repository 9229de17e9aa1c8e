#include "app/events.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace tideway {
namespace {

using Json = nlohmann::ordered_json;

Json event(std::string_view name) {
  return {{"event", name}, {"time", to_text(std::chrono::system_clock::now())}};
}

std::string line_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void add_text(Json& json, const char* name, const std::string& value) {
  if (!value.empty()) json[name] = value;
}

void add_count(Json& json, const char* name, std::uint64_t value) {
  if (value != 0) json[name] = value;
}

Json known(const std::optional<std::uint64_t>& value) { return value ? Json(*value) : Json(); }

// null: not known.
void add_lag(Json& json, const Lag& lag) {
  json["lag_ms"] = known(lag.ms);
  json["lag_bytes"] = known(lag.bytes);
  json["lag_transactions"] = known(lag.transactions);
  if (lag.are_transactions_estimated) json["lag_transactions_estimated"] = true;
  json["lag_trend"] = to_text(lag.trend);
  if (lag.left_s) json["lag_left_s"] = *lag.left_s;
}

double rounded(double value, double per_one) { return std::round(value * per_one) / per_one; }

std::int64_t seconds_of(Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

}  // namespace

std::string start_event(std::string_view command, std::string_view version) {
  Json json = event("start");
  json["format"] = 1;
  json["command"] = command;
  json["version"] = version;
  return line_of(json);
}

std::string phase_event(const Status& status) {
  Json json = event("phase");
  json["phase"] = status.phase;
  add_count(json, "step", status.step);
  add_count(json, "steps", status.steps);
  return line_of(json);
}

std::string status_event(const Figures& figures) {
  const Status& status = figures.status;
  Json json = event("status");
  json["phase"] = status.phase;
  if (status.is_paused) json["paused"] = true;
  if (figures.share) json["share"] = rounded(*figures.share, 10'000);
  json["tables_done"] = status.tables_done;
  add_count(json, "tables_total", status.tables_total);
  json["rows_done"] = status.rows_done;
  add_count(json, "rows_total", status.rows_total);
  json["bytes_done"] = status.bytes_done;
  add_count(json, "bytes_total", status.bytes_total);
  json["rows_per_s"] = std::llround(figures.rows_per_s);
  json["bytes_per_s"] = std::llround(figures.bytes_per_s);
  if (figures.least_left && figures.most_left) {
    json["seconds_left_least"] = seconds_of(*figures.least_left);
    json["seconds_left_most"] = seconds_of(*figures.most_left);
  }
  json["seconds"] = rounded(std::chrono::duration<double>(figures.elapsed).count(), 1'000);
  json["readers"] = status.readers;
  json["writers"] = status.writers;
  add_count(json, "memory_used", status.memory_used);
  add_count(json, "memory_total", status.memory_total);
  if (status.lag) add_lag(json, *status.lag);
  if (status.retention_hours_left)
    json["retention_hours_left"] = rounded(*status.retention_hours_left, 100);
  if (!status.verified_as_of.empty()) {
    json["verified_as_of"] = status.verified_as_of;
    json["tables_equal"] = status.tables_equal;
    json["tables_different"] = status.tables_different;
    json["tables_open"] = status.tables_open;
  }
  add_text(json, "cutover", status.cutover);
  add_text(json, "limited_by", figures.limited_by);
  add_text(json, "waiting_for", status.waiting_for);
  return line_of(json);
}

std::string warning_event(std::string_view text) {
  Json json = event("warning");
  json["text"] = text;
  return line_of(json);
}

std::string note_event(std::string_view text) {
  Json json = event("note");
  json["text"] = text;
  return line_of(json);
}

std::string error_event(const Error& error) {
  const ErrorPage& page = error_page(error.code());
  const Evidence& seen = error.evidence();
  Json json = event("error");
  json["code"] = to_text(error.code());
  json["name"] = page.name;
  json["side"] = to_text(error.side());
  json["retry"] = to_text(error.retry());
  json["message"] = error.message();
  json["during"] = std::vector<std::string>(error.context().rbegin(), error.context().rend());
  add_count(json, "server_errno", seen.server_errno);
  add_text(json, "server_text", seen.server_text);
  add_text(json, "table", seen.table);
  add_text(json, "column", seen.column);
  add_text(json, "key", seen.key);
  add_text(json, "position", seen.position);
  json["next"] = seen.statement.empty() ? std::string(page.advice) : seen.statement;
  return line_of(json);
}

std::string certificate_event(const Certificate& certificate) {
  Json json = event("certificate");
  json["certificate"] = Json::parse(to_json(certificate));
  return line_of(json);
}

std::string end_event(ExitCode code) {
  Json json = event("end");
  json["exit"] = static_cast<unsigned>(code);
  return line_of(json);
}

}  // namespace tideway
