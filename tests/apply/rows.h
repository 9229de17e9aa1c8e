#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/memory.h"
#include "model/block.h"
#include "model/table_def.h"

namespace tideway::testing {

using Cells = std::vector<std::optional<std::string>>;

// The definition a CREATE TABLE says. Fails the test, and ends the process, when it cannot be read.
TablePtr table_of(std::string_view create_statement, std::string_view database = "shop");

// A block of rows of one table: all stored columns, as inserts.
Block block_of(MemoryArbiter& arbiter, const StreamPtr& stream, const TablePtr& table,
               const std::vector<Cells>& rows);
StreamPtr stream_of(const TablePtr& table, std::uint64_t ordinal = 0);
const Rows& rows_in(const Block& block);  // its first item

}  // namespace tideway::testing
