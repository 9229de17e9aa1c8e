#pragma once

#include <random>
#include <string>
#include <vector>

#include "apply/log_world.h"
#include "flow/source.h"
#include "progress/log_progress.h"

namespace tideway::testing {

inline const std::string log_origin = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

// Hands on a world's units as a log, in blocks cut at random, leaving out what the target has.
class LogMemorySource : public Source {
 public:
  LogMemorySource(const LogWorld& world, MemoryArbiter& arbiter, OriginNames& names,
                  const LogState& found, std::uint64_t seed, std::size_t rows_per_block);
  std::size_t readers_max() const override { return 1; }
  Result<std::unique_ptr<Reader>> open_reader(const std::stop_token& stop) override;

 private:
  friend class LogMemoryReader;
  const std::vector<LogUnit>& units_;
  MemoryArbiter& arbiter_;
  const std::uint32_t origin_;
  const LogState found_;
  const std::uint64_t seed_;
  const std::size_t rows_per_block_;
};

// All of a log up to this unit, as the position of a base.
std::string memory_position(const UnitEnd& last, const UnitSet& units);

}  // namespace tideway::testing
