#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "base/memory.h"
#include "flow/sink.h"
#include "flow/source.h"

namespace tideway {

inline Error failure(std::string text, ErrorCode code = ErrorCode::internal) {
  return {code, Side::local, Retry::never, std::move(text)};
}

inline TablePtr numbers_table() {
  auto table = std::make_shared<TableDef>();
  table->id = {"db", "t"};
  Column column;
  column.name = "n";
  column.type.kind = TypeKind::big_int;
  table->columns.push_back(column);
  return table;
}

// Hands on `streams` streams of `blocks` blocks with one row each: the row's text is its place in
// the stream.
class MemorySource final : public Source {
 public:
  MemorySource(MemoryArbiter& arbiter, std::uint64_t streams, std::uint64_t blocks)
      : arbiter_(arbiter), streams_(streams), blocks_(blocks) {}

  std::size_t most_readers = 64;
  std::uint64_t block_bytes = 64;
  // Asked before each block; an error is the reader's answer.
  std::function<Result<void>(std::uint64_t stream, std::uint64_t block)> before_block =
      [](auto, auto) { return Result<void>(); };

  std::size_t readers_max() const override { return most_readers; }
  Result<std::unique_ptr<Reader>> open_reader(const std::stop_token&) override {
    return std::unique_ptr<Reader>(std::make_unique<StreamReader>(*this));
  }

 private:
  class StreamReader final : public Reader {
   public:
    explicit StreamReader(MemorySource& source) : source_(source) {}
    Result<std::optional<Block>> next(const std::stop_token& stop) override {
      if (stop.stop_requested()) return std::nullopt;
      if (stream_ == nullptr || at_ == source_.blocks_) {
        const std::uint64_t ordinal = source_.next_++;
        if (ordinal >= source_.streams_) return std::nullopt;
        auto stream = std::make_shared<Stream>();
        stream->table = source_.table_->id;
        stream->ordinal = ordinal;
        stream_ = std::move(stream);
        at_ = 0;
      }
      TRY(source_.before_block(stream_->ordinal, at_));
      auto loan = source_.arbiter_.borrow(source_.block_bytes, stop);
      if (!loan) return std::nullopt;
      Block block(stream_, std::move(*loan));
      block.begin_rows(source_.table_, ChangeKind::insert, {}, ColumnSet({0}));
      block.add_cell(block.append(std::to_string(at_)));
      block.end_row();
      if (++at_ == source_.blocks_) block.add_end(StreamEnd{});
      return block;
    }

   private:
    MemorySource& source_;
    StreamPtr stream_;
    std::uint64_t at_ = 0;
  };

  MemoryArbiter& arbiter_;
  const std::uint64_t streams_, blocks_;
  const TablePtr table_ = numbers_table();
  std::atomic<std::uint64_t> next_ = 0;
};

// Remembers who wrote what in which order.
class MemorySink final : public StreamSink, private Ledger {
 public:
  struct Seen {
    std::map<std::uint64_t, std::vector<std::string>> rows;     // per stream, as they came
    std::map<std::uint64_t, std::set<std::size_t>> writers_of;  // per stream
    std::map<std::size_t, std::size_t> rows_of_writer;
    std::size_t writers_opened = 0, writers_finished = 0, ended = 0;
  };
  Guarded<Seen> seen;
  std::atomic<int> completions = 0;
  std::size_t most_writers = 64;
  std::function<Result<void>(const Block&, const std::stop_token&)> before_write =
      [](const Block&, const std::stop_token&) { return Result<void>(); };
  std::function<Result<void>()> before_open = [] { return Result<void>(); };

  std::size_t writers_max() const override { return most_writers; }
  Result<std::unique_ptr<Writer>> open_writer(const std::stop_token&) override {
    TRY(before_open());
    const std::size_t number = seen.with([](Seen& now) { return now.writers_opened++; });
    return std::unique_ptr<Writer>(std::make_unique<StreamWriter>(*this, number));
  }
  Result<void> complete(const std::stop_token&) override {
    ++completions;
    return {};
  }
  Ledger& ledger() override { return *this; }

 private:
  class StreamWriter final : public Writer {
   public:
    StreamWriter(MemorySink& sink, std::size_t number) : sink_(sink), number_(number) {}
    Result<void> write(Block block, const std::stop_token& stop) override {
      TRY(sink_.before_write(block, stop));
      sink_.seen.with([&](Seen& now) { record(block, now); });
      return {};
    }
    Result<void> finish(const std::stop_token&) override {
      sink_.seen.with([](Seen& now) { ++now.writers_finished; });
      return {};
    }

   private:
    void record(const Block& block, Seen& now) const {
      const std::uint64_t ordinal = block.stream().ordinal;
      now.writers_of[ordinal].insert(number_);
      for (const Item& item : block.items()) {
        const auto* rows = std::get_if<Rows>(&item);
        if (rows == nullptr) {
          ++now.ended;
          continue;
        }
        for (const Cell& cell : block.cells(*rows))
          now.rows[ordinal].emplace_back(block.text(cell));
        now.rows_of_writer[number_] += rows->row_count;
      }
    }

    MemorySink& sink_;
    const std::size_t number_;
  };

  Result<std::vector<StreamState>> streams(const TableId&) override {
    return std::vector<StreamState>();
  }
  Result<void> plan(std::span<const Stream>) override { return {}; }
};

}  // namespace tideway
