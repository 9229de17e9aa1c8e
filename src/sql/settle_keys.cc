#include "sql/settle_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/text.h"
#include "sql/cursor.h"

namespace tideway {
namespace {

bool same_parts(const ParsedKeyPart& a, const ParsedKeyPart& b) {
  return a.part.expression.empty() && b.part.expression.empty() &&
         a.part.prefix_length == b.part.prefix_length &&
         a.part.is_descending == b.part.is_descending && same_name(a.column, b.column);
}

// Does `longer` begin with the columns of `shorter`?
bool is_prefix(const ParsedKey& shorter, const ParsedKey& longer) {
  return shorter.parts.size() <= longer.parts.size() &&
         std::equal(shorter.parts.begin(), shorter.parts.end(), longer.parts.begin(), same_parts);
}

// A key that the server made for a foreign key stands back for any other that serves it; of two
// such keys the shorter, of two equal ones the later.
void drop_needless_keys(std::vector<ParsedKey>& keys) {
  std::vector<bool> is_needless(keys.size(), false);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const bool both = keys[i].key.is_implicit && keys[j].key.is_implicit;
      if (is_needless[j] || (!keys[i].key.is_implicit && !keys[j].key.is_implicit)) continue;
      const bool i_goes = keys[i].key.is_implicit && is_prefix(keys[i], keys[j]);
      const bool j_goes = keys[j].key.is_implicit && is_prefix(keys[j], keys[i]);
      if (i_goes && (!both || keys[i].parts.size() <= keys[j].parts.size())) {
        is_needless[i] = true;
        break;
      }
      if (j_goes) {
        is_needless[j] = true;
        break;
      }
    }
  }
  std::size_t ordinal = 0;
  std::erase_if(keys, [&](const ParsedKey&) { return is_needless[ordinal++]; });
}

std::string free_name(const std::string& wanted, const std::vector<Key>& taken) {
  const auto is_taken = [&taken](std::string_view name) {
    return std::ranges::any_of(taken, [name](const Key& key) { return same_name(key.name, name); });
  };
  if (!is_taken(wanted) && !same_name(wanted, "PRIMARY")) return wanted;
  int number = 2;
  while (is_taken(wanted + "_" + std::to_string(number))) ++number;
  return wanted + "_" + std::to_string(number);
}

Result<void> resolve_parts(TableDef& table, ParsedKey& parsed) {
  for (ParsedKeyPart& part : parsed.parts) {
    if (part.part.expression.empty()) {
      const auto found = std::ranges::find_if(table.columns, [&part](const Column& column) {
        return same_name(column.name, part.column);
      });
      if (found == table.columns.end())
        return fail(conflict(
            table, fmt::format("a key names column {}, which is not there", quoted(part.column))));
      part.part.column = static_cast<std::uint32_t>(found - table.columns.begin());
      if (parsed.key.kind == KeyKind::primary) found->is_nullable = false;
      const bool is_whole =
          part.part.prefix_length == found->type.length && found->type.length != 0;
      if (is_whole || !has_prefixes(found->type) || parsed.key.kind == KeyKind::fulltext)
        part.part.prefix_length = 0;
    }
    parsed.key.parts.push_back(part.part);
  }
  return {};
}

// Where a key stands among the others: the server prefers those by which rows are found best.
struct KeyRank {
  bool is_plain, can_be_null, is_not_primary, has_prefix, is_fulltext, has_virtual;
  auto operator<=>(const KeyRank&) const = default;
};

KeyRank rank_of(const TableDef& table, const Key& key) {
  KeyRank rank{};
  rank.is_plain = key.kind != KeyKind::primary && key.kind != KeyKind::unique;
  rank.is_fulltext = key.kind == KeyKind::fulltext;
  rank.is_not_primary = key.kind != KeyKind::primary;
  for (const KeyPart& part : key.parts) {
    // An expression is a virtual column of its own.
    rank.has_virtual = rank.has_virtual || !part.expression.empty() ||
                       table.columns[part.column].generated == Generated::virtually;
    if (rank.is_plain) continue;
    rank.has_prefix = rank.has_prefix || part.prefix_length != 0;
    const bool is_null = !part.expression.empty() || table.columns[part.column].is_nullable;
    rank.can_be_null = rank.can_be_null || is_null;
  }
  return rank;
}

}  // namespace

bool has_prefixes(const ColumnType& type) {
  switch (type.kind) {
    case TypeKind::fixed_char:
    case TypeKind::var_char:
    case TypeKind::fixed_binary:
    case TypeKind::var_binary:
    case TypeKind::tiny_text:
    case TypeKind::text:
    case TypeKind::medium_text:
    case TypeKind::long_text:
    case TypeKind::tiny_blob:
    case TypeKind::blob:
    case TypeKind::medium_blob:
    case TypeKind::long_blob:
    case TypeKind::geometry:
      return true;
    default:
      return false;
  }
}

bool same_name(std::string_view a, std::string_view b) {
  return a == b || ascii_lower(a) == ascii_lower(b);
}

Error conflict(const TableDef& table, std::string_view what) {
  Evidence evidence;
  evidence.table = quoted(table.id);
  return {ErrorCode::definition_conflict, Side::source, Retry::after_operator, std::move(evidence),
          fmt::format("{}: {}", quoted(table.id), what)};
}

Result<void> settle_keys(TableDef& table, std::vector<ParsedKey> keys, const ServerRules& rules) {
  for (ParsedKey& parsed : keys) {
    for (ParsedKeyPart& part : parsed.parts)
      part.part.is_descending = part.part.is_descending && rules.keeps_descending();
  }
  drop_needless_keys(keys);
  std::vector<Key> settled;
  // Ranked one after another: a column that a primary key behind makes NOT NULL was not yet so.
  std::vector<std::pair<KeyRank, std::size_t>> ranks;
  for (ParsedKey& parsed : keys) {
    TRY(resolve_parts(table, parsed));
    Key& key = parsed.key;
    if (key.kind == KeyKind::primary) key.name = "PRIMARY";
    if (key.name.empty()) {
      const bool is_functional = key.parts.empty() || !key.parts[0].expression.empty();
      key.name = free_name(
          is_functional ? "functional_index" : table.columns[key.parts[0].column].name, settled);
    } else if (std::ranges::any_of(
                   settled, [&key](const Key& other) { return same_name(other.name, key.name); })) {
      return fail(conflict(table, fmt::format("there are two keys {}", quoted(key.name))));
    }
    ranks.emplace_back(rank_of(table, key), settled.size());
    settled.push_back(std::move(key));
  }
  std::ranges::sort(ranks);
  table.keys.clear();
  for (const auto& [rank, ordinal] : ranks) table.keys.push_back(std::move(settled[ordinal]));
  return {};
}

std::vector<ParsedKey> unsettled_keys(const TableDef& table) {
  std::vector<ParsedKey> keys;
  for (const Key& key : table.keys) {
    ParsedKey parsed;
    parsed.key = key;
    parsed.key.parts.clear();
    for (const KeyPart& part : key.parts) {
      const std::string column = part.expression.empty() ? table.columns[part.column].name : "";
      parsed.parts.push_back({column, part, 0});
    }
    keys.push_back(std::move(parsed));
  }
  return keys;
}

std::uint64_t last_foreign_key(const TableDef& table) {
  const std::string prefix = table.id.name + "_ibfk_";
  std::uint64_t last = 0;
  for (const ForeignKey& key : table.foreign_keys) {
    if (!key.name.starts_with(prefix)) continue;
    std::uint64_t number = 0;
    std::from_chars(key.name.data() + prefix.size(), key.name.data() + key.name.size(), number);
    last = std::max(last, number);
  }
  return last;
}

std::vector<ForeignKey> foreign_keys_of(const TableElements& elements, const ServerRules& rules) {
  std::vector<ForeignKey> keys = elements.foreign_keys;
  if (!rules.is_mysql_from(80000) || rules.version >= 80016) return keys;
  std::size_t ordinal = 0;
  for (const ParsedKey& parsed : elements.keys) {
    if (!parsed.key.is_implicit) continue;
    ForeignKey& key = keys[ordinal++];
    if (key.name.empty()) key.name = parsed.key.name;
  }
  return keys;
}

void name_foreign_keys(TableDef& table, std::uint64_t last) {
  for (ForeignKey& key : table.foreign_keys) {
    if (key.name.empty()) key.name = fmt::format("{}_ibfk_{}", table.id.name, ++last);
  }
}

std::string name_of_check(std::string_view check) {
  TokenCursor cursor(check);
  if (!cursor.accept("CONSTRAINT") || cursor.at("CHECK")) return {};
  return name_of(cursor.peek());
}

void settle_checks(TableDef& table, const ServerRules& rules) {
  if (!rules.keeps_checks()) {
    table.checks.clear();
    return;
  }
  std::uint64_t last = 0;
  const std::string prefix = table.id.name + "_chk_";
  for (const std::string& check : table.checks) {
    const std::string name = name_of_check(check);
    if (!name.starts_with(prefix)) continue;
    std::uint64_t number = 0;
    std::from_chars(name.data() + prefix.size(), name.data() + name.size(), number);
    last = std::max(last, number);
  }
  for (std::string& check : table.checks) {
    if (!name_of_check(check).empty()) continue;
    TokenCursor cursor(check);
    cursor.accept("CONSTRAINT");
    check = fmt::format("CONSTRAINT {} {}", quoted(fmt::format("{}{}", prefix, ++last)),
                        check.substr(cursor.peek().offset));
  }
}

}  // namespace tideway
