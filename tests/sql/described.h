#pragma once

#include <string>

#include "model/table_def.h"

namespace tideway::testing {

// A definition line by line, for comparing what was tracked with what a server shows. utf8 and
// utf8mb3 are one; foreign keys are sorted by name; the primary key's columns and everything the
// statement decides are there, how a key is stored is not.
std::string described(const TableDef& table);

}  // namespace tideway::testing
