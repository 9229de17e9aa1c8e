#include "apply/copy_sink.h"

#include <algorithm>

#include "apply/copy_writer.h"
#include "apply/infile.h"
#include "apply/sink_state.h"
#include "base/text.h"

namespace tideway {

CopySink::Shared::Shared(JobProgress& job, TargetLedger& chunks,
                         std::map<TableId, TablePtr> definitions, MemoryArbiter& memory,
                         CopyOptions copy_options, const Clock& time)
    : progress(job),
      ledger(chunks),
      targets(std::move(definitions)),
      arbiter(memory),
      options(copy_options),
      clock(time),
      governor({.writers = copy_options.writers, .batch_bytes = copy_options.batch_bytes}, time),
      may_use_infile(copy_options.use_infile && copy_options.on_duplicate == OnDuplicate::error) {}

Result<PlannedTable> CopySink::Shared::planned(const TablePtr& source, const ColumnSet& columns) {
  return plans_.with([&](auto& plans) -> Result<PlannedTable> {
    const auto [first, last] = plans.equal_range(source.get());
    const auto known = std::find_if(
        first, last, [&](const auto& entry) { return entry.second.columns == columns; });
    if (known != last) return known->second.table;
    const auto target = targets.find(source->id);
    if (target == targets.end()) {
      return fail(
          Error(ErrorCode::internal, Side::local, Retry::never,
                "rows came for " + quoted(source->id) + ", which was not prepared on the target"));
    }
    PlannedTable table;
    table.plan = TRY(TablePlan::make(source, target->second, columns));
    table.method = std::make_shared<MethodChoice>(can_use_infile(*table.plan));
    plans.emplace(source.get(), Entry{source, columns, table});
    return table;
  });
}

CopySink::CopySink(JobProgress& progress, TargetLedger& ledger, std::map<TableId, TablePtr> targets,
                   MemoryArbiter& arbiter, CopyOptions options, const Clock& clock)
    : shared_(std::make_unique<Shared>(progress, ledger, std::move(targets), arbiter, options,
                                       clock)) {}
CopySink::~CopySink() = default;

std::size_t CopySink::writers_max() const { return shared_->options.writers; }

Result<std::unique_ptr<Writer>> CopySink::open_writer(const std::stop_token& stop) {
  auto loan = shared_->arbiter.borrow(shared_->options.batch_bytes, stop);
  if (!loan) {
    if (stop.stop_requested())
      return fail(
          Error(ErrorCode::stopped, Side::local, Retry::never, "stopped while opening a writer"));
    return fail(Error(ErrorCode::memory_too_small, Side::local, Retry::after_operator,
                      "a writer's statement needs " + human_bytes(shared_->options.batch_bytes) +
                          ", more than --memory is"));
  }
  return std::make_unique<CopyWriter>(*shared_, std::move(*loan));
}

Result<void> CopySink::complete(const std::stop_token& /*stop*/) {
  return {};
}  // every block was durable when its writer returned
Ledger& CopySink::ledger() { return shared_->ledger; }
const CopyMeter& CopySink::meter() const { return shared_->meter; }
Governor::Pressure CopySink::pressure() const { return shared_->governor.pressure(); }
std::string CopySink::pressure_text() const { return shared_->governor.to_text(); }

}  // namespace tideway
