#pragma once

#include <string>

#include "base/command_line.h"
#include "base/option_spec.h"
#include "base/result.h"

namespace tideway {

// Sets the bound options from a YAML file: one map whose keys are the options' names, a list where
// the option takes many values. Errors name file:line:column:
//   TW101  no YAML, no map, a key twice     TW102  a key that no option has, with the nearest one
//   TW103  a value the option cannot be     TW602, TW604  the file cannot be read
Result<void> read_config_file(const std::string& path, const BoundOptions& options,
                              ParsedOptions& parsed);
Result<void> read_config_text(const std::string& text, const std::string& path,
                              const BoundOptions& options, ParsedOptions& parsed);

}  // namespace tideway
