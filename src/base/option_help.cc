#include "base/option_help.h"

#include <fmt/format.h>

#include <algorithm>

namespace tideway {
namespace {

using Kind = OptionSpec::Kind;

constexpr std::size_t help_column = 30;

// Groups in the order of their first option.
std::vector<std::string> groups_of(const std::vector<OptionSpec>& options) {
  std::vector<std::string> groups;
  for (const OptionSpec& option : options) {
    if (option.kind == Kind::retired || option.kind == Kind::word) continue;
    if (std::ranges::find(groups, option.group) == groups.end()) groups.push_back(option.group);
  }
  return groups;
}

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  std::string out;
  std::size_t column = indent;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (column > indent && column + 1 + end > width) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += text.substr(0, end);
    column += end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// "What it is. One of a, b. Default: a."
std::string full_help(const OptionSpec& option) {
  std::string text = option.help;
  if (!option.limits.empty()) {
    std::string limits = option.limits;
    limits.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(limits.front())));
    text += " " + limits + ".";
  }
  if (option.is_required) text += " Required.";
  if (option.takes_many) text += " Can be given many times.";
  if (!option.default_text.empty()) text += " Default: " + option.default_text + ".";
  return text;
}

std::string names_of(const OptionSpec& option) {
  std::string names = option.short_name == '\0' ? "" : fmt::format("-{}, ", option.short_name);
  if (option.kind == Kind::flag && !option.default_text.empty())
    return names + "--[no-]" + option.name;
  names += "--" + option.name;
  if (option.kind != Kind::flag) names += " " + option.value_name;
  return names;
}

std::string usage_line(std::string_view command, const std::vector<OptionSpec>& options) {
  std::string line = fmt::format("tideway {}", command);
  bool has_more = false;
  for (const OptionSpec& option : options) {
    if (option.kind == Kind::word) {
      const std::string name = option.value_name + (option.takes_many ? "…" : "");
      line += option.is_required ? " " + name : " [" + name + "]";
    } else if (option.is_required) {
      line += fmt::format(" --{} {}", option.name, option.value_name);
    } else if (option.kind != Kind::retired) {
      has_more = true;
    }
  }
  return line + (has_more ? " [options]" : "");
}

std::string cell(std::string text) {  // one cell of a Markdown table
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2)
    text.insert(at, 1, '\\');
  return text;
}

}  // namespace

std::string help_text(std::string_view command, std::string_view summary,
                      const std::vector<OptionSpec>& options, std::size_t width) {
  std::string text =
      fmt::format("{}\n\n  {}\n", wrapped(summary, 0, width), usage_line(command, options));
  for (const OptionSpec& option : options) {
    if (option.kind == Kind::word) {
      text += fmt::format("\n  {:<{}}{}\n", option.value_name, help_column - 2,
                          wrapped(full_help(option), help_column, width));
    }
  }
  for (const std::string& group : groups_of(options)) {
    text += fmt::format("\n{}:\n", group.empty() ? "Options" : group);
    for (const OptionSpec& option : options) {
      if (option.kind == Kind::retired || option.kind == Kind::word || option.group != group)
        continue;
      std::string left = (option.short_name == '\0' ? "      " : "  ") + names_of(option);
      if (left.size() + 1 > help_column) {
        left += "\n" + std::string(help_column, ' ');
      } else {
        left.resize(help_column, ' ');
      }
      text += left + wrapped(full_help(option), help_column, width) + "\n";
    }
  }
  return text;
}

std::string help_markdown(std::string_view command, std::string_view summary,
                          const std::vector<OptionSpec>& options) {
  std::string text = fmt::format(
      "<!-- Made by `tideway help --markdown {0}`: edit the option tables, not this page. -->\n# "
      "tideway {0}\n\n{1}\n\n"
      "```\n{2}\n```\n",
      command, summary, usage_line(command, options));
  if (std::ranges::any_of(options, &OptionSpec::is_config_file)) {
    text += "\nEvery option is also a key of the file given with `--config`, without the dashes.\n";
  }
  for (const std::string& group : groups_of(options)) {
    text += fmt::format("\n## {}\n\n| Option | Means |\n| --- | --- |\n",
                        group.empty() ? "Options" : group);
    for (const OptionSpec& option : options) {
      if (option.kind == Kind::retired || option.kind == Kind::word || option.group != group)
        continue;
      std::string also;
      for (const std::string& alias : option.aliases) also += fmt::format(" Also `--{}`.", alias);
      text +=
          fmt::format("| `{}` | {}{} |\n", cell(names_of(option)), cell(full_help(option)), also);
    }
  }
  std::string words, retired;
  for (const OptionSpec& option : options) {
    if (option.kind == Kind::word)
      words += fmt::format("| `{}` | {} |\n", option.value_name, cell(full_help(option)));
    if (option.kind == Kind::retired) {
      retired += option.successor.empty()
                     ? fmt::format("| `--{}` | no effect: {} |\n", option.name, cell(option.help))
                     : fmt::format("| `--{}` | `--{}`; goes with version {} |\n", option.name,
                                   option.successor, option.gone_in);
    }
  }
  if (!words.empty()) text += "\n## Words\n\n| Word | Means |\n| --- | --- |\n" + words;
  if (!retired.empty()) text += "\n## Retired names\n\n| Name | Now |\n| --- | --- |\n" + retired;
  return text;
}

}  // namespace tideway
