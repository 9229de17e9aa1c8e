// Any bytes as filter rules: parsing ends, a rule that parsed can be asked, and asking with the
// rule's own text ends too.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "model/table_filter.h"

namespace {

using tideway::FilterCase;
using tideway::TableFilter;

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto inner = text.substr(std::min(text.find('@'), text.size()));
  // `@path` reads the input itself once more: no disk, and files within files are met.
  const auto read = [inner](const std::string&) -> tideway::Result<std::string> {
    return std::string(inner);
  };
  for (const auto filter_case : {FilterCase::insensitive, FilterCase::sensitive}) {
    const auto filter = TableFilter::parse(lines_of(text), filter_case, read);
    if (!filter) {
      CHECK(filter.error().message().starts_with("at "));
      continue;
    }
    // Whoever takes a table takes its database: a negative rule that hides the database hides the
    // table too.
    for (const auto database : {text, inner}) {
      if (filter->matches_table(database, inner)) CHECK(filter->matches_database(database));
    }
  }
  return 0;
}
