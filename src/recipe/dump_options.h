#pragma once

#include <string>

#include "dumpfile/dump_sink.h"
#include "mysql/server.h"
#include "recipe/dump.h"

namespace tideway::recipe {

std::string default_output();  // ./export-<now>, as the original exporter names it
Result<DumpFormat> dump_format(const DumpOptions& options, const Server& source);
std::string dump_settings(
    const DumpOptions& options);  // what a start must share with the start that began the dump

}  // namespace tideway::recipe
