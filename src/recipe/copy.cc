#include "recipe/copy.h"

#include <fmt/format.h>

#include <memory>

#include "recipe/assess.h"
#include "recipe/certify.h"
#include "recipe/copy_options.h"
#include "recipe/preflight.h"
#include "recipe/prove.h"
#include "recipe/rounds.h"
#include "recipe/routed_tables.h"
#include "recipe/server_target.h"
#include "recipe/servers.h"

namespace tideway::recipe {

Result<Certificate> copy(const CopyOptions& options, StatusBoard& board,
                         const std::stop_token& stop) {
  Endpoint source = TRY(endpoint_of(options.common.source, Side::source, stop));
  Endpoint target = TRY(endpoint_of(options.common.target, Side::target, stop));
  const RouterPtr router = TRY(router_of(options.common, options.routing));
  const TableFilter filter = Router::filter_of(router);
  Certificate certificate = begin_certificate("copy", source.to_text(), target.to_text());
  certificate.job = job_name(options.common, "copy", certificate.source, certificate.target);
  board.name_job(certificate.job);
  const auto operated = offer_gate(board.control());

  board.begin(1, 3, "reading definitions");
  ListOptions listing;
  listing.with_views = options.views;
  const auto list = [&](Session& session, const std::stop_token& listing_stop) {
    return list_objects(session, filter, listing, listing_stop);
  };
  ObjectList objects;
  {
    Session session = TRY_DURING("connecting to the source", Session::open(source, {}, stop));
    // A target that cannot be reached now is told now; later the job waits for it to come back.
    Session other = TRY_DURING("connecting to the target", Session::open(target, {}, stop));
    TRY(refuse_one_server(session, other, stop));
    TRY(refuse_blockers(TRY(assess_servers(session, &other, {true, false}, stop)).assessment,
                        board));
    objects = TRY_DURING("listing tables of the source", list(session, stop));
    TRY(check_where(session, objects, options.reading.where, stop));
  }
  const std::vector<TableToMake> tables = TRY(route_tables(*router, definitions_of(objects)));
  watch(board, {&source, &target});
  describe_objects(certificate, objects);

  auto progress =
      TRY_DURING("opening the job on the target",
                 JobProgress::open(target, job_options(options, certificate.job), stop));
  describe_left_over(certificate, progress->all_filled(), objects);
  Tables made = TRY(make_everything(*progress, objects, tables, router,
                                    options.writing.on_duplicate, options.common.threads, stop));
  MemoryArbiter arbiter(options.common.memory_bytes);
  ServerTarget round_target(*progress, made, router, arbiter,
                            sink_options(options.common, options.writing, options.reading.digest));
  const RoundOptions reading = round_options(options.common, options.reading);
  const RoundsResult rounds =
      TRY(read_in_rounds({source, list}, objects, round_target, arbiter, reading, board, stop));

  TRY(round_target.complete(stop));

  const auto proofs = TRY(
      prove(*progress, round_target.ledger(), tables_to_prove(made, rounds),
            proof_options(options.reading.digest, options.common.threads, options.reading.where),
            board, stop));
  describe_rounds(certificate, rounds);
  describe_proofs(certificate, made, rounds, proofs, options.reading.digest);
  std::vector<ViewToMake> views;
  for (const ListedView& view : objects.views) views.push_back({view.id, view.create_text});
  views = route_views(std::move(views), tables, certificate);
  describe_views(certificate, TRY(make_views(*progress, views, stop)));
  end_certificate(certificate, board);
  TRY(progress->finish(to_json(certificate), stop));
  return certificate;
}

}  // namespace tideway::recipe
