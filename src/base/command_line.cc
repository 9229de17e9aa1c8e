#include "base/command_line.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/config_file.h"
#include "base/text.h"

namespace tideway {
namespace {

using Kind = OptionSpec::Kind;

Error usage(std::string message) {
  return {ErrorCode::usage, Side::local, Retry::never, std::move(message)};
}

struct Assignment {
  const BoundOption* option;
  std::string value, shown_as;  // "--threads", "-t", "CODE"
};

// First pass: words to assignments, nothing set yet.
class Scanner {
 public:
  Scanner(const BoundOptions& options, std::span<const std::string> words)
      : options_(options), words_(words) {}

  Result<std::vector<Assignment>> scan() {
    while (next_ < words_.size() && !wants_help_) {
      const std::string& word = words_[next_++];
      if (only_words_ || word.size() < 2 || word.front() != '-') {
        TRY(take_word(word));
      } else if (word == "--") {
        only_words_ = true;
      } else if (word.starts_with("--")) {
        TRY(take_long(std::string_view(word).substr(2)));
      } else {
        TRY(take_short(std::string_view(word).substr(1)));
      }
    }
    return std::move(assignments_);
  }
  bool wants_help() const { return wants_help_; }

 private:
  Result<void> take_word(const std::string& word);
  Result<void> take_long(std::string_view text);
  Result<void> take_short(std::string_view letters);
  Result<std::string> value_of(const BoundOption& option, const std::string& shown_as);
  const BoundOption* find(std::string_view name) const;
  const BoundOption* find(char letter) const;
  Error unknown(std::string_view name) const;

  const BoundOptions& options_;
  const std::span<const std::string> words_;
  std::size_t next_ = 0;
  bool only_words_ = false, wants_help_ = false;
  std::vector<Assignment> assignments_;
};

const BoundOption* Scanner::find(std::string_view name) const {
  const auto found = std::ranges::find_if(options_, [name](const BoundOption& option) {
    return option.spec.kind != Kind::word &&
           (option.spec.name == name ||
            std::ranges::find(option.spec.aliases, name) != option.spec.aliases.end());
  });
  return found == options_.end() ? nullptr : &*found;
}

const BoundOption* Scanner::find(char letter) const {
  const auto found = std::ranges::find(
      options_, letter, [](const BoundOption& option) { return option.spec.short_name; });
  return found == options_.end() ? nullptr : &*found;
}

Error Scanner::unknown(std::string_view name) const {
  std::vector<std::string_view> known{"help"};
  for (const BoundOption& option : options_) {
    if (option.spec.kind == Kind::word || option.spec.kind == Kind::retired) continue;
    known.push_back(option.spec.name);
    known.insert(known.end(), option.spec.aliases.begin(), option.spec.aliases.end());
  }
  const std::string_view near = nearest(name, known);
  return usage(fmt::format("unknown option --{}{}", name,
                           near.empty() ? "" : fmt::format("; did you mean --{}?", near)));
}

Result<void> Scanner::take_word(const std::string& word) {
  for (const BoundOption& option : options_) {
    if (option.spec.kind != Kind::word) continue;
    const bool is_taken = std::ranges::any_of(
        assignments_, [&option](const Assignment& a) { return a.option == &option; });
    if (is_taken && !option.spec.takes_many) continue;
    assignments_.push_back({&option, word, option.spec.value_name});
    return {};
  }
  if (find(word) != nullptr)
    return fail(usage(fmt::format("unexpected word '{}'; did you mean --{}?", word, word)));
  return fail(usage(fmt::format("unexpected word '{}'", without_passwords(word))));
}

Result<std::string> Scanner::value_of(const BoundOption& option, const std::string& shown_as) {
  if (next_ < words_.size() && !words_[next_].starts_with("--")) return words_[next_++];
  return fail(
      usage(fmt::format("{} needs a value: {}={}", shown_as, shown_as, option.spec.value_name)));
}

Result<void> Scanner::take_long(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  const std::string shown_as = fmt::format("--{}", name);
  const BoundOption* option = find(name);
  if (option == nullptr && text == "help") {
    wants_help_ = true;
    return {};
  }
  if (option == nullptr && name.starts_with("no-") && equals == std::string_view::npos) {
    const BoundOption* positive = find(name.substr(3));
    if (positive != nullptr && positive->spec.kind == Kind::flag) {
      assignments_.push_back({positive, "false", shown_as});
      return {};
    }
  }
  if (option == nullptr) return fail(unknown(name));
  if (equals != std::string_view::npos) {
    assignments_.push_back({option, std::string(text.substr(equals + 1)), shown_as});
  } else if (option->spec.kind == Kind::flag) {
    assignments_.push_back({option, "true", shown_as});
  } else {
    assignments_.push_back({option, TRY(value_of(*option, shown_as)), shown_as});
  }
  return {};
}

Result<void> Scanner::take_short(std::string_view letters) {
  while (!letters.empty()) {
    const std::string shown_as = fmt::format("-{}", letters.front());
    const BoundOption* option = find(letters.front());
    if (option == nullptr && letters == "h") {
      wants_help_ = true;
      return {};
    }
    if (option == nullptr)
      return fail(usage(fmt::format("unknown option {}; see --help", shown_as)));
    letters.remove_prefix(1);
    const bool has_equals = letters.starts_with('=');
    if (option->spec.kind == Kind::flag && !has_equals) {
      assignments_.push_back({option, "true", shown_as});
      continue;
    }
    std::string value = letters.empty() ? TRY(value_of(*option, shown_as))
                                        : std::string(letters.substr(has_equals ? 1 : 0));
    assignments_.push_back({option, std::move(value), shown_as});
    return {};
  }
  return {};
}

// A retired option's successor, with a warning; nullptr when there is none any more.
const BoundOption* resolve_retired(const BoundOptions& options, const BoundOption& option,
                                   const std::string& shown_as, ParsedOptions& parsed) {
  const OptionSpec& spec = option.spec;
  if (spec.kind != Kind::retired) return &option;
  if (spec.successor.empty()) {
    parsed.warnings.push_back(fmt::format("{} has no effect any more: {}", shown_as, spec.help));
    return nullptr;
  }
  parsed.warnings.push_back(fmt::format("{} is now --{}; the old name goes with version {}",
                                        shown_as, spec.successor, spec.gone_in));
  const auto found = std::ranges::find(options, spec.successor,
                                       [](const BoundOption& known) { return known.spec.name; });
  return found == options.end() ? nullptr : &*found;
}

Result<void> assign(const BoundOptions& options, const Assignment& assignment,
                    std::set<const BoundOption*>& begun, ParsedOptions& parsed) {
  const BoundOption* option =
      resolve_retired(options, *assignment.option, assignment.shown_as, parsed);
  if (option == nullptr) return {};
  if (option->spec.takes_many && begun.insert(option).second) option->clear();
  if (auto set = option->set(assignment.value); !set)
    return fail(std::move(set).error().during(assignment.shown_as));
  parsed.given.insert(option->spec.name);
  return {};
}

Result<void> check_required(const BoundOptions& options, const ParsedOptions& parsed) {
  for (const BoundOption& option : options) {
    const OptionSpec& spec = option.spec;
    if (!spec.is_required || parsed.given.contains(spec.name)) continue;
    if (spec.kind == Kind::word) return fail(usage(fmt::format("{} is missing", spec.value_name)));
    return fail(usage(fmt::format("--{} {} is missing", spec.name, spec.value_name)));
  }
  return {};
}

// Where the value of a word like `--password=…` or `-p…` begins, or npos.
std::size_t password_begins(std::string_view word) {
  for (const std::string_view name : {"--password=", "--pass=", "-p"}) {
    if (word.starts_with(name) && word.size() > name.size()) return name.size();
  }
  return std::string_view::npos;
}

}  // namespace

Result<ParsedOptions> parse_command_line(const BoundOptions& options,
                                         std::span<const std::string> words) {
  ParsedOptions parsed;
  Scanner scanner(options, words);
  const auto assignments = TRY(scanner.scan());
  parsed.wants_help = scanner.wants_help();
  if (parsed.wants_help) return parsed;
  std::set<const BoundOption*> begun;
  for (const Assignment& assignment : assignments) {
    if (!assignment.option->spec.is_config_file) continue;
    TRY(assign(options, assignment, begun, parsed));
    TRY(read_config_file(assignment.value, options, parsed));
  }
  for (const Assignment& assignment : assignments) {
    if (!assignment.option->spec.is_config_file) TRY(assign(options, assignment, begun, parsed));
  }
  TRY(check_required(options, parsed));
  return parsed;
}

std::string without_passwords(std::string_view argument) {
  std::string text(argument);
  const auto blank = [&text](std::size_t begin, std::size_t end) {
    std::fill(text.begin() + static_cast<std::ptrdiff_t>(begin),
              text.begin() + static_cast<std::ptrdiff_t>(end), 'x');
  };
  if (const std::size_t scheme = argument.find("://"); scheme != std::string_view::npos) {
    // user:password@: the last @ before the path, since a password pasted raw may hold one itself.
    const std::size_t begin = scheme + 3;
    const std::size_t end = std::min(argument.find_first_of("/?#", begin), argument.size());
    const std::size_t at = argument.substr(0, end).rfind('@');
    const std::size_t raw_at =
        at == std::string_view::npos || at < begin ? argument.rfind('@') : at;
    const std::size_t colon = argument.find(':', begin);
    if (raw_at != std::string_view::npos && raw_at > begin && colon < raw_at)
      blank(colon + 1, raw_at);
    return text;
  }
  for (std::size_t begin = 0; begin < argument.size();) {
    const std::size_t end = std::min(argument.find(' ', begin), argument.size());
    const std::size_t value = password_begins(argument.substr(begin, end - begin));
    if (value != std::string_view::npos && argument.find("mysql") < begin)
      blank(begin + value, end);
    begin = end + 1;
  }
  return text;
}

void blank_process_title(std::span<char* const> argv, const std::vector<OptionSpec>& specs) {
  const auto is_secret = [&specs](std::string_view name) {
    return std::ranges::any_of(specs, [name](const OptionSpec& spec) {
      return spec.is_secret &&
             (spec.name == name || std::ranges::find(spec.aliases, name) != spec.aliases.end());
    });
  };
  const auto overwrite = [](char* argument, const std::string& text) {
    std::ranges::copy(text, argument);
  };
  for (std::size_t i = 1; i < argv.size(); ++i) {
    const std::string_view word(argv[i]);
    overwrite(argv[i], without_passwords(word));
    if (!word.starts_with("--")) continue;
    const std::size_t equals = word.find('=');
    if (!is_secret(word.substr(2, equals == std::string_view::npos ? equals : equals - 2)))
      continue;
    if (equals != std::string_view::npos) {
      std::fill(argv[i] + equals + 1, argv[i] + word.size(), 'x');
    } else if (i + 1 < argv.size()) {
      ++i;
      const std::string_view value(argv[i]);
      // A URL stays readable but for its password.
      const std::string blanked = value.find("://") != std::string_view::npos
                                      ? without_passwords(value)
                                      : std::string(value.size(), 'x');
      overwrite(argv[i], blanked);
    }
  }
}

}  // namespace tideway
