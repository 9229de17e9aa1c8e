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

TableCertificate certify(const TableReport& report) {
  TableCertificate entry;
  entry.source = report.source;
  entry.target = report.target;
  entry.rows = report.source_digest.rows;
  entry.strength = report.strength;
  entry.reason = report.reason;
  if (!report.counted_only) entry.digest = to_text(report.source_digest);
  switch (report.state) {
    case ComparisonState::equal:
      entry.proof = report.counted_only ? Proof::unproven : Proof::proven;
      if (report.counted_only)
        entry.reason = "only the number of rows was compared, and it is equal";
      break;
    case ComparisonState::different:
      entry.proof = Proof::different;
      if (entry.reason.empty()) {
        entry.reason = fmt::format("{} missing, {} extra, {} different rows on the target",
                                   report.missing, report.extra, report.different);
      }
      break;
    case ComparisonState::not_compared:
      entry.proof = Proof::not_compared;
      break;
  }
  if (report.counted_only && report.state == ComparisonState::different) {
    entry.reason = fmt::format("{} rows on the source, {} on the target", report.source_digest.rows,
                               report.target_digest.rows);
  }
  for (const Difference& difference : report.examples) {
    entry.differences.push_back(fmt::format("{} {}", to_text(difference.kind), difference.key));
  }
  return entry;
}

Result<ObjectList> list_side(const Endpoint& endpoint, const TableFilter& filter,
                             const std::string& where, const std::stop_token& stop) {
  Inquirer server(endpoint, 1, patience);
  // A server that cannot be reached now is told now; one that was is waited for.
  TRY_DURING(fmt::format("connecting to the {}", to_text(endpoint.side)),
             server.once(stop, [](Session&) -> Result<void> { return {}; }));
  ListOptions listing;
  listing.with_views = false;
  listing.with_not_carried = false;
  return server.ask(fmt::format("listing tables of the {}", to_text(endpoint.side)), stop,
                    [&](Session& open) -> Result<ObjectList> {
                      ObjectList objects = TRY(list_objects(open, filter, listing, stop));
                      TRY(check_where(open, objects, where, stop));
                      return objects;
                    });
}

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

  board.begin(1, 2, "reading definitions");
  const ObjectList ours = TRY(list_side(source, Router::filter_of(router), options.where, stop));
  const std::vector<Route> routes = TRY(routes_of(*router, ours));
  auto theirs = list_side(target, target_filter(router, routes), options.where, stop);
  if (!theirs && theirs.error().code() != ErrorCode::filter_matches_nothing)
    return fail(std::move(theirs).error());
  const Matched matched = match_tables(ours, theirs ? *theirs : ObjectList{}, routes);

  watch(board, {&source, &target});
  board.begin(2, 2, "comparing");
  VerifyReport report{
      source.to_text(), target.to_text(), to_text(certificate.started), {}, matched.unpaired};
  for (TableReport& table : TRY(compare(source, target, matched, options, board, stop)))
    report.tables.push_back(std::move(table));
  for (const TableReport& table : report.tables) certificate.tables.push_back(certify(table));
  end_certificate(certificate, board);
  report.finished = to_text(certificate.finished);
  if (!options.report.empty()) TRY(write_small_file(options.report, report.to_json() + "\n"));
  return certificate;
}

}  // namespace tideway::recipe
