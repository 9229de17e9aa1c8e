#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "binlog/event_header.h"
#include "model/block.h"

namespace tideway {

// Changes of rows of the table whose TABLE_MAP had the same number last. Views into the event.
struct RowsEvent {
  static constexpr std::uint64_t no_table = 0x00FFFFFF;  // there are no rows, only the flags

  std::uint64_t table_id = 0;
  ChangeKind kind = ChangeKind::insert;
  bool ends_statement = false;  // forget all table numbers
  bool foreign_key_checks = true, unique_checks = true;
  std::uint64_t column_count = 0;
  // One bit a column of the table, the first the lowest: those the images hold. Empty: no image.
  std::string_view before_columns, after_columns;
  std::string_view rows;
};

// `post_header` is what the FORMAT_DESCRIPTION says of this type.
Result<RowsEvent> parse_rows_event(const EventHeader& header, std::string_view body,
                                   std::uint8_t post_header);

}  // namespace tideway
