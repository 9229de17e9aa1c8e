#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>

#include "base/result.h"
#include "model/block.h"

namespace tideway {

// Hands on the blocks of its streams, one stream after another, each in order and closed by a
// StreamEnd. One thread.
class Reader {
 public:
  virtual ~Reader() = default;
  // nullopt: this reader has no more work. After an error the reader is not asked again.
  virtual Result<std::optional<Block>> next(const std::stop_token& stop) = 0;
};

// Where blocks come from: a snapshot, a dump, a binlog. Any thread.
class Source {
 public:
  virtual ~Source() = default;
  virtual std::size_t readers_max() const = 0;
  virtual Result<std::unique_ptr<Reader>> open_reader(const std::stop_token& stop) = 0;
};

}  // namespace tideway
