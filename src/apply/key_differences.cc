// Whether the keys of one definition let in every row of another.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "apply/table_plan.h"
#include "base/text.h"

namespace tideway {
namespace {

struct Part {
  std::string column;  // lower case
  std::uint32_t prefix_length = 0;
};
using Parts = std::vector<Part>;

// nullopt: a part is an expression, which servers write in ways of their own.
std::optional<Parts> parts_of(const TableDef& table, const Key& key) {
  Parts parts;
  for (const KeyPart& part : key.parts) {
    if (!part.expression.empty()) return std::nullopt;
    parts.push_back({ascii_lower(table.columns[part.column].name), part.prefix_length});
  }
  return parts;
}

bool is_unique(const Key& key) {
  return key.kind == KeyKind::primary || key.kind == KeyKind::unique;
}

// Rows that differ in `narrow` differ in `wide`, too.
bool tells_apart(const Parts& wide, const Parts& narrow) {
  return std::ranges::all_of(narrow, [&](const Part& part) {
    return std::ranges::any_of(wide, [&](const Part& other) {
      if (other.column != part.column) return false;
      return other.prefix_length == 0 ||
             (part.prefix_length != 0 && other.prefix_length >= part.prefix_length);
    });
  });
}

std::vector<Parts> unique_keys(const TableDef& table) {
  std::vector<Parts> keys;
  for (const Key& key : table.keys) {
    if (!is_unique(key)) continue;
    if (auto parts = parts_of(table, key)) keys.push_back(*std::move(parts));
  }
  return keys;
}

// A number that the server gives is never given twice.
bool is_numbered_by_target(const TableDef& source, const TableDef& target, const Key& key) {
  return std::ranges::any_of(key.parts, [&](const KeyPart& part) {
    const Column& column = target.columns[part.column];
    const bool is_shared = std::ranges::any_of(source.columns, [&](const Column& other) {
      return ascii_lower(other.name) == ascii_lower(column.name);
    });
    return !is_shared && (column.is_auto_increment || column.is_auto_random);
  });
}

std::string column_list(const TableDef& table, const Key& key) {
  std::string list;
  for (const KeyPart& part : key.parts)
    list += fmt::format("{}{}{}", list.empty() ? "" : ", ", quoted(table.columns[part.column].name),
                        part.prefix_length == 0 ? "" : fmt::format("({})", part.prefix_length));
  return list;
}

}  // namespace

std::vector<KeyMisfit> key_differences(const TableDef& source, const TableDef& target) {
  std::vector<KeyMisfit> found;
  const std::vector<Parts> ours = unique_keys(source), theirs = unique_keys(target);
  for (const Key& key : target.keys) {
    const auto parts = is_unique(key) ? parts_of(target, key) : std::nullopt;
    if (!parts || is_numbered_by_target(source, target, key)) continue;
    if (std::ranges::any_of(ours, [&](const Parts& own) { return tells_apart(*parts, own); }))
      continue;
    const bool is_primary = key.kind == KeyKind::primary;
    found.push_back(
        {fmt::format("the target's {} ({}) is no key of the source: rows that differ there may be "
                     "one row here",
                     is_primary ? "primary key" : "unique key " + quoted(key.name),
                     column_list(target, key)),
         target.columns[key.parts[0].column].name,
         is_primary
             ? fmt::format("ALTER TABLE {} DROP PRIMARY KEY", quoted(target.id))
             : fmt::format("ALTER TABLE {} DROP KEY {}", quoted(target.id), quoted(key.name))});
  }
  const auto primary = std::ranges::find(source.keys, KeyKind::primary, &Key::kind);
  if (primary == source.keys.end() || !found.empty()) return found;
  const auto parts = parts_of(source, *primary);
  const bool has_twin = !parts || std::ranges::any_of(theirs, [&](const Parts& other) {
    return tells_apart(other, *parts) || tells_apart(*parts, other);
  });
  if (!has_twin) {
    const std::string list = column_list(source, *primary);
    found.push_back({fmt::format("the source's primary key ({}) is no key of the target", list),
                     source.columns[primary->parts[0].column].name,
                     fmt::format("ALTER TABLE {} ADD PRIMARY KEY ({})", quoted(target.id), list)});
  }
  return found;
}

std::vector<std::string> keys_not_kept(const TableDef& source, const TableDef& target) {
  std::vector<std::string> told;
  const std::vector<Parts> theirs = unique_keys(target);
  for (const Key& key : source.keys) {
    const auto parts = key.kind == KeyKind::unique ? parts_of(source, key) : std::nullopt;
    if (!parts) continue;
    if (std::ranges::any_of(theirs, [&](const Parts& their) { return tells_apart(*parts, their); }))
      continue;
    told.push_back(
        fmt::format("the source's unique key {0} ({1}) is not on the target, which takes "
                    "duplicates: ALTER TABLE "
                    "{2} ADD UNIQUE KEY {0} ({1})",
                    quoted(key.name), column_list(source, key), quoted(target.id)));
  }
  return told;
}

}  // namespace tideway
