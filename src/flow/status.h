#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "base/memory.h"
#include "flow/control.h"
#include "flow/meter.h"

namespace tideway {

// How far the target is behind the log that it follows. nullopt: not known, and never shown as a
// number.
struct Lag {
  enum class Trend : std::uint8_t {
    unknown,
    caught_up,      // as good as nothing is left
    shrinking,      // `left_s` says how long still
    not_shrinking,  // at this rate it never ends
  };
  // All that was committed so long ago is in the target. 0 only where the source has just said that
  // there is nothing more.
  std::optional<std::uint64_t> ms;
  std::optional<std::uint64_t> bytes, transactions;  // of the log, behind what is durable
  bool are_transactions_estimated = false;
  Trend trend = Trend::unknown;
  std::optional<std::uint64_t> left_s;
};
std::string_view to_text(Lag::Trend trend);  // "caught up", "not shrinking"

// How far a command is: what the status block, the plain lines and --json show. Zero and empty: not
// known, or does not apply. Totals may be estimates. A value; rates and times are made from two of
// them by whoever shows them.
struct Status {
  std::uint32_t step = 0, steps = 0;  // 2 of 3
  std::string phase;                  // "copying rows", "verifying"
  std::uint64_t tables_done = 0, tables_total = 0;
  std::uint64_t rows_done = 0, rows_total = 0;  // with what earlier starts of the job have done
  std::uint64_t bytes_done = 0, bytes_total = 0;
  std::uint64_t reader_wait_ns = 0, writer_wait_ns = 0;  // summed over threads, as in Meter
  std::uint32_t readers = 0, writers = 0;                // now running
  std::uint64_t memory_used = 0, memory_total = 0;
  std::string waiting_for;  // "space: need 12.0 GiB, have 3.1 GiB"; empty: it moves
  // Both sides compared while the log is followed: the last whole pass began then (UTC).
  std::string verified_as_of;
  std::uint64_t tables_equal = 0, tables_different = 0, tables_open = 0;  // in it
  std::string cutover;     // how far a cutover is, or why the last one came to nothing
  std::string limit;       // what a room knows about why it is slow: "target busy: 2 of 4 writers"
  std::optional<Lag> lag;  // nullopt: no log is followed
  // Until the source purges a part of its log that is still needed; nullopt: not known, or never.
  std::optional<double> retention_hours_left;
  bool is_paused = false;  // by the operator; the board sets it
};
// Adds what a meter counted to what was there, and its waits.
void add_meter(Status& status, const Meter& meter);
void add_memory(Status& status, const MemoryArbiter& arbiter);

// Where a recipe puts up how far it is, and from where somebody else takes it twice a second.
// Outlives both. Any thread.
class StatusBoard {
 public:
  using Sample = std::function<Status()>;  // short: reads atomics, asks nobody

  // Takes a sample down on destruction: it is not being called then and never is again. The last
  // answer stays.
  class Showing {
   public:
    Showing(StatusBoard* board, std::uint64_t number) : board_(board), number_(number) {}
    Showing(Showing&& other) noexcept
        : board_(std::exchange(other.board_, nullptr)), number_(other.number_) {}
    Showing& operator=(Showing&&) = delete;
    ~Showing();

   private:
    StatusBoard* board_;
    std::uint64_t number_;
  };
  [[nodiscard]] Showing show(Sample sample);

  // A phase without figures. Totals and sums put up earlier stay.
  void begin(std::uint32_t step, std::uint32_t steps, std::string phase);
  void warn(std::string sentence);  // shown, and kept for the certificate
  // Says on whom everything waits, in every phase, where the sample says nothing of it: "target:
  // …"; empty: on nobody. Called like a sample, until the board goes.
  void watch(std::function<std::string()> waiting);
  // Status::retention_hours_left of all phases from now on.
  void keep_retention(std::optional<double> hours_left);

  Status status() const;  // asks the sample
  std::vector<std::string> warnings() const;

  JobControl& control() { return control_; }
  const JobControl& control() const { return control_; }

  // The recipe says under which name the job can be found, as soon as it knows. Whoever wants to
  // hear of it does so in that call; before the job begins.
  void name_job(const std::string& name);
  void when_named(std::function<void(const std::string&)> told);

 private:
  struct Board {
    Sample sample;
    std::function<std::string()> waiting;
    std::uint64_t number = 0;  // of the sample that is up: a later one replaces an earlier one
    Status last;
    std::optional<double> retention_hours_left;
    std::vector<std::string> warnings;
    std::function<void(const std::string&)> when_named;
    void ask();  // last becomes what the sample says now
  };
  mutable Guarded<Board> board_;
  JobControl control_;
};

}  // namespace tideway
