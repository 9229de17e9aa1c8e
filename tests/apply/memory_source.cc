#include "apply/memory_source.h"

#include <algorithm>
#include <optional>

namespace tideway::testing {

class MemoryReader : public Reader {
 public:
  explicit MemoryReader(MemorySource& source) : source_(source) {}

  Result<std::optional<Block>> next(const std::stop_token& stop) override {
    if (stop.stop_requested()) return std::nullopt;
    if (work_ == nullptr) {
      const std::size_t index = source_.next_work_++;
      if (index >= source_.work_.size()) return std::nullopt;
      work_ = &source_.work_[index];
      digester_.emplace(work_->table->table, ColumnSet(stored_columns(*work_->table->table)),
                        source_.strength_);
    }
    const std::size_t end = std::min(work_->next + work_->table->rows_per_block, work_->end);
    const std::vector<Cells> rows(
        work_->table->rows.begin() + static_cast<std::ptrdiff_t>(work_->next),
        work_->table->rows.begin() + static_cast<std::ptrdiff_t>(end));
    Block block = block_of(source_.arbiter_, work_->stream, work_->table->table, rows);
    digester_->add(block, rows_in(block));
    work_->next = end;
    if (work_->table->has_marks) block.set_mark(std::to_string(end));
    if (end == work_->end) {
      Digest digest = digester_->digest();
      if (source_.is_lying_) ++digest.crc_sum;
      block.add_end({digest});
      work_ = nullptr;
    }
    return block;
  }

 private:
  MemorySource& source_;
  MemorySource::Work* work_ = nullptr;
  std::optional<RowDigester> digester_;
};

MemorySource::MemorySource(std::vector<MemoryTable> tables, MemoryArbiter& arbiter, Ledger& ledger,
                           DigestStrength strength)
    : tables_(std::move(tables)), arbiter_(arbiter), ledger_(ledger), strength_(strength) {}

Result<void> MemorySource::plan() {
  for (const MemoryTable& table : tables_) {
    const std::size_t size =
        table.has_marks ? table.rows_per_stream : std::max<std::size_t>(table.rows.size(), 1);
    const std::size_t count = std::max<std::size_t>((table.rows.size() + size - 1) / size, 1);
    std::vector<Stream> streams;
    for (std::size_t i = 0; i < count; ++i) {
      streams.push_back({table.table->id, i, std::to_string(i * size), i + 1 == count});
    }
    TRY(ledger_.plan(streams));
    for (const StreamState& state : TRY(ledger_.streams(table.table->id))) {
      if (state.is_done) continue;
      const std::size_t first = state.stream.ordinal * size;
      const std::size_t next = state.mark.empty() ? first : std::stoul(state.mark);
      work_.push_back({&table, std::make_shared<Stream>(state.stream), next,
                       std::min(first + size, table.rows.size())});
    }
  }
  return {};
}

Result<std::unique_ptr<Reader>> MemorySource::open_reader(const std::stop_token& /*stop*/) {
  return std::make_unique<MemoryReader>(*this);
}

}  // namespace tideway::testing
