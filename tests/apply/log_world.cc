#include "apply/log_world.h"

#include <fmt/format.h>

#include <algorithm>

#include "sql/create_table.h"

namespace tideway::testing {
namespace {

struct Made {
  const char *name, *statement;
};
constexpr Made made[] = {
    {"keyed",
     "CREATE TABLE keyed (id INT NOT NULL, u VARCHAR(20) CHARACTER SET utf8mb4 COLLATE "
     "utf8mb4_general_ci, n DECIMAL(10,2), b VARBINARY(20), at TIMESTAMP NULL DEFAULT "
     "CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, PRIMARY KEY (id), UNIQUE KEY u (u))"},
    {"pair",
     "CREATE TABLE pair (a INT NOT NULL, b VARCHAR(10) COLLATE utf8mb4_bin NOT NULL, v "
     "DOUBLE, PRIMARY KEY (a,b)) DEFAULT CHARSET=utf8mb4"},
    {"keyless",
     "CREATE TABLE keyless (id INT, t VARCHAR(10), f FLOAT) DEFAULT CHARSET=utf8mb4 "
     "COLLATE=utf8mb4_general_ci"},
    {"hot", "CREATE TABLE hot (id INT NOT NULL PRIMARY KEY, n BIGINT)"},
    {"parent",
     "CREATE TABLE parent (id INT NOT NULL PRIMARY KEY, t VARCHAR(10)) DEFAULT "
     "CHARSET=utf8mb4"},
    {"child",
     "CREATE TABLE child (id INT NOT NULL PRIMARY KEY, p INT, t VARCHAR(10), KEY p (p), "
     "CONSTRAINT child_p FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE) "
     "DEFAULT CHARSET=utf8mb4"},
};

std::string literal(const Column& column, const std::optional<std::string>& cell) {
  if (!cell) return "NULL";
  if (column.type.kind == TypeKind::var_binary) {
    std::string hex = "x'";
    for (const char c : *cell) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return hex + "'";
  }
  if (class_of(column.type) == TypeClass::number) return *cell;
  return "'" + *cell + "'";
}

std::string list(const TableDef& table, const Cells& row, std::string_view between,
                 bool is_condition) {
  std::string text;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    if (!text.empty()) text += between;
    if (!is_condition) {
      text += fmt::format("`{}`={}", column.name, literal(column, row[i]));
    } else if (!row[i]) {
      text += fmt::format("`{}` IS NULL", column.name);
    } else if (column.type.kind == TypeKind::var_char) {
      text += fmt::format("BINARY `{}`={}", column.name, literal(column, row[i]));
    } else {
      text += fmt::format("`{}`={}", column.name, literal(column, row[i]));
    }
  }
  return text;
}

std::vector<std::uint32_t> primary(const TableDef& table) {
  std::vector<std::uint32_t> columns;
  for (const Key& key : table.keys) {
    if (key.kind != KeyKind::primary) continue;
    for (const KeyPart& part : key.parts) columns.push_back(part.column);
  }
  std::ranges::sort(columns);
  return columns;
}

Cells only(const Cells& row, const ColumnSet& columns) {
  Cells cells;
  for (const std::uint32_t column : columns) cells.push_back(row[column]);
  return cells;
}

ColumnSet all(const TableDef& table) { return ColumnSet(stored_columns(table)); }

}  // namespace

std::vector<std::string> LogWorld::tables() {
  std::vector<std::string> statements;
  for (const Made& each : made) statements.emplace_back(each.statement);
  return statements;
}

LogWorld::LogWorld(const LogWorldOptions& options) : options_(options), random_(options.seed) {
  for (const Made& each : made) tables_[each.name].definition = table_of(each.statement);
  if (options.bench != 0) {
    make_bench();
    return;
  }
  for (std::size_t i = 1; i <= options.units; ++i) {
    LogUnit& unit = units_.emplace_back();
    unit.number = i;
    if (options.has_schema_changes && draw(40) == 0) {
      make_schema_change(unit);
    } else {
      make_unit(unit);
    }
  }
}

// Units of rows_per_unit changes, and no SQL for an oracle.
void LogWorld::make_bench() {
  Table& table = tables_["keyed"];
  const auto row = [](std::size_t key, std::size_t round) -> Cells {
    return {std::to_string(key), fmt::format("user{}@a.com", key), fmt::format("{}.50", round),
            std::string("\x01\x02\x03\x04", 4), std::string("2024-01-01 00:00:00")};
  };
  const std::size_t keys = options_.bench == 'h' ? 10 : options_.units * options_.rows_per_unit;
  std::size_t next = 0;
  const auto fill = [&](std::uint64_t number, std::size_t round) {
    LogUnit& unit = units_.emplace_back();
    unit.number = number;
    for (std::size_t i = 0; i < options_.rows_per_unit; ++i, ++next) {
      LogChange& change = unit.changes.emplace_back();
      change.table = table.definition;
      change.kind = round == 0 ? ChangeKind::insert : ChangeKind::update;
      change.after_columns = all(*table.definition);
      change.after = row(next % keys, options_.bench == 'h' ? next / keys : round);
      if (round == 0) continue;
      change.before_columns = all(*table.definition);
      change.before = row(next % keys, (options_.bench == 'h' ? next / keys : round) - 1);
    }
  };
  std::uint64_t number = 0;
  for (std::size_t round = 0; round < (options_.bench == 'i' ? 1U : 2U); ++round) {
    const std::size_t count =
        options_.bench == 'h' && round == 0 ? 10 / options_.rows_per_unit : options_.units;
    for (std::size_t i = 0; i < count; ++i) fill(++number, round);
  }
}

void LogWorld::make_unit(LogUnit& unit) {
  static const std::vector<std::string> plain = {"keyed", "keyed", "pair", "keyless", "hot"};
  const std::size_t count = draw(options_.rows_per_unit + 1);  // some have none
  while (unit.changes.size() < count) {
    std::string name = plain[draw(plain.size())];
    if (options_.has_cascades && draw(4) == 0) name = draw(3) == 0 ? "parent" : "child";
    if (!make_change(unit, name) && draw(4) == 0) break;
  }
}

Cells LogWorld::new_row(const std::string& name) {
  const auto key = [&] { return std::to_string(draw(static_cast<std::uint64_t>(options_.keys))); };
  const auto word = [&] { return std::string(draw(2) == 0 ? "w" : "W") + key(); };
  Cells row;
  if (name == "keyed") {
    std::optional<std::string> unique;
    if (draw(3) != 0) unique = draw(20) == 0 ? "\xC3\xA9" + key() : word();
    row = {key(), unique, fmt::format("{}.{:02}", draw(1000), draw(100)), std::string("\0x'", 3),
           fmt::format("2024-01-{:02} 00:00:0{}", 1 + draw(28), draw(10))};
  } else if (name == "pair") {
    row = {std::to_string(draw(5)), word(), fmt::format("{}.5", draw(100))};
  } else if (name == "keyless") {
    row = {std::to_string(draw(3)), draw(4) == 0 ? std::nullopt : std::optional(word()),
           std::string(draw(2) == 0 ? "0.10000000149011612" : "2.5")};
  } else if (name == "hot") {
    row = {std::to_string(draw(3)), std::to_string(draw(1000))};
  } else if (name == "parent") {
    row = {std::to_string(draw(8)), word()};
  } else {
    const auto& parents = tables_["parent"].rows;
    std::optional<std::string> parent;
    if (!parents.empty() && draw(5) != 0) parent = parents[draw(parents.size())][0];
    row = {key(), parent, word()};
  }
  while (row.size() < tables_[name].definition->columns.size())
    row.emplace_back(std::to_string(draw(10)));
  return row;
}

bool LogWorld::is_free(const Table& table, const Cells& row, const Cells* except) const {
  const TableDef& definition = *table.definition;
  const auto lower = [](std::string text) {
    for (char& c : text) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    // In utf8mb4_general_ci an accent makes no difference.
    if (text.starts_with("\xC3\xA9")) text = "e" + text.substr(2);
    return text;
  };
  return std::ranges::none_of(table.rows, [&](const Cells& other) {
    if (&other == except) return false;
    return std::ranges::any_of(definition.keys, [&](const Key& key) {
      if (key.kind != KeyKind::primary && key.kind != KeyKind::unique) return false;
      return std::ranges::all_of(key.parts, [&](const KeyPart& part) {
        const auto &one = row[part.column], &two = other[part.column];
        if (!one || !two) return false;
        const bool is_exact =
            definition.columns[part.column].type.collation != "utf8mb4_general_ci";
        return is_exact ? *one == *two : lower(*one) == lower(*two);
      });
    });
  });
}

bool LogWorld::make_change(LogUnit& unit, const std::string& name) {
  Table& table = tables_[name];
  const std::uint64_t what = draw(10);
  if (table.rows.empty() || what < 4) {
    const Cells row = new_row(name);
    if (!is_free(table, row, nullptr)) return false;
    add(unit, table, ChangeKind::insert, nullptr, &row);
    table.rows.push_back(row);
    return true;
  }
  const std::size_t at = draw(table.rows.size());
  const Cells before = table.rows[at];
  if (what < 6) {
    add(unit, table, ChangeKind::remove, &before, nullptr);
    table.rows.erase(table.rows.begin() + static_cast<std::ptrdiff_t>(at));
    if (name == "parent") {
      std::erase_if(tables_["child"].rows, [&](const Cells& row) { return row[1] == before[0]; });
    }
    return true;
  }
  Cells after = new_row(name);
  const bool keeps_key = name == "parent" || draw(4) != 0;
  if (keeps_key) {
    for (const std::uint32_t column : primary(*table.definition)) after[column] = before[column];
  }
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (draw(3) == 0) after[i] = before[i];
  }
  if (after == before || !is_free(table, after, &table.rows[at])) return false;
  add(unit, table, ChangeKind::update, &before, &after);
  table.rows[at] = after;
  return true;
}

void LogWorld::add(LogUnit& unit, Table& table, ChangeKind kind, const Cells* before,
                   const Cells* after) {
  const TableDef& definition = *table.definition;
  LogChange change;
  change.table = table.definition;
  change.kind = kind;
  const std::vector<std::uint32_t> key = primary(definition);
  if (before != nullptr) {
    change.before_columns = options_.is_minimal && !key.empty() ? ColumnSet(key) : all(definition);
    change.before = only(*before, change.before_columns);
  }
  if (after != nullptr) {
    change.after_columns = all(definition);
    if (options_.is_minimal && before != nullptr) {
      std::vector<std::uint32_t> changed;
      for (std::uint32_t i = 0; i < after->size(); ++i) {
        if ((*after)[i] != (*before)[i]) changed.push_back(i);
      }
      change.after_columns = ColumnSet(changed);
    }
    change.after = only(*after, change.after_columns);
  }
  const std::string name = "`" + definition.id.name + "`";
  if (kind == ChangeKind::insert) {
    change.sql = fmt::format("INSERT INTO {} SET {}", name, list(definition, *after, ", ", false));
  } else if (kind == ChangeKind::remove) {
    change.sql = fmt::format("DELETE FROM {} WHERE {} LIMIT 1", name,
                             list(definition, *before, " AND ", true));
  } else {
    change.sql = fmt::format("UPDATE {} SET {} WHERE {} LIMIT 1", name,
                             list(definition, *after, ", ", false),
                             list(definition, *before, " AND ", true));
  }
  unit.changes.push_back(std::move(change));
}

void LogWorld::make_schema_change(LogUnit& unit) {
  auto change = std::make_shared<SchemaChange>();
  change->session.database = "shop";
  change->session.sql_mode = 1U << 21U;
  if (draw(2) == 0) {
    Table& hot = tables_["hot"];
    change->kind = SchemaChangeKind::truncate_table;
    change->statement = "TRUNCATE TABLE hot";
    change->tables.push_back({hot.definition, hot.definition});
    hot.rows.clear();
  } else {
    Table& pair = tables_["pair"];
    auto altered = std::make_shared<TableDef>(*pair.definition);
    Column column;
    column.name = fmt::format("x{}", ++added_columns_);
    column.type.kind = TypeKind::integer;
    column.type.text = "int";
    column.default_text = "7";
    change->kind = SchemaChangeKind::alter_table;
    change->statement = fmt::format("ALTER TABLE pair ADD COLUMN {} INT DEFAULT 7", column.name);
    altered->columns.push_back(std::move(column));
    change->tables.push_back({pair.definition, altered});
    pair.definition = altered;
    for (Cells& row : pair.rows) row.emplace_back("7");
  }
  unit.change = std::move(change);
}

}  // namespace tideway::testing
