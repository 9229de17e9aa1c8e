#include "recipe/dump_place.h"

#include <nlohmann/json.hpp>

#include "recipe/follow.h"

namespace tideway::recipe {
namespace {

using Json = nlohmann::json;

constexpr const char* key = "tables";

Error no_place(std::string_view what) {
  return {ErrorCode::file_syntax, Side::local, Retry::after_operator,
          "the dump's manifest does not say where its tables stand in the source's log: " +
              std::string(what)};
}

}  // namespace

std::string point_of(const std::string& first_point, const DumpPlace& place) {
  Json json = Json::parse(first_point, nullptr, false);
  if (!json.is_object()) return first_point;
  Json& tables = json[key];
  tables = {
      {"low", place.low.to_json()}, {"high", place.high.to_json()}, {"end", place.end.to_json()}};
  tables["loose"] = Json::array();
  for (const TableId& table : place.loose)
    tables["loose"].push_back(Json::array({table.database, table.name}));
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<DumpPlace> place_of_point(const std::string& point) {
  const Json json = Json::parse(point, nullptr, false);
  if (!json.is_object() || !json.contains(key)) return fail(no_place("it has no such entry"));
  try {
    const Json& tables = json.at(key);
    DumpPlace place;
    place.low = TRY(LogStart::parse_json(tables.at("low").get<std::string>()));
    place.high = TRY(LogStart::parse_json(tables.at("high").get<std::string>()));
    place.end = TRY(LogStart::parse_json(tables.at("end").get<std::string>()));
    for (const Json& table : tables.at("loose"))
      place.loose.insert({table.at(0).get<std::string>(), table.at(1).get<std::string>()});
    return place;
  } catch (const Json::exception& error) {
    return fail(no_place(error.what()));
  }
}

DumpPlace dump_place(const RoundsResult& rounds, const LogStart& low, LogStart end) {
  DumpPlace place{low, high_of(rounds.common), std::move(end), {}};
  for (const auto& [table, outcome] : rounds.tables) {
    if (!outcome.is_proven) place.loose.insert(table);
  }
  return place;
}

}  // namespace tideway::recipe
