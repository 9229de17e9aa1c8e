// Whole runs with several threads on each side: rows to files, and files back to rows.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>

#include "dumpfile/blocks.h"
#include "dumpfile/dump_sink.h"
#include "dumpfile/part_source.h"
#include "flow/run.h"
#include "storage/memory_storage.h"

namespace tideway {
namespace {

using testing::RowText;

constexpr std::uint64_t tables = 3, chunks = 20, rows_per_chunk = 200;

TableId table_of(std::uint64_t number) { return {"d", "t" + std::to_string(number)}; }
TablePtr definition_of(const TableId& id) {
  return testing::TableBuilder(id)
      .column("id", TypeKind::integer)
      .column("c", TypeKind::var_char)
      .make();
}

// Chunks of tables, ten rows a block; leaves out what the ledger has.
class NumberSource : public Source {
 public:
  NumberSource(Ledger& ledger, MemoryArbiter& memory) : ledger_(ledger), memory_(memory) {}
  std::size_t readers_max() const override { return 8; }
  Result<std::unique_ptr<Reader>> open_reader(const std::stop_token&) override {
    return std::make_unique<NumberReader>(*this);
  }

  std::function<void(std::uint64_t)> at_chunk;  // told of each chunk that begins

 private:
  class NumberReader : public Reader {
   public:
    explicit NumberReader(NumberSource& source) : source_(source) {}
    Result<std::optional<Block>> next(const std::stop_token& stop) override {
      while (row_ == rows_per_chunk + 1) {
        const std::uint64_t chunk = source_.next_++;
        if (chunk >= tables * chunks || stop.stop_requested()) return std::nullopt;
        TRY(begin(chunk));
      }
      if (row_ == rows_per_chunk) {
        Block last(stream_, *source_.memory_.borrow(64, stop));
        last.add_end({digest_});
        ++row_;
        return last;
      }
      std::vector<RowText> rows;
      for (int i = 0; i < 10; ++i, ++row_)
        rows.push_back(
            {std::to_string(stream_->ordinal * rows_per_chunk + row_), std::string(100, 'x')});
      Block block =
          testing::block_of(source_.memory_, stream_, definition_of(stream_->table), rows);
      digest_ += testing::digest_of(block);
      return block;
    }

   private:
    Result<void> begin(std::uint64_t number) {
      const Stream stream{table_of(number % tables), number / tables, "",
                          number / tables + 1 == chunks};
      if (source_.at_chunk) source_.at_chunk(number);
      TRY(source_.ledger_.plan(std::vector<Stream>{stream}));
      for (const StreamState& state : TRY(source_.ledger_.streams(stream.table))) {
        if (state.stream == stream && state.is_done) return {};
      }
      stream_ = std::make_shared<const Stream>(stream);
      row_ = 0;
      digest_ = {};
      return {};
    }
    NumberSource& source_;
    StreamPtr stream_;
    std::uint64_t row_ = rows_per_chunk + 1;
    Digest digest_;
  };
  Ledger& ledger_;
  MemoryArbiter& memory_;
  std::atomic<std::uint64_t> next_ = 0;
};

// Counts each row it is given.
class CountingSink : public StreamSink, private Ledger {
 public:
  std::size_t writers_max() const override { return 8; }
  Result<std::unique_ptr<Writer>> open_writer(const std::stop_token&) override {
    return std::make_unique<CountingWriter>(*this);
  }
  Result<void> complete(const std::stop_token&) override { return {}; }
  Ledger& ledger() override { return *this; }
  std::map<std::pair<TableId, std::string>, int> rows;
  std::mutex mutex;

 private:
  class CountingWriter : public Writer {
   public:
    explicit CountingWriter(CountingSink& sink) : sink_(sink) {}
    Result<void> write(Block block, const std::stop_token&) override {
      const std::scoped_lock lock(sink_.mutex);
      for (const Item& item : block.items()) {
        const auto* rows = std::get_if<Rows>(&item);
        if (rows == nullptr) continue;
        const auto cells = block.cells(*rows);
        for (std::size_t i = 0; i < cells.size(); i += rows->cells_per_row())
          ++sink_.rows[{rows->table->id, std::string(block.text(cells[i]))}];
      }
      return {};
    }
    Result<void> finish(const std::stop_token&) override { return {}; }

   private:
    CountingSink& sink_;
  };
  Result<std::vector<StreamState>> streams(const TableId&) override {
    return std::vector<StreamState>{};
  }
  Result<void> plan(std::span<const Stream>) override { return {}; }
};

class FlowTest : public ::testing::Test {
 protected:
  void expect_every_row_once(PartSourceOptions options) {
    const auto list = list_parts(storage_);
    ASSERT_TRUE(list) << list.error().to_line();
    CountingSink sink;
    PartSource source(
        storage_, *list, [](const TableId& id) -> Result<TablePtr> { return definition_of(id); },
        sink.ledger(), memory_, options);
    Meter meter;
    const auto summary = run(source, {}, sink, {4, 4, 1U << 20U}, meter, {});
    ASSERT_TRUE(summary) << summary.error().to_line();
    EXPECT_EQ(summary->rows, tables * chunks * rows_per_chunk);
    EXPECT_EQ(source.uncompared_parts(), 0U);
    EXPECT_EQ(sink.rows.size(), tables * chunks * rows_per_chunk);
    for (const auto& [row, count] : sink.rows) ASSERT_EQ(count, 1) << row.second;
  }
  MemoryArbiter memory_{64U << 20U};
  MemoryStorage storage_;
};

TEST_F(FlowTest, every_row_is_dumped_and_loaded_once_by_many_threads) {
  DumpFormat format;
  format.compression = Compression::snappy;
  format.file_bytes = 5000;
  const auto sink = DumpSink::open(storage_, format, "", memory_, {}).value();
  NumberSource source(sink->ledger(), memory_);
  Meter meter;
  const auto summary = run(source, {}, *sink, {4, 4, 1U << 20U}, meter, {});
  ASSERT_TRUE(summary) << summary.error().to_line();
  EXPECT_EQ(summary->rows, tables * chunks * rows_per_chunk);
  expect_every_row_once({});
  PartSourceOptions hostile;
  hostile.block_bytes = 300;  // a row a block
  expect_every_row_once(hostile);
}

TEST_F(FlowTest, a_dump_stopped_again_and_again_ends_with_every_row_once) {
  for (std::uint64_t start = 0;; ++start) {
    ASSERT_LT(start, 100U);
    const auto sink = DumpSink::open(storage_, {}, "", memory_, {}).value();
    NumberSource source(sink->ledger(), memory_);
    std::stop_source stop;
    source.at_chunk = [&](std::uint64_t chunk) {
      if (chunk == start * 7) stop.request_stop();
    };
    Meter meter;
    const auto summary = run(source, {}, *sink, {4, 3, 1U << 20U}, meter, stop.get_token());
    ASSERT_TRUE(summary) << summary.error().to_line();
    if (!summary->is_stopped) break;
    EXPECT_FALSE(storage_.files().contains("metadata"));
  }
  expect_every_row_once({});
}

}  // namespace
}  // namespace tideway
