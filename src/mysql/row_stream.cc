#include "mysql/row_stream.h"

#include <fmt/format.h>

#include <cstring>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "mysql/errors.h"
#include "mysql/library_internals.h"
#include "mysql/packet.h"
#include "mysql/row_source.h"

namespace tideway {
namespace {

struct FreeResult {
  void operator()(MYSQL_RES* result) const { mysql_free_result(result); }
};
using OpenResult = std::unique_ptr<MYSQL_RES, FreeResult>;

Error malformed(const SessionState& state, std::string_view what) {
  return {ErrorCode::unexpected_answer, state.endpoint.side, Retry::new_session,
          fmt::format("{} sent {}", state.endpoint.to_text(), what)};
}

// The memory for a row that does not fit its block: the oversize turn, and a loan that grows with
// what the server announces.
class Oversize {
 public:
  Oversize(SessionState& state, Block& block) : state_(state), block_(block) {}
  ~Oversize() {
    if (turn_) block_.keep(std::move(loan_), std::move(*turn_));
  }
  Oversize(const Oversize&) = delete;
  Oversize& operator=(const Oversize&) = delete;

  Result<void> make_room(std::uint32_t bytes, const std::stop_token& stop) {
    const std::uint64_t row_bytes = std::uint64_t{block_.written()} + bytes;
    if (row_bytes >= Cell::absent_length) return fail(too_small(row_bytes, Cell::absent_length));
    MemoryArbiter* arbiter = state_.options.arbiter;
    if (bytes <= block_.room_left() || arbiter == nullptr) return {};
    if (!turn_) {
      if (auto turn = arbiter->take_oversize_turn(stop)) turn_.emplace(std::move(*turn));
    }
    if (turn_ && arbiter->grow(loan_, bytes - block_.room_left(), *turn_, stop)) return {};
    if (!stop.stop_requested()) return fail(too_small(row_bytes, arbiter->total_bytes()));
    return fail(Error(ErrorCode::stopped, Side::local, Retry::never,
                      "stopped while waiting for memory for a large row"));
  }

 private:
  static Error too_small(std::uint64_t needed, std::uint64_t limit) {
    return {ErrorCode::memory_too_small, Side::local, Retry::after_operator,
            fmt::format("a row of at least {} does not fit into {} of memory", human_bytes(needed),
                        human_bytes(limit))};
  }

  SessionState& state_;
  Block& block_;
  Loan loan_;
  std::optional<MemoryArbiter::OversizeTurn> turn_;
};

// What both ways of reading share: the loan of the session, and how it is given back.
class OpenRows : public RowStream {
 public:
  OpenRows(SessionState& state, std::string_view sql, OpenResult result)
      : state_(state), statement_(sql), result_(std::move(result)) {
    columns_ = result_ ? mysql_num_fields(result_.get()) : 0;
    is_over_ = result_ == nullptr;
    is_lent_ = !is_over_;
    state_.is_streaming = is_lent_;
  }
  OpenRows(const OpenRows&) = delete;
  OpenRows& operator=(const OpenRows&) = delete;
  ~OpenRows() override {
    if (!is_over_ && !state_.is_broken) abandon(state_);
    release();
  }

  std::size_t column_count() const override { return columns_; }

 protected:
  // All rows were read: further results of a CALL are, too, and the session is free.
  Result<bool> finish(const std::stop_token& stop) {
    is_over_ = true;
    release();
    Call call(state_, statement_, stop);
    TRY(call.drain());
    return false;
  }
  // After it nothing is known of what else is on the wire.
  Error give_up(Error error) {
    is_over_ = true;
    if (!state_.is_broken) abandon(state_);
    release();
    return error;
  }

  void release() {
    if (!std::exchange(is_lent_, false)) return;
    result_->handle =
        nullptr;  // the library would read all that is left; there is nobody to read it for
    state_.is_streaming = false;
  }

  SessionState& state_;
  const std::string statement_;
  OpenResult result_;
  std::size_t columns_ = 0;
  bool is_over_ = false;

 private:
  bool is_lent_ = false;  // the session cannot be asked anything else
};

class PacketRows final : public OpenRows {
 public:
  PacketRows(SessionState& state, std::string_view sql, OpenResult result)
      : OpenRows(state, sql, std::move(result)),
        source_(state),
        sequence_(static_cast<std::uint8_t>(state.mysql()->net.pkt_nr)) {}

  Result<bool> next_row(Block& block, bool& fits, const std::stop_token& stop) override {
    fits = true;
    if (is_over_) return false;
    if (source_.size() <= packet_header_bytes) {
      if (auto filled = source_.fill(packet_header_bytes + 1, stop); !filled)
        return fail(give_up(std::move(filled).error()));
    }
    const PacketHeader header = parse_header(source_.data());
    if (header.sequence != sequence_ || header.payload_bytes == 0)
      return fail(give_up(malformed(state_, "a packet out of order")));
    const PacketKind kind = kind_of(static_cast<std::uint8_t>(source_.data()[packet_header_bytes]),
                                    header.payload_bytes);
    if (kind != PacketKind::row) return take_end(kind, header, stop);

    const std::uint32_t bytes = header.payload_bytes;
    const bool has_room = bytes <= block.room_left() && bytes < packet_bytes_max;
    if (!has_room && block.row_count() != 0) {
      fits = false;
      return true;
    }
    if (!has_room || packet_header_bytes + bytes > RowSource::window_bytes)
      return take_large_row(block, stop);
    if (source_.size() < packet_header_bytes + bytes) {
      if (auto filled = source_.fill(packet_header_bytes + bytes, stop); !filled)
        return fail(give_up(std::move(filled).error()));
    }
    const std::uint32_t offset = block.written();
    std::memcpy(block.room(bytes), source_.data() + packet_header_bytes, bytes);
    block.advance(bytes);
    source_.consume(packet_header_bytes + bytes);
    ++sequence_;
    return add_row(block, offset, bytes);
  }

 private:
  Result<bool> add_row(Block& block, std::uint32_t offset, std::uint32_t bytes) {
    if (!add_cells(block, offset, bytes, columns_))
      return fail(give_up(malformed(state_, "a row whose values do not fit its length")));
    block.end_row();
    return true;
  }

  // A row of any size, packet by packet from the wire to its place in the block.
  Result<bool> take_large_row(Block& block, const std::stop_token& stop) {
    auto taken = copy_large_row(block, stop);
    if (!taken) return fail(give_up(std::move(taken).error()));
    return add_row(block, taken->offset, taken->length);
  }

  Result<Cell> copy_large_row(Block& block, const std::stop_token& stop) {
    Oversize oversize(state_, block);
    const std::uint32_t offset = block.written();
    std::uint32_t bytes = packet_bytes_max;
    while (bytes == packet_bytes_max) {
      TRY(source_.fill(packet_header_bytes, stop));
      const PacketHeader header = parse_header(source_.data());
      if (header.sequence != sequence_++) return fail(malformed(state_, "a packet out of order"));
      source_.consume(packet_header_bytes);
      bytes = header.payload_bytes;
      TRY(oversize.make_room(bytes, stop));
      TRY(source_.read_to(block.room(bytes), bytes, stop));
      block.advance(bytes);
    }
    return Cell{offset, block.written() - offset};
  }

  Result<bool> take_end(PacketKind kind, const PacketHeader& header, const std::stop_token& stop) {
    std::string payload(header.payload_bytes, '\0');
    source_.consume(packet_header_bytes);
    ++sequence_;
    if (auto read = source_.read_to(payload.data(), payload.size(), stop); !read)
      return fail(give_up(std::move(read).error()));
    if (kind == PacketKind::error) return fail(take_error(payload));
    const auto end = parse_end(payload, false);  // the library never agrees to CLIENT_DEPRECATE_EOF
    if (!end) return fail(give_up(malformed(state_, "an end of rows that cannot be read")));
    MYSQL* mysql = state_.mysql();
    mysql->status = MYSQL_STATUS_READY;
    mysql->server_status = end->status;
    mysql->warning_count = end->warnings;
    if (auto given = give_back(); !given) return fail(give_up(std::move(given).error()));
    return finish(stop);
  }

  // The server ends a result in the middle (a KILL, a time limit, a lost tablespace): the session
  // goes on.
  Error take_error(std::string_view payload) {
    const auto error = parse_error(payload);
    if (!error || source_.size() != 0)
      return give_up(malformed(state_, "an error that cannot be read"));
    is_over_ = true;
    release();
    MYSQL* mysql = state_.mysql();
    mysql->status = MYSQL_STATUS_READY;
    mysql->server_status &= ~static_cast<unsigned>(SERVER_MORE_RESULTS_EXIST);
    state_.is_soiled = true;
    if (is_connection_lost(error->number)) state_.is_broken = true;
    return to_error(error->number, error->text,
                    {state_.endpoint.side, state_.server.kind, statement_, state_.account});
  }

  // Bytes read past the end belong to a further result of a CALL: the library must find them where
  // it looks first.
  Result<void> give_back() {
    if (source_.size() == 0) return {};
    if (mysql_more_results(state_.mysql()) == 0)
      return fail(malformed(state_, "more after the end of the rows"));
    if (source_.give_back()) return {};
    return fail(Error(ErrorCode::not_supported, state_.endpoint.side, Retry::never,
                      "a CALL with more than one large result cannot be streamed"));
  }

  RowSource source_;
  std::uint8_t sequence_;  // of the next packet
};

class LibraryRows final : public OpenRows {
 public:
  using OpenRows::OpenRows;

  Result<bool> next_row(Block& block, bool& fits, const std::stop_token& stop) override {
    fits = true;
    if (is_over_) return false;
    if (row_ == nullptr) {
      state_.is_streaming = false;
      Call call(state_, statement_, stop);
      state_.is_streaming = true;
      row_ = mysql_fetch_row(result_.get());
      if (row_ == nullptr && mysql_errno(state_.mysql()) != 0) {
        is_over_ = true;
        release();
        return fail(call.failure());
      }
    }
    if (row_ == nullptr) return finish(stop);
    const unsigned long* lengths = mysql_fetch_lengths(result_.get());
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < columns_; ++i) bytes += lengths[i];
    if (bytes > block.room_left() && block.row_count() != 0) {
      fits = false;
      return true;
    }
    Oversize oversize(state_, block);
    if (bytes >= Cell::absent_length)
      return fail(give_up(malformed(state_, "a row of 4 GiB or more")));
    if (auto room = oversize.make_room(static_cast<std::uint32_t>(bytes), stop); !room)
      return fail(give_up(std::move(room).error()));
    block.room(static_cast<std::uint32_t>(bytes));
    for (std::size_t i = 0; i < columns_; ++i) {
      block.add_cell(row_[i] == nullptr ? Cell{} : block.append({row_[i], lengths[i]}));
    }
    block.end_row();
    row_ = nullptr;
    return true;
  }

 private:
  MYSQL_ROW row_ = nullptr;  // fetched and not yet in a block
};

}  // namespace

RowReading best_reading(MYSQL* mysql) {
  return knows_library(mysql) ? RowReading::packets : RowReading::library;
}

Result<std::unique_ptr<RowStream>> open_rows(SessionState& state, std::string_view sql,
                                             RowReading reading, const std::stop_token& stop) {
  Call call(state, sql, stop);
  TRY(call.send(sql));
  TRY(call.read_answer());
  MYSQL* mysql = state.mysql();
  OpenResult result(mysql_field_count(mysql) == 0 ? nullptr : mysql_use_result(mysql));
  if (mysql_field_count(mysql) != 0 && !result) return fail(call.failure());
  if (reading == RowReading::library || !result)
    return std::make_unique<LibraryRows>(state, sql, std::move(result));
  return std::make_unique<PacketRows>(state, sql, std::move(result));
}

Result<std::unique_ptr<RowStream>> Session::stream(std::string_view sql,
                                                   const std::stop_token& stop) {
  TRY(Call(*state_, sql, stop).ready());
  return open_rows(*state_, sql, best_reading(state_->mysql()), stop);
}

}  // namespace tideway
