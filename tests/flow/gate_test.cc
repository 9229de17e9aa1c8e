#include "flow/gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/crew.h"
#include "flow/run.h"
#include "flow/worlds.h"

namespace tideway {
namespace {

using std::chrono::milliseconds;

const std::stop_token never;

FlowOptions crew_of(std::size_t readers, Gate& gate) {
  FlowOptions options;
  options.readers = readers;
  options.writers = 2;
  options.gate = &gate;
  return options;
}

// Waits until it holds; false: it did not within ten seconds.
template <typename Holds>
bool comes_true(Holds holds) {
  const Instant give_up = real_clock().now() + std::chrono::seconds(10);
  while (!holds()) {
    if (real_clock().now() > give_up) return false;
    real_clock().wait(milliseconds(1), never);
  }
  return true;
}

// A run beside the test, which pauses and resumes it.
struct Running {
  explicit Running(Gate& gate, std::size_t readers = 4) : options(crew_of(readers, gate)) {}
  ~Running() { stop.request_stop(); }
  void start() {
    crew.start("run", [this](const std::stop_token&) -> Result<void> {
      summary = TRY(run(source, {}, sink, options, meter, stop.get_token()));
      is_over = true;
      return {};
    });
  }
  std::size_t rows_at_sink() {
    return sink.seen.with([](const MemorySink::Seen& seen) {
      std::size_t rows = 0;
      for (const auto& [writer, count] : seen.rows_of_writer) rows += count;
      return rows;
    });
  }

  FlowOptions options;
  MemoryArbiter arbiter{1 << 20};
  MemorySource source{arbiter, 200, 50};
  MemorySink sink;
  Meter meter;
  Summary summary;
  std::atomic<bool> is_over = false;
  std::stop_source stop;
  Crew crew{std::stop_token{}};
};

TEST(Gate, lets_everybody_pass_until_somebody_is_asked_to_wait) {
  Gate gate;
  Gate::Place place(&gate);
  EXPECT_TRUE(place.enter(never));
  EXPECT_TRUE(place.leave(never));
  EXPECT_FALSE(gate.is_paused());
  Gate::Place without(nullptr);
  EXPECT_TRUE(without.enter(never) && without.leave(never));
}

TEST(Gate, nothing_is_handed_on_while_the_job_is_paused_and_all_of_it_afterwards) {
  Gate gate;
  Running running(gate);
  running.source.before_block = [&gate](std::uint64_t stream, std::uint64_t block) {
    if (stream == 100 && block == 10) gate.pause();
    return Result<void>();
  };
  running.start();
  ASSERT_TRUE(comes_true([&] { return gate.is_paused(); }));
  EXPECT_TRUE(gate.is_standing());
  // What was handed on is still written.
  ASSERT_TRUE(comes_true([&] { return running.meter.rows_written == running.meter.rows_read; }));
  const std::size_t rows = running.rows_at_sink();
  EXPECT_LT(rows, 200U * 50U);
  real_clock().wait(milliseconds(50), never);
  EXPECT_EQ(running.rows_at_sink(), rows);
  EXPECT_FALSE(running.is_over);
  gate.resume();
  ASSERT_TRUE(comes_true([&] { return running.is_over.load(); }));
  EXPECT_EQ(running.rows_at_sink(), 200U * 50U);
  EXPECT_FALSE(gate.is_standing());
}

TEST(Gate, a_block_that_was_being_read_when_the_job_was_paused_waits_in_hand) {
  Gate gate;
  Running running(gate, 1);
  running.source.before_block = [&gate](std::uint64_t stream, std::uint64_t block) {
    if (stream == 0 && block == 3) gate.pause();  // the reader is in the middle of it
    return Result<void>();
  };
  running.start();
  ASSERT_TRUE(comes_true([&] { return gate.is_paused(); }));
  ASSERT_TRUE(comes_true([&] { return running.rows_at_sink() == 3; }));
  real_clock().wait(milliseconds(30), never);
  EXPECT_EQ(running.rows_at_sink(), 3U);
}

TEST(Gate, a_paused_run_is_stopped_at_once) {
  Gate gate;
  gate.pause();
  Running running(gate);
  running.start();
  ASSERT_TRUE(comes_true([&] { return gate.is_standing(); }));
  running.stop.request_stop();
  ASSERT_TRUE(comes_true([&] { return running.is_over.load(); }));
  EXPECT_TRUE(running.summary.is_stopped);
  EXPECT_EQ(running.rows_at_sink(), 0U);
}

TEST(Gate, no_more_readers_read_at_a_time_than_are_allowed) {
  // One slice for the whole test: nobody's turn ends in the middle of a block.
  Gate gate(std::chrono::hours(1));
  gate.allow(3);
  gate.throttle(2);
  EXPECT_EQ(gate.allowed(), 2U);
  Running running(gate, 6);
  std::atomic<int> now = 0, most = 0;
  running.source.before_block = [&](std::uint64_t, std::uint64_t) {
    const int here = ++now;
    int seen = most;
    while (here > seen && !most.compare_exchange_weak(seen, here)) {
    }
    real_clock().wait(std::chrono::microseconds(20), never);
    --now;
    return Result<void>();
  };
  running.start();
  ASSERT_TRUE(comes_true([&] { return running.is_over.load(); }));
  EXPECT_EQ(running.rows_at_sink(), 200U * 50U);
  EXPECT_LE(most, 2);
}

TEST(Gate, readers_take_turns_so_that_none_waits_for_good) {
  Gate gate(milliseconds(1));
  gate.allow(1);
  Running running(gate, 4);
  // Nobody gets on until all four have read a block: as a snapshot is renewed.
  Guarded<std::set<std::uint64_t>> streams;
  running.source.before_block = [&](std::uint64_t stream, std::uint64_t block) -> Result<void> {
    const std::size_t begun = streams.with([stream](auto& seen) {
      seen.insert(stream);
      return seen.size();
    });
    if (block != 1 || begun > 4) return {};
    if (!comes_true([&] { return streams.with([](auto& seen) { return seen.size() >= 4; }); }))
      return fail(failure("a reader was never let through"));
    return {};
  };
  running.start();
  ASSERT_TRUE(comes_true([&] { return running.is_over.load(); }));
  EXPECT_EQ(running.rows_at_sink(), 200U * 50U);
}

TEST(Gate, a_reader_that_is_done_gives_its_place_to_another) {
  Gate gate(std::chrono::hours(1));
  gate.allow(1);
  auto first = std::make_unique<Gate::Place>(&gate);
  Gate::Place second(&gate);
  std::stop_source stop;
  std::atomic<bool> is_through = false;
  Crew crew{std::stop_token{}};
  crew.start("second", [&](const std::stop_token&) -> Result<void> {
    is_through = second.enter(stop.get_token());
    return {};
  });
  EXPECT_TRUE(first->enter(never));
  first.reset();
  EXPECT_TRUE(comes_true([&] { return is_through.load(); }));
  stop.request_stop();
}

}  // namespace
}  // namespace tideway
