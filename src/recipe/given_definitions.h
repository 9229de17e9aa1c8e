#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "model/table_def.h"

namespace tideway::recipe {

// Definitions from CREATE TABLE statements in a file, whose tables name their database or follow a
// USE, or from the schema files of a dump's folder. Errors name the file.
Result<std::map<TableId, TablePtr>> read_definitions(const std::string& path);

}  // namespace tideway::recipe
