#include "app/job_report.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "app/events.h"
#include "app/status_block.h"
#include "model/certificate.h"

namespace tideway {
namespace {

constexpr std::ptrdiff_t warnings_shown = 20;
constexpr std::size_t block_columns = 80;

}  // namespace

JobReport::JobReport(const StatusBoard& board, std::string command, std::string job)
    : board_(board),
      command_(std::move(command)),
      job_(std::move(job)),
      started_(to_text(std::chrono::system_clock::now())),
      pace_(real_clock().now()) {}

Told JobReport::status() {
  const Figures figures = pace_.next(board_.status(), real_clock().now());
  const std::vector<std::string> warnings = board_.warnings(), verbs = board_.control().verbs();
  auto json = nlohmann::ordered_json::parse(status_event(figures));
  json["format"] = 1;
  json["running"] = true;
  json["job"] = job_;
  json["command"] = command_;
  json["pid"] = ::getpid();
  json["started"] = started_;
  json["verbs"] = verbs;
  json["warning_count"] = warnings.size();
  const auto shown = std::min(std::ssize(warnings), warnings_shown);
  json["warnings"] = std::vector<std::string>(warnings.end() - shown, warnings.end());
  json["line"] = status_line(figures);
  json["block"] = status_block(figures, command_, warnings.empty() ? "" : warnings.back(),
                               {block_columns, false, true});
  const Status& status = figures.status;
  return {json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace),
          fmt::format("{}\n{}\n{}\n{}\n{}\n{}", status.phase, status.is_paused, status.waiting_for,
                      status.cutover, warnings.size(), fmt::join(verbs, " "))};
}

}  // namespace tideway
