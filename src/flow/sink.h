#pragma once

#include <cstddef>
#include <memory>
#include <stop_token>

#include "base/result.h"
#include "flow/ledger.h"
#include "model/block.h"

namespace tideway {

// Takes whole streams in order. One thread.
class Writer {
 public:
  virtual ~Writer() = default;
  // May hold the block back. After an error nothing more is written by this writer; what was not
  // yet durable is as if it had never been taken.
  virtual Result<void> write(Block block, const std::stop_token& stop) = 0;
  // On return all it took is durable and recorded.
  virtual Result<void> finish(const std::stop_token& stop) = 0;
};

// Where blocks go: dump files, a target server. Any thread.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual std::size_t writers_max() const = 0;
  virtual Result<std::unique_ptr<Writer>> open_writer(const std::stop_token& stop) = 0;
  // After all writers have finished: close the manifest.
  virtual Result<void> complete(const std::stop_token& stop) = 0;
};

// A sink of streams that can be done apart, which keeps what it has of each.
class StreamSink : public Sink {
 public:
  // What it has, and where plans are written down first.
  virtual Ledger& ledger() = 0;
};

}  // namespace tideway
