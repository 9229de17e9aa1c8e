#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tideway {

// What a DDL statement does, under the names by which DM's binlog event filters know it. One
// statement has one event or, for ALTER TABLE, those of each of its actions. Bundles (`all ddl`)
// and rows (`insert`) are the filter's own.
enum class DdlEvent : std::uint8_t {
  // compatible
  create_database,
  alter_database,
  create_table,
  create_index,  // ADD INDEX and ADD UNIQUE too
  create_view,
  drop_view,
  alter_table,  // an action without a name of its own
  add_table_partition,
  // incompatible
  drop_database,
  drop_table,
  truncate_table,
  rename_table,
  drop_index,
  drop_table_partition,
  truncate_table_partition,
  value_range_decrease,
  precision_decrease,
  modify_column,
  rename_column,
  rename_index,
  drop_column,
  drop_primary_key,
  drop_unique_key,
  modify_default_value,
  modify_constraint,
  modify_columns_order,
  modify_charset,
  modify_collation,
  remove_auto_increment,
  modify_storage_engine,
  reorganize_table_partition,
  rebuild_table_partition,
  coalesce_table_partition,
  split_table_partition,
  exchange_table_partition,
  modify_schema_charset_and_collate,
  modify_table_charset_and_collate,
  modify_table_comment,
  recover_table,
  alter_table_partitioning,
  remove_table_partitioning,
  add_column,
  set_default_value,
  rebase_auto_id,
  add_foreign_key,
  drop_foreign_key,
  add_primary_key,
  alter_index_visibility,
  alter_ttl_info,
  alter_ttl_remove,
  multi_schema_change,  // a filter may name it; statements have the events of their actions instead
};

// "add table partition": lower case, words with one space.
std::string_view to_text(DdlEvent event);
// The name in any case, also `create schema`, `alter schema` and `drop schema`.
std::optional<DdlEvent> parse_ddl_event(std::string_view name);
// Belongs to `incompatible ddl changes`.
bool is_incompatible(DdlEvent event);
// Every one, in the order above.
const std::vector<DdlEvent>& ddl_events();

}  // namespace tideway
