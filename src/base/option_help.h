#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/option_spec.h"

namespace tideway {

// What `--help` prints: the summary, the usage line, the options by group, wrapped at `width`
// columns.
std::string help_text(std::string_view command, std::string_view summary,
                      const std::vector<OptionSpec>& options, std::size_t width = 100);

// The command's reference page, docs/options-COMMAND.md.
std::string help_markdown(std::string_view command, std::string_view summary,
                          const std::vector<OptionSpec>& options);

}  // namespace tideway
