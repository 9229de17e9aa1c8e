#include "recipe/dump.h"

#include <fmt/format.h>

#include <array>

#include "base/text.h"
#include "dumpfile/dump_sink.h"
#include "recipe/certify.h"
#include "recipe/dump_options.h"
#include "recipe/dump_place.h"
#include "recipe/follow.h"
#include "recipe/followers.h"
#include "recipe/log_place.h"
#include "recipe/place.h"
#include "recipe/preflight.h"
#include "recipe/rounds.h"
#include "recipe/servers.h"

namespace tideway::recipe {
namespace {

// A dump directory as rounds see it.
class DirectoryTarget final : public RoundTarget {
 public:
  DirectoryTarget(DumpSink& sink, const SpaceWatch& space, bool has_schemas)
      : sink_(sink), space_(space), has_schemas_(has_schemas) {}

  std::string position() const override { return sink_.point(); }
  Result<StreamSink*> begin(const std::string& position, const std::set<TableId>& copy_again,
                            const std::stop_token&) override {
    const std::vector<TableId> tables(copy_again.begin(), copy_again.end());
    TRY(sink_.reset_tables(tables));
    TRY(sink_.set_point(position));
    return &sink_;
  }
  Result<void> redefine(const ListedTable& table, const std::stop_token& stop) override {
    TRY(sink_.reset_tables(std::array{table.id()}));
    if (!has_schemas_) return {};
    return sink_.write_table(table.id(), table.def->create_text, stop);
  }
  std::string waiting_text() const override { return space_.text(); }

 private:
  DumpSink& sink_;
  const SpaceWatch& space_;
  const bool has_schemas_;
};

// Fails before any row is written when what the server thinks its rows weigh has no room. What an
// earlier start wrote is not written again, or makes room when it is.
Result<void> check_space(Storage& place, const Manifest& done, const ObjectList& objects,
                         const DumpOptions& options) {
  std::uint64_t rows_bytes = 0, done_bytes = 0;
  for (const ListedTable& table : objects.tables) rows_bytes += table.bytes;
  for (const auto& [id, table] : done.tables) {
    for (const auto& [ordinal, part] : table.parts) {
      for (const PartFile& file : part.files) done_bytes += file.bytes;
    }
  }
  const std::uint64_t all = options.compress == Compression::none ? rows_bytes : rows_bytes / 4;
  const std::uint64_t need = all - std::min(all, done_bytes);
  const std::uint64_t have = TRY(place.free_bytes());
  if (!options.data || need <= have) return {};
  return fail(Error(ErrorCode::not_enough_space, Side::local, Retry::after_operator,
                    fmt::format("the tables need about {} in {}, and there are {}",
                                human_bytes(need), place.name(), human_bytes(have))));
}

Result<void> write_schemas(DumpSink& sink, const ObjectList& objects, const std::stop_token& stop) {
  for (const ListedDatabase& database : objects.databases)
    TRY(sink.write_database(database.name, database.create_text, stop));
  for (const ListedTable& table : objects.tables)
    TRY(sink.write_table(table.id(), table.def->create_text, stop));
  for (const ListedView& view : objects.views) {
    TRY(sink.write_view({view.id, view.columns, view.create_text, view.character_set_client,
                         view.collation_connection},
                        stop));
  }
  return {};
}

// A table that was not read to its end leaves no file behind that looks whole, and one that is gone
// none at all.
Result<void> forget_failed(DumpSink& sink, const RoundsResult& rounds) {
  std::vector<TableId> failed;
  std::set<TableId> kept;
  std::set<std::string> databases;
  for (const ListedDatabase& database : rounds.objects.databases) databases.insert(database.name);
  for (const ListedView& view : rounds.objects.views) kept.insert(view.id);
  for (const auto& [table, outcome] : rounds.tables) {
    if (outcome.failure) failed.push_back(table);
    if (!outcome.failure || outcome.failure->code() != ErrorCode::table_gone) kept.insert(table);
  }
  TRY(sink.reset_tables(failed));
  return sink.retain(kept, databases);
}

void describe_parts(Certificate& certificate, const ObjectList& objects, const RoundsResult& rounds,
                    const Manifest& manifest, DigestStrength strength) {
  for (const ListedTable& listed : objects.tables) {
    TableCertificate entry;
    entry.source = entry.target = listed.id();
    entry.strength = strength;
    const TableOutcome& outcome = rounds.tables.at(listed.id());
    Digest digest;
    if (const auto table = manifest.tables.find(listed.id()); table != manifest.tables.end()) {
      for (const auto& [ordinal, part] : table->second.parts) {
        if (part.digest) digest += *part.digest;
      }
    }
    entry.rows = digest.rows;
    entry.digest = to_text(digest);
    entry.proof = outcome.failure     ? Proof::not_compared
                  : outcome.is_proven ? Proof::proven
                                      : Proof::unproven;
    entry.reason = outcome.why_not;
    certificate.tables.push_back(std::move(entry));
  }
}

// Nothing but definitions was asked for.
void describe_definitions(Certificate& certificate, const ObjectList& objects) {
  for (const ListedTable& listed : objects.tables) {
    TableCertificate entry;
    entry.source = entry.target = listed.id();
    entry.reason = "only the definition was dumped, as asked";
    certificate.tables.push_back(std::move(entry));
  }
}

DumpMetadata metadata_of(const RoundsResult& rounds,
                         std::vector<DumpMetadata::Follower> followers) {
  DumpMetadata metadata;
  metadata.log = rounds.common.window ? DumpMetadata::Log::known : DumpMetadata::Log::no_log;
  if (rounds.common.window) {
    metadata.source = {rounds.common.window->high.file,
                       std::to_string(rounds.common.window->high.offset),
                       rounds.common.gtid_text()};
  }
  metadata.followers = std::move(followers);
  return metadata;
}

// For who follows the log behind the dump.
Result<void> set_place(DumpSink& sink, const RoundsResult& rounds, Session& source,
                       const std::stop_token& stop) {
  if (!rounds.common.window) return {};
  const SnapshotPoint first = TRY(SnapshotPoint::parse_json(sink.point()));
  if (!first.window) return {};
  const DumpPlace place = dump_place(rounds, low_of(first), TRY(end_of_log(source, stop)));
  return sink.set_point(point_of(sink.point(), place));
}

}  // namespace

Result<Certificate> dump(const DumpOptions& options, StatusBoard& board,
                         const std::stop_token& stop) {
  Endpoint source = TRY(endpoint_of(options.common.source, Side::source, stop));
  const TableFilter filter = TRY(options.common.table_filter());
  const std::string output =
      options.common.output.empty() ? default_output() : options.common.output;
  SpaceWatch space(options.common.disk_bytes);
  const auto place = TRY(open_place(output, space));
  const bool is_local = dynamic_cast<const LocalStorage*>(place.get()) != nullptr;
  if (is_local) TRY(check_writable(place->name()));
  Certificate certificate = begin_certificate("dump", source.to_text(), place->name());
  board.name_job(job_name(options.common, "dump", certificate.source, certificate.target));
  const auto operated = offer_gate(board.control());

  board.begin(1, 3, "reading definitions");
  Session session = TRY_DURING("connecting to the source", Session::open(source, {}, stop));
  ListOptions listing;
  listing.with_views = options.views;
  const auto list = [&](Session& with, const std::stop_token& listing_stop) {
    return list_objects(with, filter, listing, listing_stop);
  };
  const ObjectList objects = TRY_DURING("listing tables of the source", list(session, stop));
  TRY(check_where(session, objects, options.reading.where, stop));
  watch(board, {&source});
  describe_objects(certificate, objects);
  MemoryArbiter arbiter(options.common.memory_bytes);
  const DumpFormat format = TRY(dump_format(options, session.server()));
  FileHandle claim;
  if (is_local) claim = TRY(claim_folder(place->name()));
  if (options.common.restart)
    TRY_DURING("removing the dump that is there", DumpSink::discard(*place));
  const auto sink =
      TRY_DURING("opening the dump directory",
                 DumpSink::open(*place, format, dump_settings(options), arbiter, stop));
  TRY(check_space(*place, sink->manifest(), objects, options));
  if (options.schemas) TRY(write_schemas(*sink, objects, stop));
  if (!options.data) {
    TRY(sink->complete(stop));
    describe_definitions(certificate, objects);
    end_certificate(certificate, board);
    return certificate;
  }
  DirectoryTarget target(*sink, space, options.schemas);
  const RoundOptions reading = round_options(options.common, options.reading);
  const RoundsResult rounds =
      TRY(read_in_rounds({source, list}, objects, target, arbiter, reading, board, stop));

  board.begin(3, 3, "closing the dump");
  TRY(forget_failed(*sink, rounds));
  TRY(set_place(*sink, rounds, session, stop));
  sink->set_metadata(metadata_of(rounds, TRY(followers_of(session, stop))));
  TRY(sink->complete(stop));
  describe_rounds(certificate, rounds);
  describe_parts(certificate, rounds.objects, rounds, sink->manifest(), options.reading.digest);
  end_certificate(certificate, board);
  return certificate;
}

}  // namespace tideway::recipe
