#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config_tree.h"
#include "base/result.h"

namespace tideway {

// What everybody but the option's own struct needs to know of an option: the command line, a
// configuration file, `--help`, the reference page and the console's form are all made from it.
struct OptionSpec {
  enum class Kind : std::uint8_t {
    value,    // one value; given again, the last one counts
    flag,     // --name, --name=true|false, --no-name
    list,     // every use adds values; the first use replaces the default
    word,     // a bare word of the command line, no --name; takes all of them when it is a list
    tree,     // a map or a list, nested in a file; one value of YAML on the command line
    retired,  // still understood, with a warning: stands for `successor`, or for nothing when that
              // is empty
  };
  Kind kind = Kind::value;
  std::string name;  // without dashes; the key of a configuration file
  char short_name = '\0';
  std::vector<std::string> aliases;  // further names on the command line
  std::string group, help;
  std::string value_name;    // what stands for the value in help: URL, SIZE, N
  std::string limits;        // "1 to 256", "one of auto, lock"; empty: anything
  std::string default_text;  // empty: none worth showing
  bool is_secret = false;    // its value is blanked from the process title and never shown
  bool is_required = false;
  bool is_config_file = false;     // names the configuration file that is read before the rest
  bool takes_many = false;         // several values: a list, or words
  std::string successor, gone_in;  // of a retired option: its new name, the version without it
};

// An option tied to the struct it fills. The struct outlives it.
struct BoundOption {
  OptionSpec spec;
  std::function<Result<void>(std::string_view)>
      set;                      // TW103 says what the value should be, not whose
  std::function<void()> clear;  // empties a list
  std::function<Result<void>(const ConfigTree&)> set_tree;  // of a tree
};
using BoundOptions = std::vector<BoundOption>;

}  // namespace tideway
