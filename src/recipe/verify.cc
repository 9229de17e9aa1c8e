#include "recipe/verify.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "base/text.h"
#include "mysql/inquirer.h"
#include "recipe/certify.h"
#include "recipe/matched_tables.h"
#include "recipe/preflight.h"
#include "recipe/servers.h"
#include "snapshot/object_list.h"
#include "verify/compare.h"

namespace tideway::recipe {
namespace {

constexpr Duration patience = std::chrono::minutes(5);  // for a server that went away

CompareOptions compare_options(const VerifyOptions& options) {
  CompareOptions compare;
  compare.strength = options.digest;
  compare.count_only = options.count;
  compare.examples = options.examples;
  compare.threads = options.common.threads;
  compare.where = options.where;
  compare.patience = patience;
  return compare;
}

Result<std::vector<TableReport>> compare(const Endpoint& source, const Endpoint& target,
                                         const Matched& matched, const VerifyOptions& options,
                                         StatusBoard& board, const std::stop_token& stop) {
  CompareMeter meter;
  const bool has_estimate = options.where.empty();  // of all rows
  const auto showing = board.show([&meter, &matched, has_estimate] {
    Status status;
    status.phase = "comparing";
    status.rows_done = meter.rows;
    if (has_estimate) status.rows_total = std::max(matched.rows, status.rows_done);
    status.tables_total = matched.pairs.size();
    status.tables_done = meter.tables_done;
    return status;
  });
  auto reports =
      TRY(compare_tables(source, target, matched.pairs, compare_options(options), meter, stop));
  if (meter.asked_again != 0) {
    board.warn(fmt::format("connections were lost while comparing: {} questions were asked again",
                           meter.asked_again.load()));
  }
  return reports;
}

}  // namespace

Result<Certificate> verify(const VerifyOptions& options, StatusBoard& board,
                           const std::stop_token& stop) {
  Endpoint source = TRY(endpoint_of(options.common.source, Side::source, stop));
  Endpoint target = TRY(endpoint_of(options.common.target, Side::target, stop));
  const RouterPtr router = TRY(router_of(options.common, options.routing));
  // Not after hours of comparing.
  if (!options.report.empty()) TRY(check_small_file(options.report));
  Certificate certificate = begin_certificate("verify", source.to_text(), target.to_text());
  board.name_job(job_name(options.common, "verify", certificate.source, certificate.target));

  board.begin(1, 2, "reading definitions");
  const Matched matched = TRY(match_servers(
      source, target, router, options.where, []() -> Result<void> { return {}; }, stop));

  watch(board, {&source, &target});
  board.begin(2, 2, "comparing");
  VerifyReport report{
      source.to_text(), target.to_text(), to_text(certificate.started), {}, matched.unpaired};
  report.tables.insert(report.tables.end(), matched.extra.begin(), matched.extra.end());
  for (TableReport& table : TRY(compare(source, target, matched, options, board, stop)))
    report.tables.push_back(std::move(table));
  for (const TableReport& table : report.tables) certificate.tables.push_back(compared(table));
  end_certificate(certificate, board);
  report.finished = to_text(certificate.finished);
  if (!options.report.empty()) TRY(write_small_file(options.report, report.to_json() + "\n"));
  return certificate;
}

}  // namespace tideway::recipe
