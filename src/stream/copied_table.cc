#include "stream/copied_table.h"

#include <fmt/format.h>

namespace tideway {
namespace {

// Whether the transaction is one of those before the place. Between two transactions a place is at
// the end of one, so where a transaction begins tells.
Result<bool> is_before(const UnitPlace& unit, const LogStart& place) {
  if (place.gtids && !unit.gtid_source.empty())
    return place.gtids->contains(unit.gtid_source, unit.gtid_number);
  if (place.server_uuid == unit.server_uuid) return unit.begin < place.position;
  return fail(Error(
      ErrorCode::log_differs, Side::source, Retry::after_operator,
      fmt::format("a copy stands at {} in the log of server {}; the transaction at {} is of server "
                  "{} and has no GTID that would tell whether the copy has it",
                  place.to_text(), place.server_uuid, to_text(unit.begin), unit.server_uuid)));
}

}  // namespace

Result<Overlap> overlap_of(const CopiedTable& table, const UnitPlace& unit) {
  if (!TRY(is_before(unit, table.high))) return Overlap::none;
  if (table.is_exact) return Overlap::all;
  return TRY(is_before(unit, table.low)) ? Overlap::all : Overlap::some;
}

}  // namespace tideway
