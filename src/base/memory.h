#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

namespace tideway {

class MemoryArbiter;

// Bytes borrowed from the arbiter, given back on destruction. Move-only; one thread at a time. The
// arbiter outlives it.
class Loan {
 public:
  Loan() = default;
  Loan(Loan&& other) noexcept
      : arbiter_(std::exchange(other.arbiter_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Loan& operator=(Loan&& other) noexcept;
  ~Loan();

  std::uint64_t bytes() const { return bytes_; }
  void shrink_to(std::uint64_t bytes);  // gives the rest back at once; never grows

 private:
  friend class MemoryArbiter;
  Loan(MemoryArbiter* arbiter, std::uint64_t bytes) : arbiter_(arbiter), bytes_(bytes) {}

  MemoryArbiter* arbiter_ = nullptr;
  std::uint64_t bytes_ = 0;
};

// The one place from which blocks, statements and sort buffers borrow: what `--memory` means. It
// counts, it does not allocate. Any thread. Requests are served in the order they came, so a large
// one is not starved by small ones.
//
// Two rules keep it free of deadlock:
//  1. Whoever holds a loan that others wait for (a writer holding a block) needs no further loan to
//  finish with it:
//     writers borrow their statement memory once, when they are opened.
//  2. A row that does not fit a block takes the oversize turn first, and only its holder may `grow`
//  a loan: everybody
//     else's loans are then small, held by writers that finish, and come back.
class MemoryArbiter {
 public:
  explicit MemoryArbiter(std::uint64_t total_bytes) : total_(total_bytes) {}
  ~MemoryArbiter();

  // Waits until the bytes are free. nullopt: stopping, or more than could ever be free
  // (`total_bytes`).
  std::optional<Loan> borrow(std::uint64_t bytes, const std::stop_token& stop);

  // The right to hold one row larger than a block; one holder in the process.
  class OversizeTurn {
   public:
    OversizeTurn(OversizeTurn&& other) noexcept
        : arbiter_(std::exchange(other.arbiter_, nullptr)) {}
    OversizeTurn& operator=(OversizeTurn&&) = delete;
    ~OversizeTurn();

   private:
    friend class MemoryArbiter;
    explicit OversizeTurn(MemoryArbiter* arbiter) : arbiter_(arbiter) {}
    MemoryArbiter* arbiter_;
  };
  std::optional<OversizeTurn> take_oversize_turn(const std::stop_token& stop);
  // Adds bytes to a loan. False: stopping, or the loan would be larger than everything. The loan is
  // as before then.
  bool grow(Loan& loan, std::uint64_t bytes, const OversizeTurn& turn, const std::stop_token& stop);

  std::uint64_t total_bytes() const { return total_; }
  std::uint64_t used_bytes() const;
  std::uint64_t peak_bytes() const;
  std::size_t waiting() const;  // requests in the queue

 private:
  friend class Loan;
  bool take(std::uint64_t bytes, const std::stop_token& stop);
  void give_back(std::uint64_t bytes);

  const std::uint64_t total_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::uint64_t used_ = 0, peak_ = 0;
  std::deque<std::uint64_t> queue_;  // tickets of those who wait, oldest first
  std::uint64_t next_ticket_ = 0;
  bool oversize_taken_ = false;
};

}  // namespace tideway
