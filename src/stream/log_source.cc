#include "stream/log_source.h"

#include "stream/log_source_reader.h"

namespace tideway {

LogSource::LogSource(Endpoint source, LogSourceOptions options, Definitions definitions,
                     LogPlaces& places, OriginNames& names, MemoryArbiter& arbiter)
    : state_(std::make_unique<State>(std::move(source), std::move(options), std::move(definitions),
                                     places, names, arbiter)) {}
LogSource::~LogSource() = default;

Result<std::unique_ptr<Reader>> LogSource::open_reader(const std::stop_token& /*stop*/) {
  return std::make_unique<LogSourceReader>(*state_);
}

void LogSource::read_until(LogStart end) {
  state_->until.with([&](auto& until) { until = std::move(end); });
  ++state_->until_version;
}

void LogSource::read_until_time(std::int64_t seconds) { state_->until_seconds = seconds; }

const LogReadMeter& LogSource::meter() const { return state_->meter; }

}  // namespace tideway
