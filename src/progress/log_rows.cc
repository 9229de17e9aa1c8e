#include "progress/log_rows.h"

#include <fmt/format.h>

#include "model/unit.h"
#include "progress/meta_tables.h"

namespace tideway {
namespace {

Result<bool> has_log_tables(Session& session, const std::stop_token& stop) {
  const auto found = TRY(session.query(
      "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'tideway_meta' AND TABLE_NAME "
      "IN ('log', 'lane', 'standing', 'definition', 'ddl', 'parked')",
      stop));
  return found.rows.size() == log_tables().size();
}

}  // namespace

Result<void> take_lanes(const MetaSession& control, std::uint64_t epoch, Session& session,
                        const std::stop_token& stop) {
  if (!TRY(has_log_tables(session, stop))) return {};
  const auto owned = TRY(session.query_value(
      fmt::format("SELECT epoch FROM tideway_meta.base WHERE {} FOR UPDATE", control.where_job()),
      stop));
  if (owned != std::to_string(epoch)) return fail(control.fenced());
  const auto log = TRY(session.query(
      fmt::format("SELECT units FROM tideway_meta.log WHERE {} FOR UPDATE", control.where_job()),
      stop));
  const auto lanes = TRY(session.query(
      fmt::format("SELECT done FROM tideway_meta.lane WHERE {} FOR UPDATE", control.where_job()),
      stop));
  OriginNames names;
  UnitSet units;
  if (!log.rows.empty()) units = TRY(UnitSet::parse(log.rows[0][0].value_or(""), names));
  for (const auto& lane : lanes.rows) units.add(TRY(UnitSet::parse(lane[0].value_or(""), names)));
  TRY(session.execute(fmt::format("UPDATE tideway_meta.log SET units = {} WHERE {}",
                                  meta_bytes(units.to_text(names)), control.where_job()),
                      stop));
  TRY(session.execute(fmt::format("UPDATE tideway_meta.lane SET epoch = {}, done = '' WHERE {}",
                                  epoch, control.where_job()),
                      stop));
  return {};
}

Result<void> forget_log(const MetaSession& control, Session& session, const std::stop_token& stop) {
  if (!TRY(has_log_tables(session, stop))) return {};
  for (const char* table : {"log", "standing", "definition", "ddl", "parked"}) {
    TRY(session.execute(
        fmt::format("DELETE FROM tideway_meta.{} WHERE {}", table, control.where_job()), stop));
  }
  TRY(session.execute(
      fmt::format("UPDATE tideway_meta.lane SET done = '', piece_unit = '', piece_rows = 0 "
                  "WHERE {}",
                  control.where_job()),
      stop));
  return {};
}

}  // namespace tideway
