#include "apply/log_parking.h"

#include "base/log.h"

namespace tideway {

void LogParking::take_up(TargetTables& tables) {
  for (const ParkedTable& parked : progress_.found().parked) {
    tables.table(parked.table).is_parked = true;
    entries_.with([&](auto& entries) { entries[parked.table] = {parked, true}; });
  }
}

Result<void> LogParking::park(TargetTable& table, const ShapePtr& shape,
                              const std::string& from_unit, const std::string& reason,
                              const std::stop_token& stop) {
  std::vector<TargetTable*> tables = {&table};
  if (shape) tables.insert(tables.end(), shape->descendants.begin(), shape->descendants.end());
  std::erase_if(tables, [](const TargetTable* each) { return each->is_parked.load(); });
  std::vector<ParkedTable> parked;
  for (const TargetTable* const each : tables) {
    parked.push_back(
        {each->id, from_unit,
         each == &table ? reason : "it refers to " + quoted(table.id) + ", which is parked", 0});
  }
  TRY(progress_.park(parked, stop));
  for (std::size_t i = 0; i < tables.size(); ++i) {
    LOG(warn, "a table is left out from here on and has to be copied again",
        {{"table", quoted(parked[i].table)}, {"unit", from_unit}, {"reason", parked[i].reason}});
    entries_.with([&](auto& entries) { entries.emplace(parked[i].table, Entry{parked[i], true}); });
    tables[i]->is_parked = true;
  }
  return {};
}

void LogParking::count_dropped(const TargetTable& table, std::uint64_t rows) {
  if (rows == 0) return;
  entries_.with([&](auto& entries) {
    Entry& entry = entries[table.id];
    entry.parked.dropped += rows;
    entry.is_counted = false;
  });
}

Result<void> LogParking::write_counts(const std::stop_token& stop) {
  const auto fresh = entries_.with([](auto& entries) {
    std::vector<ParkedTable> tables;
    for (auto& [id, entry] : entries) {
      if (!entry.is_counted) tables.push_back(entry.parked);
      entry.is_counted = true;
    }
    return tables;
  });
  if (fresh.empty()) return {};
  return progress_.count_dropped(fresh, stop);
}

std::vector<ParkedTable> LogParking::parked() const {
  return entries_.with([](const auto& entries) {
    std::vector<ParkedTable> tables;
    for (const auto& [id, entry] : entries) tables.push_back(entry.parked);
    return tables;
  });
}

}  // namespace tideway
