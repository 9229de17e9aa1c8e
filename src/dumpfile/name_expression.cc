#include "dumpfile/name_expression.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "dumpfile/file_name.h"

namespace tideway {
namespace {

constexpr int depth_most = 32;  // parentheses inside parentheses: a person's template has two
constexpr std::size_t text_most = 4096;

constexpr std::array functions = {"fn",    "printf", "print", "println", "len", "index",
                                  "slice", "eq",     "ne",    "lt",      "le",  "gt",
                                  "ge",    "and",    "or",    "not"};

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

class PipeParser {
 public:
  PipeParser(std::string_view text, std::size_t at) : text_(text), base_(at) {}

  Result<NamePipe> parse_all() {
    NamePipe pipe = TRY(parse(0));
    if (at_ != text_.size()) return fail(error("unexpected '" + std::string(1, text_[at_]) + "'"));
    return pipe;
  }

 private:
  Error error(std::string_view what) const {
    return name_error(fmt::format("{} at byte {}", what, base_ + at_));
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  std::string_view word() {
    const std::size_t start = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }

  Result<NamePipe> parse(int depth) {
    if (depth > depth_most) return fail(error("parentheses are nested too deeply"));
    NamePipe pipe;
    skip_blanks();
    take_declaration(pipe);
    while (true) {
      NameCommand command;
      skip_blanks();
      while (at_ < text_.size() && peek() != '|' && peek() != ')') {
        command.operands.push_back(TRY(operand(depth)));
        if (at_ < text_.size() && !is_blank(peek()) && peek() != '|' && peek() != ')')
          return fail(error("missing blank"));
        skip_blanks();
      }
      if (command.operands.empty()) return fail(error("missing value"));
      TRY(check(command, pipe.commands.empty()));
      pipe.commands.push_back(std::move(command));
      if (peek() != '|') return pipe;
      ++at_;
    }
  }

  // `$x := ` and `$x = `; anything else leaves the place as it was.
  void take_declaration(NamePipe& pipe) {
    const std::size_t start = at_;
    if (peek() != '$') return;
    ++at_;
    const std::string_view name = word();
    skip_blanks();
    const bool is_new = text_.substr(at_).starts_with(":=");
    if (is_new || peek() == '=') {
      at_ += is_new ? 2 : 1;
      pipe.declares = std::string(name);
      pipe.is_new = is_new;
    } else {
      at_ = start;
    }
  }

  Result<void> check(const NameCommand& command, bool is_first) const {
    const bool calls = command.operands.front().kind == NameOperand::Kind::function;
    if (!calls && command.operands.size() > 1)
      return fail(error("only a function takes arguments"));
    if (!calls && !is_first) return fail(error("only a function can follow '|'"));
    return {};
  }

  Result<NameOperand> operand(int depth) {
    const char c = peek();
    if (c == '(') {
      ++at_;
      NameOperand made{NameOperand::Kind::pipe, {}, {}, {}};
      made.pipe.push_back(TRY(parse(depth + 1)));
      if (peek() != ')') return fail(error("missing ')'"));
      ++at_;
      return made;
    }
    if (c == '.') {
      ++at_;
      const std::string_view name = word();
      return NameOperand{name.empty() ? NameOperand::Kind::dot : NameOperand::Kind::field,
                         {},
                         std::string(name),
                         {}};
    }
    if (c == '$') {
      ++at_;
      return NameOperand{NameOperand::Kind::variable, {}, std::string(word()), {}};
    }
    if (c == '"' || c == '`')
      return NameOperand{NameOperand::Kind::value, TRY(quoted_text(c)), {}, {}};
    if (c == '-' || (c >= '0' && c <= '9'))
      return NameOperand{NameOperand::Kind::value, TRY(number()), {}, {}};
    const std::string_view name = word();
    if (name.empty())
      return fail(
          error(at_ < text_.size() ? "unexpected '" + std::string(1, c) + "'" : "missing value"));
    if (name == "true" || name == "false")
      return NameOperand{NameOperand::Kind::value, name == "true", {}, {}};
    if (std::ranges::find(functions, name) == functions.end())
      return fail(error(fmt::format("function \"{}\" not defined", name)));
    return NameOperand{NameOperand::Kind::function, {}, std::string(name), {}};
  }

  Result<NameValue> number() {
    std::int64_t value = 0;
    const auto [end, failed] =
        std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (failed != std::errc()) return fail(error("bad number"));
    at_ = static_cast<std::size_t>(end - text_.data());
    return NameValue(value);
  }

  Result<NameValue> quoted_text(char quote) {
    ++at_;
    std::string made;
    for (; at_ < text_.size() && peek() != quote; ++at_) {
      char c = peek();
      if (c == '\\' && quote == '"') {
        ++at_;
        constexpr std::string_view letters = "ntr\\\"'", meant = "\n\t\r\\\"'";
        const std::size_t letter = letters.find(peek());
        if (at_ == text_.size() || letter == std::string_view::npos)
          return fail(error("unknown escape"));
        c = meant[letter];
      }
      made += c;
    }
    if (at_ == text_.size()) return fail(error("unterminated string"));
    ++at_;
    return NameValue(std::move(made));
  }

  const std::string_view text_;
  const std::size_t base_;
  std::size_t at_ = 0;
};

Result<std::int64_t> to_number(const NameValue& value, std::string_view for_what) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  if (const auto* text = std::get_if<std::string>(&value)) {
    std::int64_t number = 0;
    const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (failed == std::errc() && end == text->data() + text->size()) return number;
  }
  return fail(name_error(fmt::format("{} wants a number, not \"{}\"", for_what, to_text(value))));
}

// One %verb: flags, width, letter.
Result<std::string> formatted(std::string_view verb, const NameValue& value) {
  const char letter = verb.back();
  std::string_view flags = verb.substr(0, verb.size() - 1);
  const bool to_left = flags.starts_with('-'), zeros = flags.starts_with('0');
  if (to_left || zeros) flags.remove_prefix(1);
  std::size_t width = 0;
  const auto [end, failed] = std::from_chars(flags.data(), flags.data() + flags.size(), width);
  if ((failed != std::errc() && !flags.empty()) || end != flags.data() + flags.size() ||
      width > text_most) {
    return fail(name_error(fmt::format("printf does not know %{}", verb)));
  }
  std::string text;
  if (letter == 'd') {
    text = std::to_string(TRY(to_number(value, "%d")));
  } else if (letter == 'x' || letter == 'X') {
    const auto number = TRY(to_number(value, "%x"));
    text = letter == 'x' ? fmt::format("{:x}", number) : fmt::format("{:X}", number);
  } else if (letter == 's' || letter == 'v') {
    text = to_text(value);
  } else if (letter == 'q') {
    text = '"' + to_text(value) + '"';
  } else {
    return fail(name_error(fmt::format("printf does not know %{}", verb)));
  }
  if (text.size() >= width) return text;
  const std::size_t missing = width - text.size();
  if (to_left) return text.append(missing, ' ');
  const bool is_negative = zeros && text.starts_with('-');
  return text.insert(is_negative ? 1 : 0, missing, zeros ? '0' : ' ');
}

Result<NameValue> print_formatted(const std::vector<NameValue>& arguments) {
  if (arguments.empty() || !std::holds_alternative<std::string>(arguments[0]))
    return fail(name_error("printf wants a format"));
  const std::string& format = std::get<std::string>(arguments[0]);
  std::string out;
  std::size_t next = 1;
  for (std::size_t at = 0; at < format.size(); ++at) {
    if (format[at] != '%') {
      out += format[at];
      continue;
    }
    const std::size_t letter = format.find_first_not_of("-0123456789", at + 1);
    if (letter == std::string::npos) return fail(name_error("printf: the format ends in '%'"));
    if (format[letter] == '%') {
      out += '%';
    } else if (next == arguments.size()) {
      return fail(name_error("printf: more verbs than values"));
    } else {
      out +=
          TRY(formatted(std::string_view(format).substr(at + 1, letter - at), arguments[next++]));
    }
    if (out.size() > text_most) return fail(name_error("printf: the text is too long"));
    at = letter;
  }
  if (next != arguments.size()) return fail(name_error("printf: more values than verbs"));
  return NameValue(std::move(out));
}

// -1, 0, 1; texts by bytes, numbers (and digits beside a number) by value.
Result<int> compare(const NameValue& left, const NameValue& right) {
  if (left.index() == right.index()) return left < right ? -1 : (right < left ? 1 : 0);
  const auto a = TRY(to_number(left, "a comparison")), b = TRY(to_number(right, "a comparison"));
  return a < b ? -1 : (b < a ? 1 : 0);
}

Result<NameValue> compared(std::string_view name, const std::vector<NameValue>& arguments) {
  if (arguments.size() < 2 || (name != "eq" && arguments.size() > 2))
    return fail(name_error(fmt::format("{} wants two values", name)));
  if (name == "eq") {  // equal to any of the others
    for (std::size_t i = 1; i < arguments.size(); ++i) {
      if (TRY(compare(arguments[0], arguments[i])) == 0) return NameValue(true);
    }
    return NameValue(false);
  }
  const int order = TRY(compare(arguments[0], arguments[1]));
  if (name == "ne") return NameValue(order != 0);
  if (name == "lt") return NameValue(order < 0);
  if (name == "le") return NameValue(order <= 0);
  if (name == "gt") return NameValue(order > 0);
  return NameValue(order >= 0);
}

Result<std::size_t> place_in(const NameValue& value, std::size_t most, std::string_view name) {
  const auto place = TRY(to_number(value, name));
  if (place < 0 || static_cast<std::uint64_t>(place) > most) {
    return fail(name_error(fmt::format("{}: {} is out of range (0 to {})", name, place, most)));
  }
  return static_cast<std::size_t>(place);
}

Result<NameValue> sliced(const std::vector<NameValue>& arguments) {
  if (arguments.empty() || arguments.size() > 3)
    return fail(name_error("slice wants a text and up to two places"));
  const std::string text = to_text(arguments[0]);
  const std::size_t from =
      arguments.size() > 1 ? TRY(place_in(arguments[1], text.size(), "slice")) : 0;
  const std::size_t to =
      arguments.size() > 2 ? TRY(place_in(arguments[2], text.size(), "slice")) : text.size();
  if (from > to) return fail(name_error("slice: the places are in the wrong order"));
  return NameValue(text.substr(from, to - from));
}

Result<NameValue> indexed(const std::vector<NameValue>& arguments) {
  if (arguments.size() != 2) return fail(name_error("index wants a text and a place"));
  const std::string text = to_text(arguments[0]);
  if (text.empty()) return fail(name_error("index: the text is empty"));
  const std::size_t place = TRY(place_in(arguments[1], text.size() - 1, "index"));
  return NameValue(std::int64_t{static_cast<unsigned char>(text[place])});
}

// Go's print: a blank between two operands of which neither is a text; println: always.
std::string printed(const std::vector<NameValue>& arguments, bool is_line) {
  std::string out;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool texts = i > 0 && (std::holds_alternative<std::string>(arguments[i - 1]) ||
                                 std::holds_alternative<std::string>(arguments[i]));
    if (i > 0 && (is_line || !texts)) out += ' ';
    out += to_text(arguments[i]);
  }
  if (is_line) out += '\n';
  return out;
}

Result<NameValue> call(std::string_view name, const std::vector<NameValue>& arguments) {
  if (name == "printf") return print_formatted(arguments);
  if (name == "print" || name == "println") return NameValue(printed(arguments, name == "println"));
  if (name == "slice") return sliced(arguments);
  if (name == "index") return indexed(arguments);
  if (arguments.empty()) return fail(name_error(fmt::format("{} wants a value", name)));
  if (name == "and" || name == "or") {
    const auto found = std::ranges::find_if(
        arguments, [&](const NameValue& value) { return is_true(value) == (name == "or"); });
    return found == arguments.end() ? arguments.back() : *found;
  }
  if (name == "fn" || name == "len" || name == "not") {
    if (arguments.size() != 1) return fail(name_error(fmt::format("{} wants one value", name)));
    if (name == "not") return NameValue(!is_true(arguments[0]));
    if (name == "fn") return NameValue(escape_name(to_text(arguments[0])));
    return NameValue(static_cast<std::int64_t>(to_text(arguments[0]).size()));
  }
  return compared(name, arguments);
}

Result<NameValue> field(const NameFields* fields, const std::string& name) {
  if (fields == nullptr)
    return fail(name_error(fmt::format("nil data; no entry for key \"{}\"", name)));
  if (name == "DB") return NameValue(fields->database);
  if (name == "Table") return NameValue(fields->table);
  if (name == "Policy") return NameValue(fields->policy);
  if (name == "Index") return NameValue(fields->index);
  if (name == "ChunkIndex") return NameValue(static_cast<std::int64_t>(fields->chunk_index));
  if (name == "FileIndex") return NameValue(static_cast<std::int64_t>(fields->file_index));
  return fail(name_error(fmt::format("can't evaluate field {} in type file name", name)));
}

Result<NameValue> value_of(const NameOperand& operand, NameScope& scope) {
  switch (operand.kind) {
    case NameOperand::Kind::value:
      return operand.value;
    case NameOperand::Kind::field:
      return field(scope.fields, operand.name);
    case NameOperand::Kind::variable: {
      const auto found = scope.variables.find(operand.name);
      if (found == scope.variables.end())
        return fail(name_error("undefined variable \"$" + operand.name + "\""));
      return found->second;
    }
    case NameOperand::Kind::pipe:
      return evaluate(operand.pipe.front(), scope);
    case NameOperand::Kind::function:
      return call(operand.name, {});
    case NameOperand::Kind::dot:
      return fail(name_error("'.' alone is no text"));
  }
  return fail(name_error("no value"));
}

}  // namespace

Error name_error(std::string message) {
  return {ErrorCode::bad_value, Side::local, Retry::never, std::move(message)};
}

std::string to_text(const NameValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  return std::get<bool>(value) ? "true" : "false";
}

bool is_true(const NameValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return !text->empty();
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number != 0;
  return std::get<bool>(value);
}

Result<NamePipe> parse_name_pipe(std::string_view text, std::size_t at) {
  return PipeParser(text, at).parse_all();
}

Result<NameValue> evaluate(const NamePipe& pipe, NameScope& scope) {
  NameValue value;
  for (std::size_t i = 0; i < pipe.commands.size(); ++i) {
    const auto& operands = pipe.commands[i].operands;
    if (operands.front().kind != NameOperand::Kind::function) {
      value = TRY(value_of(operands.front(), scope));
      continue;
    }
    std::vector<NameValue> arguments;
    for (std::size_t k = 1; k < operands.size(); ++k)
      arguments.push_back(TRY(value_of(operands[k], scope)));
    if (i > 0) arguments.push_back(std::move(value));
    value = TRY(call(operands.front().name, arguments));
  }
  if (!pipe.declares.empty()) {
    if (!pipe.is_new && !scope.variables.contains(pipe.declares)) {
      return fail(name_error("undefined variable \"$" + pipe.declares + "\""));
    }
    scope.variables[pipe.declares] = value;
  }
  return value;
}

}  // namespace tideway
