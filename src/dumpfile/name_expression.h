#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "dumpfile/name_template.h"

namespace tideway {

// The values of a name template.
using NameValue = std::variant<std::string, std::int64_t, bool>;
std::string to_text(const NameValue& value);
bool is_true(const NameValue& value);  // Go's truth: not empty, not zero

// One operand of a command: a literal, a field, a variable, a pipeline in parentheses, or a
// function to be called.
struct NamePipe;
struct NameOperand {
  enum class Kind : std::uint8_t { value, field, variable, function, pipe, dot } kind = Kind::value;
  NameValue value;             // Kind::value
  std::string name;            // field, variable, function
  std::vector<NamePipe> pipe;  // at most one
};
struct NameCommand {
  std::vector<NameOperand> operands;  // never empty
};
struct NamePipe {
  std::string declares;  // the variable it sets, or empty
  bool is_new = false;   // := and not =
  std::vector<NameCommand>
      commands;  // left to right; each gets the one before as its last argument
};

// Parses the inside of {{…}} without its keyword. `at` is where `text` stands in the template, for
// messages.
Result<NamePipe> parse_name_pipe(std::string_view text, std::size_t at);

struct NameScope {
  const NameFields* fields = nullptr;  // nullptr: {{template "x"}} was given no dot
  std::map<std::string, NameValue> variables;
};
Result<NameValue> evaluate(const NamePipe& pipe, NameScope& scope);

Error name_error(std::string message);

}  // namespace tideway
