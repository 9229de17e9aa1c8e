#include "flow/run.h"

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "base/channel.h"
#include "base/crew.h"
#include "base/guarded.h"

namespace tideway {
namespace {

using Lane = Channel<Block>;

// Which writer has which stream. A stream leaves when its end is handed on.
class Lanes {
 public:
  Lanes(std::size_t count, std::uint64_t bytes) {
    for (std::size_t i = 0; i < count; ++i) lanes_.push_back(std::make_unique<Lane>(bytes));
    assigned_.with([count](auto& assigned) { assigned.load.resize(count); });
  }

  Lane& lane(std::size_t index) { return *lanes_[index]; }

  Lane& lane_of(const Block& block) {
    const std::pair key(block.stream().table, block.stream().ordinal);
    const bool ends = std::ranges::any_of(
        block.items(), [](const Item& item) { return std::holds_alternative<StreamEnd>(item); });
    return assigned_.with([&](Assigned& assigned) -> Lane& {
      auto found = assigned.streams.find(key);
      if (found == assigned.streams.end()) {
        const auto least = std::ranges::min_element(assigned.load);
        ++*least;
        found =
            assigned.streams.emplace(key, static_cast<std::size_t>(least - assigned.load.begin()))
                .first;
      }
      const std::size_t index = found->second;
      if (ends) {
        --assigned.load[index];
        assigned.streams.erase(found);
      }
      return *lanes_[index];
    });
  }

  void close() {
    for (auto& lane : lanes_) lane->close();
  }

 private:
  struct Assigned {
    std::map<std::pair<TableId, std::uint64_t>, std::size_t> streams;
    std::vector<std::size_t> load;  // streams open per writer
  };
  std::vector<std::unique_ptr<Lane>> lanes_;
  Guarded<Assigned> assigned_;
};

std::uint64_t ends_in(const Block& block) {
  return static_cast<std::uint64_t>(std::ranges::count_if(
      block.items(), [](const Item& item) { return std::holds_alternative<StreamEnd>(item); }));
}

class Timer {
 public:
  explicit Timer(std::atomic<std::uint64_t>& total)
      : total_(total), began_(std::chrono::steady_clock::now()) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() {
    total_ += static_cast<std::uint64_t>((std::chrono::steady_clock::now() - began_).count());
  }

 private:
  std::atomic<std::uint64_t>& total_;
  const std::chrono::steady_clock::time_point began_;
};

Result<void> read_all(Source& source, std::span<const Stage* const> stages, Lanes& lanes,
                      Gate* gate, Meter& meter, const std::stop_token& stop) {
  auto reader = TRY(source.open_reader(stop));
  Gate::Place place(gate);
  while (place.enter(stop)) {
    auto block = TRY(reader->next(stop));
    if (!block || !place.leave(stop)) break;
    for (const Stage* stage : stages) TRY(stage->pass(*block));
    meter.rows_read += block->row_count();
    meter.bytes_read += block->byte_count();
    meter.streams_read += ends_in(*block);
    Lane& lane = lanes.lane_of(*block);
    const std::uint64_t bytes = block->loan_bytes();
    const Timer timer(meter.reader_wait_ns);
    if (!lane.push(std::move(*block), bytes, stop)) break;
  }
  return {};
}

Result<void> write_all(Sink& sink, Lane& lane, Meter& meter, const std::stop_token& stop) {
  auto writer = TRY(sink.open_writer(stop));
  while (true) {
    std::optional<Block> block;
    {
      const Timer timer(meter.writer_wait_ns);
      block = lane.pop(stop);
    }
    if (!block) break;
    const std::uint64_t rows = block->row_count(), bytes = block->byte_count(),
                        ends = ends_in(*block);
    TRY(writer->write(std::move(*block), stop));
    meter.rows_written += rows;
    meter.bytes_written += bytes;
    meter.streams_written += ends;
  }
  return writer->finish(stop);
}

}  // namespace

Result<Summary> run(Source& source, std::span<const Stage* const> stages, Sink& sink,
                    const FlowOptions& options, Meter& meter, const std::stop_token& stop) {
  const std::size_t readers =
      std::clamp<std::size_t>(options.readers, 1, std::max<std::size_t>(source.readers_max(), 1));
  const std::size_t writers =
      std::clamp<std::size_t>(options.writers, 1, std::max<std::size_t>(sink.writers_max(), 1));
  Lanes lanes(writers, options.channel_bytes);
  const std::uint64_t rows_before = meter.rows_written, bytes_before = meter.bytes_written,
                      streams_before = meter.streams_written;

  Crew crew(stop);
  std::atomic<std::size_t> reading = readers;
  for (std::size_t i = 0; i < readers; ++i) {
    crew.start("reader", [&](const std::stop_token& crew_stop) -> Result<void> {
      ++meter.readers;
      auto result = read_all(source, stages, lanes, options.gate, meter, crew_stop);
      --meter.readers;
      if (--reading == 0) lanes.close();
      return result;
    });
  }
  for (std::size_t i = 0; i < writers; ++i) {
    crew.start("writer", [&, i](const std::stop_token& crew_stop) -> Result<void> {
      ++meter.writers;
      auto result = write_all(sink, lanes.lane(i), meter, crew_stop);
      --meter.writers;
      return result;
    });
  }
  auto joined = crew.join();
  // Whoever waits when the operator stops says so with TW106; for the run that is no error.
  const bool was_stopped =
      stop.stop_requested() && !joined && joined.error().code() == ErrorCode::stopped;
  if (!joined && !was_stopped) return fail(std::move(joined).error());
  const Summary summary{meter.rows_written - rows_before, meter.bytes_written - bytes_before,
                        meter.streams_written - streams_before, stop.stop_requested()};
  if (!summary.is_stopped && options.completes_sink) TRY(sink.complete(stop));
  return summary;
}

}  // namespace tideway
