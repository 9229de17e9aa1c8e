#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "flow/sink.h"

namespace tideway::testing {

// A sink that keeps the rows of each table as text, and of each stream what a real one would: done,
// mark, digest. Survives from run to run, as a target does: what was left half written without a
// mark is emptied when the next run asks for it. It can stop a run in the middle.
class MemorySink : public StreamSink, public Ledger {
 public:
  std::size_t writers_max() const override { return 2; }
  Result<std::unique_ptr<Writer>> open_writer(const std::stop_token& stop) override;
  Result<void> complete(const std::stop_token&) override { return {}; }
  Ledger& ledger() override { return *this; }

  Result<std::vector<StreamState>> streams(const TableId& table) override;
  Result<void> plan(std::span<const Stream> streams) override;

  // Called with what was written so far, under the lock.
  void stop_after(std::uint64_t blocks, std::stop_source source);

  std::multiset<std::string> rows(const TableId& table) const;
  Digest digest(const TableId& table) const;
  std::size_t stream_count(const TableId& table) const;
  bool is_whole(const TableId& table) const;  // all streams done, the last one among them
  std::uint64_t most_rows_in_a_stream() const;
  std::uint64_t plans() const;

 private:
  class MemoryWriter;
  void write(const Block& block);
  mutable std::mutex mutex_;
  std::map<TableId, std::map<std::uint64_t, StreamState>> streams_;
  std::map<TableId, std::multiset<std::string>> rows_;
  std::uint64_t blocks_ = 0, stop_at_ = 0, plans_ = 0;
  std::optional<std::stop_source> stop_;
};

}  // namespace tideway::testing
