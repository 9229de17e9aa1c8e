#include "recipe/log_begin.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>

#include "base/log.h"
#include "dumpfile/manifest.h"
#include "dumpfile/metadata.h"
#include "recipe/dump_place.h"
#include "recipe/given_definitions.h"
#include "recipe/log_place.h"
#include "snapshot/log_window.h"
#include "snapshot/object_list.h"

namespace tideway::recipe {
namespace {

constexpr int most_listings = 5;  // until no statement changed a definition meanwhile

Result<std::string> read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return fail(Error(ErrorCode::storage_missing, Side::local, Retry::after_operator,
                      path + " cannot be read"));
  }
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

// The place that a dump's `metadata` has.
Result<std::string> place_of_metadata(const std::string& folder) {
  const std::string path = folder + "/" + std::string(metadata_path);
  const DumpMetadata metadata = TRY_DURING("reading " + path, parse_metadata(TRY(read_text(path))));
  const auto& [name, offset, gtids] = metadata.source;
  if (!gtids.empty()) return gtids;
  if (!name.empty()) return name + ":" + offset;
  return fail(Error(ErrorCode::file_syntax, Side::local, Retry::after_operator,
                    path + " says nothing of a place in the source's log"));
}

// nullopt: the dump is not one of ours.
Result<std::optional<DumpPlace>> place_of_manifest(const std::string& folder) {
  const std::string path = folder + "/" + std::string(manifest_path);
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return std::optional<DumpPlace>();
  const Manifest manifest = TRY_DURING("reading " + path, parse_manifest(TRY(read_text(path))));
  return std::optional(TRY_DURING("reading " + path, place_of_point(manifest.point)));
}

Result<Touches> touches_between(Session& source, const LogStart& from, const LogPosition& to,
                                const ObjectList& objects, const std::stop_token& stop) {
  if (!(from.position < to)) return Touches(objects.folds_names);
  const LogRange range{from.position, to, from.gtids.value_or(GtidSet()), false};
  auto touches = TRY(read_log(source, std::span(&range, 1), stop));
  touches[0].spread(objects.cascades);
  return std::move(touches[0]);
}

// Tables of the job that the target has: others can hold nothing.
Result<std::set<TableId>> held_by_target(const Router& router, const ObjectList& objects,
                                         Session& target, const std::stop_token& stop) {
  const bool folds = target.server().lower_case_table_names != 0;
  std::set<TableId> there, held;
  const auto found = TRY(target.query(
      "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA NOT IN "
      "('mysql', 'sys', 'information_schema', 'performance_schema', 'tideway_meta')",
      stop));
  const auto folded = [folds](const std::string& name) { return folds ? ascii_lower(name) : name; };
  for (const auto& row : found.rows)
    there.insert({folded(row[0].value_or("")), folded(row[1].value_or(""))});
  for (const ListedTable& table : objects.tables) {
    const Route route = TRY(router.route(table.id()));
    if (there.contains({folded(route.target.database), folded(route.target.name)}))
      held.insert(table.id());
  }
  return held;
}

Error not_followable(const std::vector<std::string>& tables, const std::string& until) {
  return {ErrorCode::no_consistent_point, Side::source, Retry::after_operator,
          fmt::format("tables without a key, and those whose foreign keys cascade, were written to "
                      "between --start and {}, and it cannot be told which of these changes their "
                      "rows hold: {}. Where the rows stand exactly at --start say --overlap-until "
                      "none; else leave them out with --filter",
                      until, fmt::join(tables, ", "))};
}

class Beginning {
 public:
  Beginning(const ReplicateOptions& options, const RouterPtr& router, Session& source,
            Session& target)
      : options_(options), router_(router), source_(source), target_(target) {}

  Result<LogBegin> find(const std::stop_token& stop) {
    TRY(read_folder());
    if (!options_.definition.empty()) {
      for (auto& [id, table] : TRY(read_definitions(options_.definition)))
        given_.insert_or_assign(id, table);
    }
    for (int i = 0;; ++i) {
      TRY(look(stop));
      const bool is_same = std::ranges::none_of(objects_.tables, [this](const ListedTable& table) {
        return behind_.is_redefined(table.id());
      });
      if (is_same || options_.start != "now" || i == most_listings) break;
    }
    define();
    TRY(place_tables(stop));
    begin_.objects = std::move(objects_);
    return std::move(begin_);
  }

 private:
  Result<void> read_folder() {
    std::error_code ignored;
    if (!std::filesystem::is_directory(options_.start, ignored)) return {};
    dump_ = TRY(place_of_manifest(options_.start));
    given_ = TRY(read_definitions(options_.start));
    in_dump_ = given_;
    is_folder_ = true;
    return {};
  }

  Result<LogStart> start(const std::stop_token& stop) {
    if (dump_) return dump_->low;
    const std::string place = is_folder_ ? TRY(place_of_metadata(options_.start)) : options_.start;
    return TRY_DURING("--start", find_log_place(source_, place, stop));
  }

  // The start, what may overlap behind it, and the tables as they are now, with what the log
  // changed of them since the place at which their definitions are wanted.
  Result<void> look(const std::stop_token& stop) {
    begin_.start = TRY(start(stop));
    ListOptions listing;
    listing.with_views = false;
    auto objects = list_objects(source_, Router::filter_of(router_), listing, stop);
    // What the log makes from here on may be all there is.
    const bool is_none = !objects && objects.error().code() == ErrorCode::filter_matches_nothing;
    if (!objects && !is_none)
      return fail(std::move(objects).error().during("listing tables of the source"));
    objects_ = is_none ? ObjectList() : *std::move(objects);
    if (dump_) {
      high_ = dump_->end;
    } else if (options_.overlap_until != "none" && options_.start != "now") {
      const std::string& until = options_.overlap_until;
      high_ = TRY_DURING("--overlap-until",
                         find_log_place(source_, until.empty() ? "now" : until, stop));
    }
    const LogStart end = TRY(end_of_log(source_, stop));
    behind_ =
        TRY(touches_between(source_, high_ ? *high_ : begin_.start, end.position, objects_, stop));
    return {};
  }

  void define() {
    for (const ListedTable& table : objects_.tables) {
      const bool is_known = given_.contains(table.id()) || !behind_.is_redefined(table.id());
      if (!is_known) {
        LOG(warn, "the definition of a table at the start is not known until a statement tells it",
            {{"table", quoted(table.id())}});
      }
      begin_.definitions.push_back({table.id(), is_known ? table.def->create_text : ""});
    }
    for (const auto& [id, table] : given_) {
      const auto known = std::ranges::find(begin_.definitions, id, &SourceDefinition::table);
      if (known != begin_.definitions.end()) {
        known->create_text = table->create_text;
      } else if (router_->is_wanted(id)) {
        begin_.definitions.push_back({id, table->create_text});
      }
    }
  }

  Result<void> place_tables(const std::stop_token& stop) {
    if (!high_) return {};
    const std::set<TableId> held = TRY(held_by_target(*router_, objects_, target_, stop));
    std::set<TableId> cascading;
    for (const auto& family : families(objects_.cascades))
      cascading.insert(family.begin(), family.end());
    const Touches window =
        TRY(touches_between(source_, begin_.start, high_->position, objects_, stop));
    std::vector<std::string> loose;
    for (const ListedTable& table : objects_.tables) {
      const TableId& id = table.id();
      if (!held.contains(id) || (dump_ && !in_dump_.contains(id))) continue;
      const bool is_exact = dump_ && !dump_->loose.contains(id);
      if (is_exact) {
        begin_.starts.push_back({id, begin_.start.to_json(), dump_->high.to_json(), true});
        continue;
      }
      const bool has_name = has_row_key(*table.def) && !cascading.contains(id);
      if (!has_name && window.is_touched(id)) loose.push_back(quoted(id));
      begin_.starts.push_back({id, begin_.start.to_json(), high_->to_json(), !has_name});
    }
    if (!loose.empty()) return fail(not_followable(loose, high_->to_text()));
    if (!begin_.starts.empty()) begin_.overlap = high_->to_text();
    return {};
  }

  const ReplicateOptions& options_;
  const RouterPtr& router_;
  Session& source_;
  Session& target_;
  bool is_folder_ = false;
  std::optional<DumpPlace> dump_;
  std::map<TableId, TablePtr> given_, in_dump_;
  ObjectList objects_;
  std::optional<LogStart> high_;  // the end of the overlap
  Touches behind_;                // what the log did behind the place of the definitions
  LogBegin begin_;
};

}  // namespace

Result<LogBegin> find_log_begin(const ReplicateOptions& options, const RouterPtr& router,
                                Session& source, Session& target, const std::stop_token& stop) {
  if (options.start.empty()) {
    return fail(Error(ErrorCode::usage, Side::local, Retry::never,
                      "a new job needs to know where to begin: --start now, FILE:OFFSET, a set of "
                      "GTIDs, a time, or the folder of a dump"));
  }
  return Beginning(options, router, source, target).find(stop);
}

}  // namespace tideway::recipe
