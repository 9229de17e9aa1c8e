#include "snapshot/snapshot_point.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

namespace tideway {
namespace {

using Json = nlohmann::json;
constexpr std::array rungs = {Rung::exact, Rung::window, Rung::timed, Rung::locked, Rung::none};

Error unreadable(std::string_view text) {
  return {ErrorCode::bad_value, Side::local, Retry::never,
          fmt::format("'{}' is not a snapshot's position", text.substr(0, 200))};
}

std::string text_of(const Json& json, std::string_view name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::string_view to_text(Rung rung) {
  switch (rung) {
    case Rung::exact:
      return "exact";
    case Rung::window:
      return "window";
    case Rung::timed:
      return "timed";
    case Rung::locked:
      return "locked";
    case Rung::none:
      return "none";
  }
  return "none";
}

bool SnapshotPoint::is_exact_for(const TableId& table) const {
  if (rung == Rung::locked || !timestamp.empty()) return true;
  return (rung == Rung::exact || rung == Rung::window) && !touches.is_touched(table);
}

std::string SnapshotPoint::position_text() const {
  if (!timestamp.empty()) return timestamp;
  return window ? tideway::to_text(window->high) : std::string();
}

std::string SnapshotPoint::gtid_text() const {
  return window && window->high_gtids ? window->high_gtids->to_text() : std::string();
}

std::string SnapshotPoint::to_json() const {
  Json json = {{"rung", to_text(rung)}, {"server", server_uuid}};
  if (listed_at) json["listed"] = tideway::to_text(*listed_at);
  if (!timestamp.empty()) json["timestamp"] = timestamp;
  if (window) {
    json["begin"] = tideway::to_text(window->begin);
    json["high"] = tideway::to_text(window->high);
    json["sees_older_branches"] = window->sees_older_branches;
    if (window->low) json["low_gtids"] = window->low->to_text();
    if (window->high_gtids) json["high_gtids"] = window->high_gtids->to_text();
  }
  if (!reason.empty()) json["reason"] = reason;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<SnapshotPoint> SnapshotPoint::parse_json(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return fail(unreadable(text));
  SnapshotPoint point;
  bool has_rung = false;
  for (const Rung each : rungs) {
    if (to_text(each) != text_of(json, "rung")) continue;
    point.rung = each;
    has_rung = true;
  }
  if (!has_rung) return fail(unreadable(text));
  point.server_uuid = text_of(json, "server");
  point.timestamp = text_of(json, "timestamp");
  point.reason = text_of(json, "reason");
  if (json.contains("listed")) point.listed_at = TRY(parse_log_position(text_of(json, "listed")));
  if (!json.contains("high")) return point;
  Window& window = point.window.emplace();
  window.begin = TRY(parse_log_position(text_of(json, "begin")));
  window.high = TRY(parse_log_position(text_of(json, "high")));
  if (const auto sees = json.find("sees_older_branches"); sees != json.end())
    window.sees_older_branches = sees->is_boolean() && sees->get<bool>();
  if (json.contains("low_gtids")) window.low = TRY(GtidSet::parse(text_of(json, "low_gtids")));
  if (json.contains("high_gtids"))
    window.high_gtids = TRY(GtidSet::parse(text_of(json, "high_gtids")));
  return point;
}

}  // namespace tideway
