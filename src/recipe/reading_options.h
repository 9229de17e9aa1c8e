#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/option_table.h"
#include "model/common_options.h"
#include "recipe/round_reader.h"
#include "snapshot/consistent_point.h"

namespace tideway::recipe {

// How a source is read, whatever becomes of its rows: options of every recipe that reads one.
struct ReadingOptions {
  Consistency consistency = Consistency::automatic;
  Duration snapshot_wait = std::chrono::seconds(10);
  std::string where;
  std::uint64_t chunk_bytes = 64ULL << 20U;
  std::string source_impact = "off";  // parse_source_impact() understands it
  DigestStrength digest = DigestStrength::fast;
  static const OptionTable<ReadingOptions>& table();
};

RoundOptions round_options(const CommonOptions& common, const ReadingOptions& reading);
// The lines of a job's settings that say which rows it is about: another start must have the same.
std::string settings_of(const CommonOptions& common, const ReadingOptions& reading);

}  // namespace tideway::recipe
