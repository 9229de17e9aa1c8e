#pragma once

#include <atomic>
#include <cstdint>

namespace tideway {

// What a run has done so far, for the status block. Written by run() per block, read by anybody;
// each figure only grows.
struct Meter {
  std::atomic<std::uint64_t> rows_read = 0, bytes_read = 0;  // handed on by readers
  std::atomic<std::uint64_t> rows_written = 0,
                             bytes_written = 0;  // taken by writers and returned from write()
  std::atomic<std::uint64_t> streams_read = 0, streams_written = 0;
  std::atomic<std::uint64_t> reader_wait_ns = 0;  // readers waiting for writers: the sink limits
  std::atomic<std::uint64_t> writer_wait_ns = 0;  // writers waiting for readers: the source limits
  std::atomic<std::uint32_t> readers = 0, writers = 0;  // now running
};

}  // namespace tideway
