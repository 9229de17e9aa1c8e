#pragma once

#include <span>
#include <vector>

#include "model/block.h"
#include "route/router.h"

namespace tideway {

// Some rows of a block, the definition they are to have, and the values that go behind each of
// their images.
struct Widening {
  Rows* rows = nullptr;
  TablePtr table;
  const std::vector<ConstantColumn>* constants = nullptr;
};

// All rows that the block still has must be named: its cells are written anew, once.
void widen(Block& block, std::span<const Widening> widenings);

}  // namespace tideway
