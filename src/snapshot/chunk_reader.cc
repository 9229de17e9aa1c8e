#include "snapshot/chunk_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "snapshot/session_key_space.h"

namespace tideway {
namespace {

// Blocks of a table that seems to be tiny: ten thousand empty tables need not borrow a megabyte
// each.
constexpr std::uint64_t least_block_bytes = 64 << 10U;

// The order of a table that has no ordering key: its primary key's, where that is the order in
// which the rows lie. Never one that the server would have to sort for.
const Key* clustered_key(const TableDef& table) {
  for (const Key& key : table.keys) {
    const bool is_whole = std::ranges::all_of(key.parts, [](const KeyPart& part) {
      return part.expression.empty() && part.prefix_length == 0 && !part.is_descending;
    });
    if (key.kind == KeyKind::primary && is_whole) return &key;
  }
  return nullptr;
}

}  // namespace

ChunkReader::ChunkReader(Settings settings, ChunkTask task, const ListedTable& table,
                         const Key* key)
    : settings_(settings),
      task_(std::move(task)),
      table_(table),
      key_(key),
      columns_(stored_columns(*table.def)),
      digester_(table.def, columns_, settings.options.digest),
      after_(task_.after) {
  if (key_ == nullptr) return;
  for (const KeyPart& part : key_->parts) {
    const auto at = std::ranges::find(columns_, part.column);
    CHECK(at != columns_.end());
    key_cells_.push_back(static_cast<std::size_t>(at - columns_.begin()));
  }
}

std::string ChunkReader::statement() const {
  const TableDef& table = *table_.def;
  std::string list;
  for (const std::uint32_t column : columns_) {
    if (!list.empty()) list += ',';
    list += cell_expression(table.columns[column]);
  }
  if (list.empty()) list = "''";  // every column is generated: rows without cells
  std::string condition, order;
  if (key_ != nullptr) {
    const auto columns = key_columns(table, *key_);
    condition = range_condition(columns, {after_ ? *after_ : task_.range.low, task_.range.high});
    order = " ORDER BY " + key_column_list(columns);
  } else if (const Key* clustered = clustered_key(table); clustered != nullptr) {
    for (const KeyPart& part : clustered->parts)
      order += (order.empty() ? " ORDER BY " : ",") + quoted(table.columns[part.column].name);
  }
  const std::string& where = settings_.options.where;
  return fmt::format("SELECT /*!40001 SQL_NO_CACHE */ {} FROM {}{}{}", list,
                     table_reference(table, key_, where), where_clause(where, condition), order);
}

Result<bool> ChunkReader::begin(Session& session, const std::stop_token& stop) {
  rows_.reset();
  if (key_ == nullptr && rows() != 0) return false;
  rows_ = TRY(session.stream(statement(), stop));
  if (const auto expected = std::max<std::size_t>(columns_.size(), 1);
      rows_->column_count() != expected) {
    return fail(Error(ErrorCode::unexpected_answer, Side::source, Retry::never,
                      fmt::format("{} columns of {} were asked for and {} came", expected,
                                  quoted(table_.id()), rows_->column_count())));
  }
  return true;
}

Result<Block> ChunkReader::empty_block(const std::stop_token& stop) {
  const std::uint64_t most = settings_.options.block_bytes;
  const std::uint64_t guessed = table_.bytes + table_.bytes / 2;
  const std::uint64_t bytes = std::min(most, std::max(guessed, least_block_bytes));
  if (auto loan = settings_.arbiter.borrow(bytes, stop))
    return Block(task_.stream, std::move(*loan));
  if (stop.stop_requested())
    return fail(Error(ErrorCode::stopped, Side::local, Retry::never, "stopped while reading"));
  return fail(Error(ErrorCode::memory_too_small, Side::local, Retry::after_operator,
                    fmt::format("a block of {} does not fit into {} of memory", human_bytes(bytes),
                                human_bytes(settings_.arbiter.total_bytes()))));
}

Result<Block> ChunkReader::next(const std::stop_token& stop) {
  CHECK(rows_ != nullptr && !is_over_);
  Block block = TRY(empty_block(stop));
  block.begin_rows(table_.def, ChangeKind::insert, {}, columns_);
  bool has_more = true, fits = true;
  while (has_more && fits) has_more = TRY(rows_->next_row(block, fits, stop));

  const Rows& rows = std::get<Rows>(block.items().front());
  escape_documents(block, rows);
  digester_.add(block, rows);
  bytes_ += block.byte_count();
  if (key_ != nullptr && rows.row_count != 0) {
    after_ = last_key(block, rows);
    block.set_mark(to_mark(*after_));
  }
  if (!has_more) {
    is_over_ = true;
    rows_.reset();
    block.add_end({digester_.digest()});
  }
  block.end_filling();
  return block;
}

// MySQL 5.7.19 prints U+001F in JSON as it is, which no server takes back. Nothing but strings
// holds such a byte, so that its escape is what later servers print.
void ChunkReader::escape_documents(Block& block, const Rows& rows) const {
  std::string escaped;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (table_.def->columns[columns_[i]].type.kind != TypeKind::json) continue;
    for (std::size_t row = 0; row < rows.row_count; ++row) {
      const std::size_t at = row * rows.cells_per_row() + i;
      const Cell cell = block.cells(rows)[at];
      if (cell.is_null() || block.text(cell).find('\x1F') == std::string_view::npos) continue;
      escaped.clear();
      for (const char c : block.text(cell)) {
        if (c == '\x1F') {
          escaped += "\\u001f";
        } else {
          escaped += c;
        }
      }
      block.cells(rows)[at] = block.append(escaped);
    }
  }
}

KeyCells ChunkReader::last_key(const Block& block, const Rows& rows) const {
  const auto cells = block.cells(rows);
  const auto last = cells.last(rows.cells_per_row());
  KeyCells key;
  for (const std::size_t at : key_cells_) key.emplace_back(block.text(last[at]));
  return key;
}

}  // namespace tideway
