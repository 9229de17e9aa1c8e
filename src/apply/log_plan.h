#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "apply/key_form.h"
#include "apply/target_tables.h"
#include "base/guarded.h"
#include "base/result.h"
#include "model/block.h"
#include "sql/literal.h"

namespace tideway {

// How changed rows of one source definition, of one kind and with images of the same columns, enter
// one target table. Built once, immutable after; shared by all lanes.
class LogPlan {
 public:
  // TW501: a column is missing on the target, or is filled by no row; or the images do not name
  // their row.
  static Result<std::shared_ptr<const LogPlan>> make(const Rows& rows, TargetTable& table,
                                                     ShapePtr shape);

  static constexpr std::uint32_t none = 0xFFFFFFFF;
  struct Value {
    std::uint32_t before = none, after = none;  // its cell in each image
    std::uint32_t target = 0;                   // ordinal in the target's definition
    LiteralForm form = LiteralForm::characters;
    bool is_written = true;      // not generated there
    bool is_always_set = false;  // the server would change it by itself when it is left out
    std::string name;            // quoted
  };
  // A unique key of the target, or columns that foreign keys refer to or have.
  struct KeyPart {
    std::uint32_t before = none, after = none, prefix = 0;
    KeyForm form = KeyForm::bytes;
  };
  struct HashedKey {
    std::uint64_t seed = 0;
    bool is_identity = false;
    std::vector<KeyPart> parts;
  };

  const Column& column(const Value& value) const {
    return shape_->definition->columns[value.target];
  }
  const ShapePtr& shape() const { return shape_; }
  const TablePtr& source() const { return source_; }
  TargetTable& table() const { return *table_; }
  ChangeKind kind() const { return kind_; }
  const std::vector<Value>& values() const { return values_; }
  // Places in values() of the key that names a row; empty: all columns together do.
  const std::vector<std::uint32_t>& identity() const { return identity_; }
  const std::vector<HashedKey>& keys() const { return keys_; }
  std::size_t hashes_per_row() const { return keys_.size() * images_; }
  bool has_before() const { return kind_ != ChangeKind::insert; }
  bool has_after() const { return kind_ != ChangeKind::remove; }
  // Changes of the table wait for all before them, whatever their keys.
  bool is_chained() const { return is_chained_; }
  bool is_keyless() const { return identity_.empty(); }
  // Both images hold all columns of the source's definition.
  bool is_full() const { return is_full_; }
  bool has_other_unique_keys() const { return unique_keys_ > (is_keyless() ? 0U : 1U); }
  bool has_foreign_keys() const { return !shape_->children.empty() || !shape_->parents.empty(); }
  const std::string& table_name() const { return table_name_; }
  // Columns that the images leave out and the server would change by itself: `a`=`a`,…
  const std::string& kept() const { return kept_; }
  const std::string& column_list() const { return column_list_; }  // (`a`,`b`) of what is written

  // Appends hashes_per_row() hashes for each row, 0 for none: what a row leaves as it was needs
  // none but its identity. false: a value's equality is not known, the rows wait for all before
  // them.
  bool hash(const Block& block, const Rows& rows, std::vector<std::uint64_t>& hashes) const;

 private:
  LogPlan() = default;
  friend class LogPlanMaker;
  TablePtr source_;
  TargetTable* table_ = nullptr;
  ShapePtr shape_;
  ChangeKind kind_ = ChangeKind::insert;
  std::vector<Value> values_;
  std::vector<std::uint32_t> identity_;
  std::vector<HashedKey> keys_;
  std::size_t images_ = 1, unique_keys_ = 0;
  bool is_chained_ = false, is_full_ = true;
  std::string table_name_, column_list_, kept_;
};
using LogPlanPtr = std::shared_ptr<const LogPlan>;

// The plans of a run. Any thread.
class LogPlans {
 public:
  Result<LogPlanPtr> plan(const Rows& rows, TargetTable& table, const ShapePtr& shape);

 private:
  struct Entry {
    TablePtr source;  // keeps the key's address its own
    ShapePtr shape;
    LogPlanPtr plan;
    ChangeKind kind;
    ColumnSet before, after;
  };
  Guarded<std::unordered_multimap<const TableDef*, Entry>> plans_;
};

}  // namespace tideway
