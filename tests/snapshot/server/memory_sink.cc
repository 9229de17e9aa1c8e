#include "snapshot/server/memory_sink.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace tideway::testing {

class MemorySink::MemoryWriter : public Writer {
 public:
  explicit MemoryWriter(MemorySink& sink) : sink_(sink) {}
  Result<void> write(Block block, const std::stop_token&) override {
    sink_.write(block);
    return {};
  }
  Result<void> finish(const std::stop_token&) override { return {}; }

 private:
  MemorySink& sink_;
};

Result<std::unique_ptr<Writer>> MemorySink::open_writer(const std::stop_token&) {
  return std::make_unique<MemoryWriter>(*this);
}

Result<std::vector<StreamState>> MemorySink::streams(const TableId& table) {
  const std::scoped_lock lock(mutex_);
  std::vector<StreamState> states;
  for (auto& [ordinal, state] : streams_[table]) {
    const bool starts_over = !state.is_done && state.mark.empty() && state.digest.rows != 0;
    if (starts_over) {
      EXPECT_EQ(streams_[table].size(), 1U) << "only a table without a key has no marks";
      rows_[table].clear();
      state.digest = {};
    }
    states.push_back(state);
  }
  return states;
}

Result<void> MemorySink::plan(std::span<const Stream> streams) {
  const std::scoped_lock lock(mutex_);
  ++plans_;
  for (const Stream& stream : streams) {
    const auto [at, is_new] = streams_[stream.table].try_emplace(stream.ordinal);
    if (is_new) at->second.stream = stream;
    EXPECT_EQ(at->second.stream, stream);
  }
  return {};
}

void MemorySink::write(const Block& block) {
  const std::scoped_lock lock(mutex_);
  const Stream& stream = block.stream();
  const auto planned = streams_[stream.table].find(stream.ordinal);
  ASSERT_NE(planned, streams_[stream.table].end()) << "a stream was read before it was planned";
  StreamState& state = planned->second;
  EXPECT_FALSE(state.is_done);
  for (const Item& item : block.items()) {
    if (std::get_if<StreamEnd>(&item) != nullptr) {
      state.is_done = true;
      continue;
    }
    const Rows& rows = std::get<Rows>(item);
    RowDigester digester(rows.table, rows.after, DigestStrength::strong);
    digester.add(block, rows);
    state.digest += digester.digest();
    const auto cells = block.cells(rows);
    for (std::size_t row = 0; row < rows.row_count; ++row) {
      std::string text;
      for (const Cell& cell : cells.subspan(row * rows.cells_per_row(), rows.cells_per_row()))
        text += cell.is_null() ? "NULL|" : std::string(block.text(cell)) + "|";
      rows_[stream.table].insert(std::move(text));
    }
  }
  state.mark = block.mark();
  if (stop_ && ++blocks_ >= stop_at_) stop_->request_stop();
}

void MemorySink::stop_after(std::uint64_t blocks, std::stop_source source) {
  blocks_ = 0;
  stop_at_ = blocks;
  stop_ = std::move(source);
}

std::multiset<std::string> MemorySink::rows(const TableId& table) const {
  const std::scoped_lock lock(mutex_);
  const auto found = rows_.find(table);
  return found == rows_.end() ? std::multiset<std::string>() : found->second;
}

Digest MemorySink::digest(const TableId& table) const {
  const std::scoped_lock lock(mutex_);
  Digest sum;
  if (const auto found = streams_.find(table); found != streams_.end()) {
    for (const auto& [ordinal, state] : found->second) sum += state.digest;
  }
  return sum;
}

std::size_t MemorySink::stream_count(const TableId& table) const {
  const std::scoped_lock lock(mutex_);
  const auto found = streams_.find(table);
  return found == streams_.end() ? 0 : found->second.size();
}

bool MemorySink::is_whole(const TableId& table) const {
  const std::scoped_lock lock(mutex_);
  const auto found = streams_.find(table);
  if (found == streams_.end() || found->second.empty()) return false;
  return found->second.rbegin()->second.stream.is_last &&
         std::ranges::all_of(found->second, [](const auto& each) { return each.second.is_done; });
}

std::uint64_t MemorySink::most_rows_in_a_stream() const {
  const std::scoped_lock lock(mutex_);
  std::uint64_t most = 0;
  for (const auto& [table, streams] : streams_)
    for (const auto& [ordinal, state] : streams) most = std::max(most, state.digest.rows);
  return most;
}

std::uint64_t MemorySink::plans() const {
  const std::scoped_lock lock(mutex_);
  return plans_;
}

}  // namespace tideway::testing
