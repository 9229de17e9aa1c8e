#include "snapshot/chunk_range.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/text.h"

namespace tideway {
namespace {

using Json = nlohmann::json;

Error unreadable(std::string_view text) {
  return {ErrorCode::progress_unreadable, Side::local, Retry::never,
          fmt::format("'{}' are not the bounds of a chunk", text.substr(0, 200))};
}

bool is_plain(char c) { return c >= ' ' && c <= '~'; }

Json to_json(const KeyCells& cells) {
  Json array = Json::array();
  for (const std::string& cell : cells) {
    if (std::ranges::all_of(cell, is_plain)) {
      array.push_back(cell);
    } else {
      array.push_back({{"hex", to_hex(cell)}});
    }
  }
  return array;
}

Result<KeyCells> to_cells(const Json& array, std::string_view text) {
  KeyCells cells;
  if (!array.is_array()) return fail(unreadable(text));
  for (const Json& each : array) {
    if (each.is_string()) {
      cells.push_back(each.get<std::string>());
    } else if (each.is_object() && each.contains("hex") && each["hex"].is_string()) {
      cells.push_back(TRY(from_hex(each["hex"].get<std::string>())));
    } else {
      return fail(unreadable(text));
    }
  }
  return cells;
}

}  // namespace

std::string to_json(const ChunkRange& range) {
  Json json = Json::object();
  if (!range.low.empty()) json["after"] = to_json(range.low);
  if (!range.high.empty()) json["to"] = to_json(range.high);
  return json.dump();
}

Result<ChunkRange> parse_chunk_range(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return fail(unreadable(text));
  ChunkRange range;
  if (json.contains("after")) range.low = TRY(to_cells(json["after"], text));
  if (json.contains("to")) range.high = TRY(to_cells(json["to"], text));
  return range;
}

std::string to_mark(const KeyCells& key) { return to_json(key).dump(); }

Result<KeyCells> parse_mark(std::string_view mark) {
  return to_cells(Json::parse(mark, nullptr, false), mark);
}

std::string range_condition(std::span<const KeyColumn> columns, const ChunkRange& range) {
  CHECK(range.low.size() <= columns.size() && range.high.size() <= columns.size());
  if (range.low.size() == range.high.size())
    return key_range_condition(columns.first(range.low.size()), range.low, range.high);
  std::string condition;
  if (!range.low.empty())
    condition = key_condition(columns.first(range.low.size()), range.low, KeyOrder::greater);
  if (!range.high.empty()) {
    if (!condition.empty()) condition += " and ";
    condition += key_condition(columns.first(range.high.size()), range.high, KeyOrder::less_equal);
  }
  return condition;
}

Result<std::string> stream_condition(std::span<const KeyColumn> columns, const Stream& stream) {
  const ChunkRange range = TRY(parse_chunk_range(stream.range));
  if (range.low.size() > columns.size() || range.high.size() > columns.size())
    return fail(unreadable(stream.range));
  return range_condition(columns, range);
}

}  // namespace tideway
