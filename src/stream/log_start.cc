#include "stream/log_start.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace tideway {
namespace {

using Json = nlohmann::json;

constexpr std::size_t uuid_length = 36;

Error unreadable(std::string_view text) {
  return {ErrorCode::progress_unreadable, Side::target, Retry::never,
          fmt::format("'{}' is not a place in a log", text.substr(0, 200))};
}

std::string text_of(const Json& json, std::string_view name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

GtidSet gtids_in(const UnitSet& units, const OriginNames& names) {
  GtidSet gtids;
  for (const auto& [origin, intervals] : units.origins()) {
    const std::string source = names.name(origin);
    if (is_gtid_source(source)) gtids.add(source, intervals);
  }
  return gtids;
}

}  // namespace

bool is_gtid_source(std::string_view origin) {
  return origin.size() >= uuid_length && origin[8] == '-' && origin[13] == '-' &&
         (origin.size() == uuid_length || origin[uuid_length] == ':');
}

bool LogStart::reaches(const LogStart& other) const {
  const bool has_gtids = gtids && other.gtids;
  if (has_gtids && !gtids->contains(*other.gtids)) return false;
  return server_uuid == other.server_uuid ? !(position < other.position) : has_gtids;
}

std::string LogStart::to_text() const {
  return gtids && !gtids->is_empty()
             ? fmt::format("{} ({})", tideway::to_text(position), gtids->to_text())
             : tideway::to_text(position);
}

std::string LogStart::to_json() const {
  Json json = {{"server", server_uuid}, {"position", tideway::to_text(position)}};
  if (file_created != 0) json["created"] = file_created;
  if (gtids) json["gtids"] = gtids->to_text();
  for (const auto& [xid, begin] : branches) json["branches"][xid] = tideway::to_text(begin);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<LogStart> LogStart::parse_json(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("position")) return fail(unreadable(text));
  LogStart start;
  start.server_uuid = text_of(json, "server");
  start.position = TRY(parse_log_position(text_of(json, "position")));
  if (const auto created = json.find("created");
      created != json.end() && created->is_number_unsigned())
    start.file_created = created->get<std::uint32_t>();
  if (json.contains("gtids")) start.gtids = TRY(GtidSet::parse(text_of(json, "gtids")));
  if (const auto branches = json.find("branches"); branches != json.end()) {
    if (!branches->is_object()) return fail(unreadable(text));
    for (const auto& [xid, begin] : branches->items()) {
      if (!begin.is_string()) return fail(unreadable(text));
      start.branches[xid] = TRY(parse_log_position(begin.get<std::string>()));
    }
  }
  return start;
}

LogPlaces::LogPlaces(LogStart start, OriginNames& names) : start_(std::move(start)), names_(names) {
  state_.with([this](State& state) {
    state.server_uuid = start_.server_uuid;
    if (start_.file_created != 0) state.created[start_.position.file] = start_.file_created;
    for (const auto& [xid, begin] : start_.branches)
      state.branches.emplace(xid, Branch{begin, start_.position, std::nullopt});
  });
}

void LogPlaces::prepared(const std::string& xid, const LogPosition& begin, const LogPosition& end) {
  state_.with([&](State& state) { state.branches.emplace(xid, Branch{begin, end, std::nullopt}); });
}

void LogPlaces::ended(const std::string& xid, const LogPosition& end) {
  state_.with([&](State& state) {
    const auto [first, last] = state.branches.equal_range(xid);
    for (auto branch = first; branch != last; ++branch) {
      if (!branch->second.ended) branch->second.ended = end;
    }
  });
}

void LogPlaces::moved_to(const std::string& server_uuid) {
  state_.with([&](State& state) { state.server_uuid = server_uuid; });
}

void LogPlaces::begun(const std::string& file, std::uint32_t created) {
  state_.with([&](State& state) { state.created[file] = created; });
}

std::optional<std::uint32_t> LogPlaces::created(const std::string& file) const {
  return state_.with([&](const State& state) -> std::optional<std::uint32_t> {
    const auto found = state.created.find(file);
    return found == state.created.end() ? std::nullopt : std::optional(found->second);
  });
}

std::string LogPlaces::server_uuid() const {
  return state_.with([](const State& state) { return state.server_uuid; });
}

std::optional<LogPosition> LogPlaces::branch(const std::string& xid, const LogPosition& end) const {
  return state_.with([&](const State& state) -> std::optional<LogPosition> {
    const auto [first, last] = state.branches.equal_range(xid);
    for (auto branch = first; branch != last; ++branch) {
      if (branch->second.prepared <= end && (!branch->second.ended || *branch->second.ended >= end))
        return branch->second.begin;
    }
    return std::nullopt;
  });
}

LogStart LogPlaces::behind(const UnitEnd& last, const UnitSet& units) {
  LogStart place;
  place.position = {names_.name(last.file), last.offset};
  if (start_.gtids) {
    place.gtids = start_.gtids;
    place.gtids->add(gtids_in(units, names_));
  }
  state_.with([&](State& state) {
    place.server_uuid = state.server_uuid;
    if (const auto created = state.created.find(place.position.file);
        created != state.created.end())
      place.file_created = created->second;
    std::erase_if(state.created, [&](const auto& each) {
      return log_file_number(each.first) < log_file_number(place.position.file);
    });
    std::erase_if(state.branches, [&](const auto& each) {
      return each.second.ended && *each.second.ended <= place.position;
    });
    for (const auto& [xid, branch] : state.branches) {
      if (branch.prepared <= place.position) place.branches[xid] = branch.begin;
    }
  });
  return place;
}

}  // namespace tideway
