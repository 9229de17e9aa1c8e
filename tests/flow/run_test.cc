#include "flow/run.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "flow/worlds.h"

namespace tideway {
namespace {

const std::stop_token never;
constexpr std::uint64_t tiny_channel = 4096;

FlowOptions crew_of(std::size_t readers, std::size_t writers,
                    std::uint64_t channel_bytes = tiny_channel) {
  FlowOptions options;
  options.readers = readers;
  options.writers = writers;
  options.channel_bytes = channel_bytes;
  return options;
}

// Every stream came whole, in order, to one writer.
void expect_all(const MemorySink& sink, std::uint64_t streams, std::uint64_t blocks) {
  sink.seen.with([&](const MemorySink::Seen& seen) {
    ASSERT_EQ(seen.rows.size(), streams);
    EXPECT_EQ(seen.ended, streams);
    for (const auto& [ordinal, rows] : seen.rows) {
      ASSERT_EQ(rows.size(), blocks) << ordinal;
      for (std::uint64_t i = 0; i < blocks; ++i) EXPECT_EQ(rows[i], std::to_string(i)) << ordinal;
      EXPECT_EQ(seen.writers_of.at(ordinal).size(), 1U) << ordinal;
    }
    EXPECT_EQ(seen.writers_finished, seen.writers_opened);
  });
}

struct Shape {
  std::size_t readers, writers;
  std::uint64_t channel_bytes;
};

class Shapes : public ::testing::TestWithParam<Shape> {};

TEST_P(Shapes, all_blocks_of_a_stream_go_to_one_writer_in_order) {
  const auto [readers, writers, channel_bytes] = GetParam();
  MemoryArbiter arbiter(64 * 200);
  MemorySource source(arbiter, 100, 30);
  MemorySink sink;
  Meter meter;
  const auto summary =
      run(source, {}, sink, crew_of(readers, writers, channel_bytes), meter, never);
  ASSERT_TRUE(summary.has_value()) << summary.error().to_line();
  expect_all(sink, 100, 30);
  EXPECT_EQ(summary->rows, 3000U);
  EXPECT_EQ(summary->streams, 100U);
  EXPECT_FALSE(summary->is_stopped);
  EXPECT_EQ(sink.completions, 1);
  EXPECT_EQ(arbiter.used_bytes(), 0U);
  EXPECT_EQ(meter.readers + meter.writers, 0U);
}

INSTANTIATE_TEST_SUITE_P(HostileSettings, Shapes,
                         ::testing::Values(Shape{1, 1, tiny_channel}, Shape{1, 1, 1},
                                           Shape{8, 1, tiny_channel}, Shape{1, 8, tiny_channel},
                                           Shape{8, 8, tiny_channel}, Shape{16, 3, 64},
                                           Shape{3, 16, 1}),
                         [](const auto& shape) {
                           return std::to_string(shape.param.readers) + "_readers_" +
                                  std::to_string(shape.param.writers) + "_writers_" +
                                  std::to_string(shape.param.channel_bytes) + "_bytes";
                         });

TEST(Run, never_uses_more_than_source_and_sink_can_take) {
  MemoryArbiter arbiter(1 << 20);
  MemorySource source(arbiter, 10, 10);
  source.most_readers = 1;
  MemorySink sink;
  sink.most_writers = 2;
  Meter meter;
  ASSERT_TRUE(run(source, {}, sink, crew_of(8, 8), meter, never).has_value());
  sink.seen.with([](const auto& seen) { EXPECT_EQ(seen.writers_opened, 2U); });
  expect_all(sink, 10, 10);
}

TEST(Run, an_empty_source_still_completes_the_sink) {
  MemoryArbiter arbiter(1 << 20);
  MemorySource source(arbiter, 0, 1);
  MemorySink sink;
  Meter meter;
  const auto summary = run(source, {}, sink, crew_of(4, 4), meter, never);
  ASSERT_TRUE(summary.has_value());
  EXPECT_EQ(summary->rows, 0U);
  EXPECT_EQ(sink.completions, 1);
  sink.seen.with([](const auto& seen) { EXPECT_EQ(seen.writers_finished, 4U); });
}

TEST(Run, leaves_the_sink_open_when_more_is_to_come) {
  MemoryArbiter arbiter(1 << 20);
  MemorySource source(arbiter, 2, 2);
  MemorySink sink;
  Meter meter;
  auto options = crew_of(1, 1);
  options.completes_sink = false;
  ASSERT_TRUE(run(source, {}, sink, options, meter, never).has_value());
  EXPECT_EQ(sink.completions, 0);
}

TEST(Run, the_meter_goes_on_over_runs_and_the_summary_counts_one) {
  MemoryArbiter arbiter(1 << 20);
  Meter meter;
  for (unsigned i = 1; i <= 2; ++i) {
    MemorySource source(arbiter, 3, 5);
    MemorySink sink;
    const auto summary = run(source, {}, sink, crew_of(2, 2), meter, never);
    EXPECT_EQ(summary->rows, 15U);
    EXPECT_EQ(meter.rows_written, 15U * i);
    EXPECT_EQ(meter.rows_read, meter.rows_written);
    EXPECT_EQ(meter.bytes_read, meter.bytes_written);
    EXPECT_EQ(meter.streams_written, 3U * i);
  }
}

TEST(Run, a_readers_error_stops_everyone_and_is_the_result) {
  MemoryArbiter arbiter(64 * 100);
  MemorySource source(arbiter, 1000, 50);
  source.before_block = [](std::uint64_t stream, std::uint64_t block) -> Result<void> {
    if (stream == 7 && block == 3) return fail(failure("reading stream 7"));
    return {};
  };
  MemorySink sink;
  Meter meter;
  const auto result = run(source, {}, sink, crew_of(4, 4), meter, never);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().message(), "reading stream 7");
  EXPECT_EQ(sink.completions, 0) << "a sink that misses rows is never completed";
  EXPECT_EQ(arbiter.used_bytes(), 0U);
}

TEST(Run, a_writers_error_frees_readers_that_wait_for_it) {
  MemoryArbiter arbiter(64 * 20);  // so little that readers wait for memory too
  MemorySource source(arbiter, 100, 50);
  MemorySink sink;
  sink.before_write = [](const Block& block, const std::stop_token&) -> Result<void> {
    if (block.stream().ordinal == 5) return fail(failure("writing stream 5"));
    return {};
  };
  Meter meter;
  const auto result = run(source, {}, sink, crew_of(8, 2, 64), meter, never);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().message(), "writing stream 5");
  EXPECT_EQ(sink.completions, 0);
  EXPECT_EQ(arbiter.used_bytes(), 0U);
}

TEST(Run, a_writer_that_cannot_be_opened_ends_the_run) {
  MemoryArbiter arbiter(64 * 20);
  MemorySource source(arbiter, 100, 50);
  MemorySink sink;
  std::atomic<int> opened = 0;
  sink.before_open = [&opened]() -> Result<void> {
    if (++opened == 3) return fail(failure("no third writer"));
    return {};
  };
  Meter meter;
  const auto result = run(source, {}, sink, crew_of(4, 4), meter, never);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().message(), "no third writer");
}

class FailingStage final : public Stage {
 public:
  Result<void> pass(Block&) const override { return fail(failure("stage")); }
};

// Appends its text to every cell.
class AppendingStage final : public Stage {
 public:
  explicit AppendingStage(std::string text) : text_(std::move(text)) {}
  Result<void> pass(Block& block) const override {
    for (Item& item : block.items()) {
      auto* rows = std::get_if<Rows>(&item);
      if (rows == nullptr) continue;
      for (Cell& cell : block.cells(*rows))
        cell = block.append(std::string(block.text(cell)) + text_);
    }
    return {};
  }

 private:
  const std::string text_;
};

TEST(Run, stages_pass_every_block_in_their_order) {
  MemoryArbiter arbiter(1 << 20);
  MemorySource source(arbiter, 3, 4);
  MemorySink sink;
  Meter meter;
  const AppendingStage first("a"), second("b");
  const std::vector<const Stage*> stages = {&first, &second};
  ASSERT_TRUE(run(source, stages, sink, crew_of(2, 2), meter, never).has_value());
  sink.seen.with([](const auto& seen) {
    EXPECT_EQ(seen.rows.at(1), (std::vector<std::string>{"0ab", "1ab", "2ab", "3ab"}));
  });
}

TEST(Run, a_stages_error_is_the_result) {
  MemoryArbiter arbiter(1 << 20);
  MemorySource source(arbiter, 3, 4);
  MemorySink sink;
  Meter meter;
  const FailingStage stage;
  const std::vector<const Stage*> stages = {&stage};
  const auto result = run(source, stages, sink, crew_of(2, 2), meter, never);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().message(), "stage");
}

TEST(Run, being_stopped_is_no_error_and_writers_finish_what_they_took) {
  MemoryArbiter arbiter(64 * 100);
  MemorySource source(arbiter, 1'000'000, 5);
  MemorySink sink;
  std::stop_source stop;
  std::atomic<int> written = 0;
  sink.before_write = [&](const Block&, const std::stop_token&) -> Result<void> {
    if (++written == 500) stop.request_stop();
    return {};
  };
  Meter meter;
  const auto summary = run(source, {}, sink, crew_of(4, 4), meter, stop.get_token());
  ASSERT_TRUE(summary.has_value()) << summary.error().to_line();
  EXPECT_TRUE(summary->is_stopped);
  EXPECT_EQ(sink.completions, 0);
  sink.seen.with([](const auto& seen) {
    EXPECT_EQ(seen.writers_finished, 4U);
    for (const auto& [ordinal, rows] : seen.rows) {
      for (std::size_t i = 0; i < rows.size(); ++i) {
        EXPECT_EQ(rows[i], std::to_string(i)) << "a prefix of the stream, nothing left out";
      }
    }
  });
  EXPECT_EQ(arbiter.used_bytes(), 0U);
}

TEST(Run, a_wait_that_was_stopped_is_an_error_only_when_nobody_asked_for_the_stop) {
  for (const bool operator_stops : {true, false}) {
    MemoryArbiter arbiter(64 * 100);
    MemorySource source(arbiter, 1000, 5);
    MemorySink sink;
    std::stop_source stop;
    sink.before_write = [&](const Block&, const std::stop_token& token) -> Result<void> {
      if (operator_stops) {
        stop.request_stop();
        EXPECT_FALSE(real_clock().wait(std::chrono::seconds(60), token));
      }
      return fail(failure("stopped while writing", ErrorCode::stopped));
    };
    Meter meter;
    const auto summary = run(source, {}, sink, crew_of(2, 2), meter, stop.get_token());
    ASSERT_EQ(summary.has_value(), operator_stops);
    EXPECT_TRUE(!operator_stops || summary->is_stopped);
    EXPECT_EQ(sink.completions, 0);
  }
}

TEST(Run, another_error_is_the_result_also_after_a_stop) {
  MemoryArbiter arbiter(64 * 100);
  MemorySource source(arbiter, 1000, 5);
  MemorySink sink;
  std::stop_source stop;
  sink.before_write = [&](const Block&, const std::stop_token&) -> Result<void> {
    stop.request_stop();
    return fail(failure("the disk is gone"));
  };
  Meter meter;
  const auto result = run(source, {}, sink, crew_of(2, 2), meter, stop.get_token());
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().message(), "the disk is gone");
}

TEST(Run, who_waits_for_whom_is_metered) {
  MemoryArbiter arbiter(64 * 1000);
  MemorySource source(arbiter, 4, 50);
  MemorySink sink;
  sink.before_write = [](const Block&, const std::stop_token& stop) -> Result<void> {
    static_cast<void>(real_clock().wait(std::chrono::milliseconds(1), stop));
    return {};
  };
  Meter meter;
  ASSERT_TRUE(run(source, {}, sink, crew_of(2, 2, 64), meter, never).has_value());
  EXPECT_GT(meter.reader_wait_ns, meter.writer_wait_ns) << "the slow writers are what limits";
}

}  // namespace
}  // namespace tideway
