#pragma once

#include "base/result.h"
#include "model/block.h"

namespace tideway {

// Edits a block in place: drops rows, renames tables, changes cells. Any thread.
class Stage {
 public:
  virtual ~Stage() = default;
  virtual Result<void> pass(Block& block) const = 0;
};

}  // namespace tideway
