#pragma once

#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "apply/schema.h"
#include "base/result.h"
#include "dumpfile/part_list.h"
#include "mysql/session.h"
#include "route/router.h"

namespace tideway::recipe {

// What an input directory means for a target: definitions, in the order in which they are made.
struct LoadInput {
  PartList parts;  // of the tables that the filter leaves, views taken out
  std::vector<DatabaseToMake> databases;
  std::vector<TableToMake> tables;
  std::vector<ViewToMake> views;
  std::map<TableId, TablePtr> definitions;
  std::string fingerprint;  // of the files: another text is another input
};

// Lists the directory and reads its schema files. Where a table has none, or `with_schemas` is
// false, the target's definition is asked for on `target`. Names on the target are
// those that the routes give. TW105: the filter leaves nothing; TW111, TW113: Router::routes()';
// TW700: a schema file cannot be read, with its name.
Result<LoadInput> read_input(Storage& place, const Router& router, bool with_schemas,
                             Session& target, const std::stop_token& stop);

std::uint64_t rows_of(const PartList& parts);  // of all data files; 0 without our manifest
// How the dump was consistent, where our manifest says it: a load adds nothing to that.
std::string rung_of(const PartList& parts);
std::string position_of(const PartList& parts);  // of the source, where `metadata` says it

}  // namespace tideway::recipe
