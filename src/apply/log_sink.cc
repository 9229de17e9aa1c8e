#include "apply/log_sink.h"

#include <algorithm>

#include "apply/log_state.h"
#include "apply/log_writer.h"
#include "base/text.h"
#include "progress/meta_session.h"

namespace tideway {

LogSink::LogSink(LogProgress& progress, MemoryArbiter& arbiter, LogSinkOptions options,
                 const Clock& clock)
    : shared_(std::make_unique<Shared>(progress, arbiter, std::move(options), clock)) {}
LogSink::~LogSink() = default;

Result<std::unique_ptr<Writer>> LogSink::open_writer(const std::stop_token& stop) {
  const LogSinkOptions& options = shared_->options;
  std::optional<Server> server;
  const auto ask = [&](Session& session) -> Result<void> {
    server = session.server();
    return {};
  };
  TRY(shared_->progress.job().control().outside_transaction(ask, stop));
  if (server->lower_case_table_names != 0) shared_->tables.fold_names();
  shared_->parking.take_up(shared_->tables);
  std::vector<Loan> loans;
  for (std::uint32_t i = 0; i < options.threads; ++i) {
    auto loan = shared_->arbiter.borrow(options.batch_bytes, stop);
    if (!loan) {
      if (stop.stop_requested()) {
        return fail(
            Error(ErrorCode::stopped, Side::local, Retry::never, "stopped while opening lanes"));
      }
      return fail(Error(ErrorCode::memory_too_small, Side::local, Retry::after_operator,
                        "a lane's statements need " + human_bytes(options.batch_bytes) +
                            ", more than --memory is"));
    }
    loans.push_back(std::move(*loan));
  }
  std::uint64_t piece_bytes = options.piece_bytes;
  if (piece_bytes == 0) {
    piece_bytes = std::min({server->max_txn_bytes() / 4, shared_->arbiter.total_bytes() / 16,
                            std::uint64_t{64} << 20U});
  }
  auto writer = std::make_unique<LogWriter>(*shared_, piece_bytes);
  TRY(writer->start(TRY(shared_->progress.lanes(options.threads, stop)), std::move(loans)));
  return writer;
}

Result<void> LogSink::complete(const std::stop_token& /*stop*/) {
  return {};
}  // all was durable when its writer had finished

const LogMeter& LogSink::meter() const { return shared_->meter; }
LogBase LogSink::base() const { return shared_->durable_base()->base; }
std::vector<ParkedTable> LogSink::parked() const { return shared_->parking.parked(); }
std::string LogSink::pressure_text() const { return shared_->governor.to_text(); }

}  // namespace tideway
