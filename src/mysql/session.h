#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/memory.h"
#include "base/result.h"
#include "model/block.h"
#include "mysql/endpoint.h"
#include "mysql/server.h"

namespace tideway {

struct SessionState;   // private to the room
struct SessionAccess;  // likewise

struct Affected {
  std::uint64_t rows = 0;  // CLIENT_FOUND_ROWS: rows matched, not rows changed
  std::uint64_t warnings = 0;
  std::string info;  // "Records: 3  Duplicates: 0  Warnings: 0"
};

// A small result, wholly in memory.
struct ResultTable {
  std::vector<std::string> names;
  std::vector<std::vector<std::optional<std::string>>> rows;
  std::optional<std::size_t> find_column(std::string_view name) const;  // any case
};

// A result too large for memory, read row by row straight into blocks. It borrows its session:
// nothing else can be sent until next_row() has returned false or the stream is destroyed (which
// condemns the session when rows were left).
class RowStream {
 public:
  virtual ~RowStream() = default;
  virtual std::size_t column_count() const = 0;
  // Appends one row's cells to the block (whose begin_rows was called) and calls end_row(). False:
  // no more rows. A row that does not fit the block's remaining room is still appended when the
  // block has no row yet (it takes the arbiter's oversize turn and grows, streaming off the wire
  // without a second copy); otherwise *fits is set false and the same row is given to the next
  // call's block.
  virtual Result<bool> next_row(Block& block, bool& fits, const std::stop_token& stop) = 0;
};

// Delivers the bytes of a LOAD DATA LOCAL INFILE: fills the buffer, returns how many; 0 ends. An
// error is the result of load_infile and breaks the session: nothing else keeps the server from
// keeping the rows so far.
using InfileProducer = std::function<Result<std::size_t>(std::span<char> buffer)>;

// A value of execute_long(): characters in UTF-8, or bytes.
struct LongValue {
  std::string_view bytes;
  bool is_text = false;
};

struct SessionOptions {
  Duration read_deadline =
      std::chrono::minutes(15);  // a call that hears nothing for so long fails with TW306/TW300
  bool local_infile = false;
  bool foreign_key_checks = true,
       unique_checks = true;         // a writer of rows in any order switches them off
  MemoryArbiter* arbiter = nullptr;  // for oversize rows of RowStream
};

// One connection to a server, set up so that text means the same everywhere: UTC, utf8mb4, strict
// sql_mode without NO_BACKSLASH_ESCAPES or ANSI_QUOTES, foreign keys off only where asked; set and
// then asserted by reading it back. One thread; any thread may stop a blocked call through the
// stop_token passed to it (the connection is then shut down and its server thread killed).
class Session {
 public:
  // Fails with the step that failed: 200 name, 201 TCP, 202 TLS, 203 login, 205 silence, 207 a cut
  // (tried again a few times by itself), 208 no MySQL.
  static Result<Session> open(const Endpoint& endpoint, const SessionOptions& options,
                              const std::stop_token& stop);
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  Result<Affected> execute(std::string_view sql, const std::stop_token& stop);
  Result<ResultTable> query(std::string_view sql, const std::stop_token& stop);
  // First column of the first row; nullopt: no row, or NULL.
  Result<std::optional<std::string>> query_value(std::string_view sql, const std::stop_token& stop);
  Result<std::unique_ptr<RowStream>> stream(std::string_view sql, const std::stop_token& stop);
  // Sends all, then reads all answers; the first error is the result, after every answer was read.
  // Statements behind an error still run on the server: never put a COMMIT in here.
  Result<std::vector<Affected>> pipeline(std::span<const std::string> statements,
                                         const std::stop_token& stop);
  // The same for questions, each with an answer or an error of its own: statements behind one that
  // fails are asked all the same. The outer error: the session is lost, or stopping.
  Result<std::vector<Result<ResultTable>>> query_all(std::span<const std::string> statements,
                                                     const std::stop_token& stop);
  // The statement must name LOCAL INFILE; what the server thought of the rows is in `warnings`: the
  // caller decides.
  Result<Affected> load_infile(std::string_view sql, const InfileProducer& producer,
                               const std::stop_token& stop);
  // A statement with a `?` for each value, which is sent slice by slice: it needs no second copy of
  // a large one, and each may be as long as max_allowed_packet.
  Result<Affected> execute_long(std::string_view sql, std::span<const LongValue> values,
                                const std::stop_token& stop);
  Result<ResultTable> warnings(const std::stop_token& stop);  // SHOW WARNINGS

  const Server& server() const;
  const Endpoint& endpoint() const;
  std::uint64_t connection_id() const;  // for KILL
  const std::string& account() const;   // user@host as the server matched it: CURRENT_USER()
  bool is_broken() const;               // nothing can be asked of it any more
  bool in_transaction() const;          // as the last answer said
  bool is_clean() const;  // not broken, no transaction, no error but such as leave nothing behind
  bool is_encrypted() const;
  bool is_deserted() const;  // between calls: the server has closed the connection meanwhile

 private:
  friend struct SessionAccess;
  explicit Session(std::unique_ptr<SessionState> state);
  std::unique_ptr<SessionState> state_;
};

// Loads the client library's plugins once, before the first thread starts: parallel first
// connections race otherwise.
Result<void> open_client_library();

// Ends another session of the same account on the server, so that what it was doing is over when
// this returns.
Result<void> kill_session(Session& session, std::uint64_t connection_id,
                          const std::stop_token& stop);

}  // namespace tideway
