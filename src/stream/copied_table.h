#pragma once

#include <cstdint>

#include "base/result.h"
#include "binlog/log_position.h"
#include "model/unit.h"
#include "stream/log_start.h"

namespace tideway {

// Where a table that was copied stands in the log: exactly at `high`, or somewhere in (low, high].
struct CopiedTable {
  LogStart low, high;
  bool is_exact = true;
};

// A transaction of the log, as far as it is known where it begins.
struct UnitPlace {
  std::string server_uuid;  // whose file it is in
  LogPosition begin;
  std::string gtid_source;  // empty: it has no GTID
  std::uint64_t gtid_number = 0;
};

// What a copied table has of a transaction's changes to it.
enum class Overlap : std::uint8_t {
  all,   // leave them out
  some,  // or later ones of the same rows: write each row as it is to be, whatever is there
  none,  // apply them
};

// TW407 where that cannot be told: neither the server nor the GTIDs are those of the copy.
Result<Overlap> overlap_of(const CopiedTable& table, const UnitPlace& unit);

}  // namespace tideway
