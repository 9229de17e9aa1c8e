#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "model/stream.h"

namespace tideway {

// What a sink has of each stream, kept where the data is and changed in the same act that makes the
// data durable. A source asks it what to leave out, and writes down here what it is about to read:
// a stream's bounds are durable before its first row is. Any thread.
class Ledger {
 public:
  virtual ~Ledger() = default;
  // The streams of a table in ordinal order: planned, half written and done.
  virtual Result<std::vector<StreamState>> streams(const TableId& table) = 0;
  // Durable on return. A stream that is known already must be planned alike.
  virtual Result<void> plan(std::span<const Stream> streams) = 0;
};

}  // namespace tideway
