#pragma once

#include <string>
#include <string_view>

#include "sql/alter_actions.h"

namespace tideway {

// PARTITION BY … of a table after an action of ALTER TABLE. Part of track_ddl.h. Partitions of
// HASH and KEY that are named one by one, and subpartitions, stay as they were: only what CREATE
// TABLE … LIKE makes elsewhere depends on the text, and how many partitions it has decides no row.
std::string changed_partitions(std::string_view text, const ChangePartitions& change);

}  // namespace tideway
