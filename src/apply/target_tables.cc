#include "apply/target_tables.h"

#include <algorithm>
#include <optional>
#include <set>
#include <span>

#include "apply/table_maker.h"
#include "base/text.h"

namespace tideway {
namespace {

bool acts(const std::string& rule) {
  return rule == "CASCADE" || rule == "SET NULL" || rule == "SET DEFAULT";
}

// Everything that can be reached over the edges; `step` gives the other end, or nullptr.
template <typename Step>
std::vector<TargetTable*> reach(TargetTable& from, const std::vector<ForeignKeyEdge>& edges,
                                Step step) {
  std::set<TargetTable*> seen = {&from};
  std::vector<TargetTable*> found, work = {&from};
  while (!work.empty()) {
    TargetTable* const at = work.back();
    work.pop_back();
    for (const ForeignKeyEdge& edge : edges) {
      TargetTable* const next = step(edge, at);
      if (next == nullptr || !seen.insert(next).second) continue;
      found.push_back(next);
      work.push_back(next);
    }
  }
  return found;
}

}  // namespace

TableId TargetTables::folded(const TableId& id) const {
  if (!folds_names_) return id;
  return {ascii_lower(id.database), ascii_lower(id.name)};
}

TargetTables::Known& TargetTables::known(const TableId& id) {
  Known& found = known_[folded(id)];
  if (!found.table) found.table = std::make_unique<TargetTable>(id, next_ordinal_++);
  return found;
}

TargetTable& TargetTables::table(const TableId& id) {
  const std::scoped_lock lock(mutex_);
  return *known(id).table;
}

std::vector<TargetTable*> TargetTables::tables_of(const std::string& database) {
  const std::scoped_lock lock(mutex_);
  std::vector<TargetTable*> tables;
  const std::string name = folds_names_ ? ascii_lower(database) : database;
  for (auto& [id, entry] : known_) {
    if (id.database == name) tables.push_back(entry.table.get());
  }
  return tables;
}

Result<ShapePtr> TargetTables::shape(TargetTable& table, const std::stop_token& stop) {
  const std::scoped_lock lock(mutex_);
  if (known(table.id).changes_to_come != 0) return ShapePtr();
  return ask(table, stop);
}

Result<ShapePtr> TargetTables::shape_now(TargetTable& table, const std::stop_token& stop) {
  const std::scoped_lock lock(mutex_);
  return ask(table, stop);
}

Result<ShapePtr> TargetTables::ask(TargetTable& table, const std::stop_token& stop) {
  if (!has_edges_) TRY(ask_foreign_keys(stop));
  Known& entry = known(table.id);
  if (entry.shape && entry.edges_version == edges_version_) return entry.shape;
  auto shape = std::make_shared<TargetShape>();
  join(table, *shape);
  if (entry.shape) {
    shape->definition = entry.shape->definition;
    // Who has no foreign keys keeps its shape, and with it the plans that were made for it.
    const bool had_none = entry.shape->relatives.empty() && entry.shape->parents.empty();
    if (had_none && shape->relatives.empty() && shape->parents.empty()) shape.reset();
  } else {
    const auto look = [&](Session& session) -> Result<void> {
      shape->definition = TRY(look_for_table(session, table.id, stop)).definition;
      return {};
    };
    TRY(control_.outside_transaction(look, stop));
  }
  if (shape) entry.shape = std::move(shape);
  entry.edges_version = edges_version_;
  return entry.shape;
}

void TargetTables::join(TargetTable& table, TargetShape& shape) const {
  for (const ForeignKeyEdge& edge : edges_) {
    if (edge.child == &table) shape.parents.push_back(edge);
    if (edge.parent == &table) shape.children.push_back(edge);
  }
  if (shape.parents.empty() && shape.children.empty()) return;
  const auto other_end = [](const ForeignKeyEdge& edge, TargetTable* at) -> TargetTable* {
    if (edge.child == at) return edge.parent;
    return edge.parent == at ? edge.child : nullptr;
  };
  const auto child = [](const ForeignKeyEdge& edge, TargetTable* at) {
    return edge.parent == at ? edge.child : nullptr;
  };
  const auto cascaded_child = [](const ForeignKeyEdge& edge, TargetTable* at) {
    return edge.parent == at && edge.cascades ? edge.child : nullptr;
  };
  shape.relatives = reach(table, edges_, other_end);
  shape.descendants = reach(table, edges_, child);
  shape.cascaded = reach(table, edges_, cascaded_child);
  // A table that cascades into itself is its own descendant.
  const bool is_own = std::ranges::any_of(shape.children, [&](const ForeignKeyEdge& edge) {
    return edge.child == &table && edge.cascades;
  });
  if (is_own) shape.cascaded.push_back(&table);
}

Result<void> TargetTables::ask_foreign_keys(const std::stop_token& stop) {
  const auto rows = TRY(control_.read(
      "SELECT k.CONSTRAINT_SCHEMA, k.CONSTRAINT_NAME, k.TABLE_NAME, k.COLUMN_NAME, "
      "k.REFERENCED_TABLE_SCHEMA, k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME, "
      "r.DELETE_RULE, r.UPDATE_RULE FROM information_schema.KEY_COLUMN_USAGE k JOIN "
      "information_schema.REFERENTIAL_CONSTRAINTS r ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA "
      "AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME WHERE "
      "k.REFERENCED_TABLE_NAME IS NOT NULL ORDER BY k.CONSTRAINT_SCHEMA, k.TABLE_NAME, "
      "k.CONSTRAINT_NAME, k.ORDINAL_POSITION",
      stop));
  std::vector<ForeignKeyEdge> edges;
  std::optional<std::vector<std::string>> last;
  for (const auto& row : rows.rows) {
    const auto text = [&](std::size_t at) { return row[at].value_or(""); };
    std::vector<std::string> name = {text(0), text(1), text(2)};
    if (last != name) {
      ForeignKeyEdge edge;
      edge.child = known({text(0), text(2)}).table.get();
      edge.parent = known({text(4), text(5)}).table.get();
      edge.cascades = acts(text(7)) || acts(text(8));
      edges.push_back(std::move(edge));
      last = std::move(name);
    }
    edges.back().columns.push_back(text(3));
    edges.back().referenced_columns.push_back(text(6));
  }
  edges_ = std::move(edges);
  has_edges_ = true;
  ++edges_version_;
  return {};
}

void TargetTables::begin_change(std::span<TargetTable* const> tables) {
  const std::scoped_lock lock(mutex_);
  for (TargetTable* const table : tables) ++known(table->id).changes_to_come;
}

void TargetTables::end_change(std::span<TargetTable* const> tables) {
  const std::scoped_lock lock(mutex_);
  for (TargetTable* const table : tables) {
    Known& entry = known(table->id);
    --entry.changes_to_come;
    entry.shape.reset();
  }
  has_edges_ = false;
}

}  // namespace tideway
