#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>

#include "base/result.h"
#include "flow/gate.h"
#include "flow/meter.h"
#include "flow/sink.h"
#include "flow/source.h"
#include "flow/stage.h"

namespace tideway {

struct FlowOptions {
  std::size_t readers = 4, writers = 4;
  std::uint64_t channel_bytes = 4ULL << 20U;  // per writer
  bool completes_sink = true;  // false: more runs into the sink follow, the recipe completes it
  Gate* gate = nullptr;        // JobControl::gate(): pausing and fewer readers; nullptr: none of it
};

struct Summary {
  std::uint64_t rows = 0, bytes = 0, streams = 0;  // streams that ended
  bool is_stopped = false;                         // a stop was asked for before the source was dry
};

// Pulls every reader dry, through the stages, into the writers. All blocks of a stream go to the
// writer that got its first one; a new stream goes to the writer with the fewest streams open. The
// first error stops everyone and is the result; being stopped (TW106 after `stop`) is not an error:
// writers then finish what they took.
Result<Summary> run(Source& source, std::span<const Stage* const> stages, Sink& sink,
                    const FlowOptions& options, Meter& meter, const std::stop_token& stop);

}  // namespace tideway
