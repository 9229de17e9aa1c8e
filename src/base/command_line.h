#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/option_spec.h"
#include "base/result.h"

namespace tideway {

// What was said, beside the values that are in the bound struct now.
struct ParsedOptions {
  std::set<std::string>
      given;  // names of the options that somebody set, in a file or on the command line
  std::vector<std::string> warnings;  // one line each, to be shown: retired names
  bool wants_help = false;            // --help or -h: the values are not complete then
};

// Sets the bound options from the words behind the command's name; values of a configuration file
// (an option made with config_file()) first, so that the command line wins. Accepted: --name value,
// --name=value, -x value, -xvalue, -x=value, flags as --name, --name=false, --no-name and -xy for
// two short ones, `--` before words that begin with a dash. A value that begins with `--` needs the
// form with `=`: a forgotten value must not swallow an option. TW100 names the nearest known
// option; TW103 the option and what it may be; TW101, TW102, TW6xx: the configuration file.
Result<ParsedOptions> parse_command_line(const BoundOptions& options,
                                         std::span<const std::string> words);

// The bytes of an argument that hold a password (in a URL, after -p in a pasted mysql line)
// replaced by 'x'; same length.
std::string without_passwords(std::string_view argument);

// Overwrites passwords in the process title: values of secret options and whatever
// without_passwords() finds. Call once the arguments are copied. `argv` is main's; any option of
// any command may be among `specs`.
void blank_process_title(std::span<char* const> argv, const std::vector<OptionSpec>& specs);

}  // namespace tideway
