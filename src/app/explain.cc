#include "app/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "app/commands.h"
#include "base/text.h"
#include "model/exit_code.h"

namespace tideway {
namespace {

struct ExplainOptions {
  std::vector<std::string> codes;
  bool markdown = false;
  static const OptionTable<ExplainOptions>& table() {
    static const OptionTable<ExplainOptions> options{
        option("code", &ExplainOptions::codes)
            .word()
            .value_name("CODE")
            .help(
                "An error's number or name: TW301, missing_privilege. None: all of them in short."),
        option("markdown", &ExplainOptions::markdown)
            .help("The whole reference page, docs/errors.md."),
    };
    return options;
  }
};

// Hundreds are areas, as error_codes.def says.
constexpr std::array<std::string_view, 10> areas = {"",
                                                    "Options and files of ours",
                                                    "Connecting",
                                                    "Asking a server",
                                                    "Snapshots",
                                                    "SQL text and definitions",
                                                    "Storage and disk",
                                                    "Dump files",
                                                    "Writing the target",
                                                    "Verification"};

std::size_t area_of(const ErrorPage& page) { return static_cast<std::size_t>(page.code) / 100; }

unsigned exit_of(const ErrorPage& page) {
  return static_cast<unsigned>(exit_code_of(Error(page.code, Side::local, Retry::never, "")));
}

std::string list_of_codes() {
  std::string text;
  for (const ErrorPage& page : error_pages()) {
    text += fmt::format("{}  {:<26} {}\n", to_text(page.code), page.name, page.sentence);
  }
  return text;
}

Error unknown(const std::string& word) {
  std::vector<std::string_view> names;
  for (const ErrorPage& page : error_pages()) names.push_back(page.name);
  const std::string_view near = nearest(ascii_lower(word), names);
  return {ErrorCode::usage, Side::local, Retry::never,
          fmt::format("there is no error code '{}'{}", word,
                      near.empty() ? "" : fmt::format("; did you mean {}?", near))};
}

ExitCode explain(const ExplainOptions& options, Console& console, const std::stop_token&) {
  if (options.markdown) console.print(errors_markdown());
  if (options.codes.empty() && !options.markdown) console.print(list_of_codes());
  for (const std::string& word : options.codes) {
    const ErrorPage* page = find_error_page(word);
    if (page == nullptr) return refuse(console, "explain", unknown(word));
    console.print(explain_text(*page));
  }
  return ExitCode::proven;
}

}  // namespace

const ErrorPage* find_error_page(std::string_view word) {
  std::string wanted = ascii_lower(word);
  if (wanted.starts_with("tw")) wanted.erase(0, 2);
  const auto& pages = error_pages();
  const auto found = std::ranges::find_if(pages, [&](const ErrorPage& page) {
    return std::to_string(static_cast<unsigned>(page.code)) == wanted ||
           page.name == ascii_lower(word);
  });
  return found == pages.end() ? nullptr : &*found;
}

std::string explain_text(const ErrorPage& page) {
  return fmt::format("{} {}\n  {}\n  next: {}\n  exit code: {}\n", to_text(page.code), page.name,
                     page.sentence, page.advice, exit_of(page));
}

std::string errors_markdown() {
  std::string text =
      "<!-- Made by `tideway explain --markdown`: edit src/base/error_codes.def, not this page. "
      "-->\n# Errors\n\n"
      "Every error has a code that never changes its meaning. `tideway explain CODE` prints its "
      "entry offline. The exit code is\n"
      "that of a command that ends with the error: 1 failed, 2 usage, 4 stopped, 5 environment.\n";
  std::size_t area = 0;
  for (const ErrorPage& page : error_pages()) {
    if (area_of(page) != area) {
      area = area_of(page);
      text += fmt::format(
          "\n## {}\n\n| Code | Name | Means | What to do | Exit |\n| --- | --- | --- | --- | --- "
          "|\n",
          areas.at(area));
    }
    std::string advice(page.advice);
    for (std::size_t at = 0; (at = advice.find('|', at)) != std::string::npos; at += 2)
      advice.insert(at, 1, '\\');
    text += fmt::format("| {} | `{}` | {} | {} | {} |\n", to_text(page.code), page.name,
                        page.sentence, advice, exit_of(page));
  }
  return text;
}

Command explain_command() {
  return command<ExplainOptions>(
      "explain", "Prints what an error code means and what to do, without any server.", explain);
}

}  // namespace tideway
