#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "base/option_table.h"
#include "base/result.h"
#include "dumpfile/dump_format.h"
#include "flow/status.h"
#include "model/certificate.h"
#include "model/common_options.h"
#include "recipe/reading_options.h"

namespace tideway::recipe {

struct DumpOptions {
  CommonOptions common;
  ReadingOptions reading;
  bool schemas = true, data = true, views = true;
  FileType file_type = FileType::sql;
  Compression compress = Compression::none;
  std::uint64_t file_bytes = 0, statement_bytes = 1'000'000;
  bool complete_insert = false, escape_backslash = true, header = true;
  std::string csv_separator = ",", csv_delimiter = "\"", csv_terminator = "\r\n",
              csv_null_value = "\\N", csv_dialect;
  std::string name_template;
  static const OptionTable<DumpOptions>& table();
};

// Source to files at one position of the source's log, in the form of the original exporter, with a
// manifest beside. Started again after any end, it goes on.
Result<Certificate> dump(const DumpOptions& options, StatusBoard& board,
                         const std::stop_token& stop);

}  // namespace tideway::recipe
