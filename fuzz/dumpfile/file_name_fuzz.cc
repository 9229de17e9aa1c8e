// Any bytes as a file name template, as an object's name and as a path found in a dump.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "dumpfile/file_name.h"
#include "dumpfile/file_rules.h"
#include "dumpfile/name_template.h"
#include "storage/storage.h"

namespace {

void check_names(std::string_view name) {
  using namespace tideway;
  const std::string escaped = escape_name(name);
  CHECK(unescape_name(escaped) == name);
  CHECK(escaped.find_first_of("/.") == std::string::npos);
  const NameFields fields{std::string(name), std::string(name), "p", "000000001", 1, 0};
  const auto path = file_path(NameTemplate(), "data", fields, ".sql.gz");
  if (!path) return;  // longer than any template may make it
  CHECK(is_plain_path(*path) && path->size() <= 255);
  static const FileRouter router = FileRouter::open(default_file_rules()).value();
  const auto routed = router.route(*path);
  CHECK(routed.has_value());
  if (is_shortened(*path) || name.empty() || name.find('\n') != std::string_view::npos) return;
  CHECK(routed->has_value() && (*routed)->database == name && (*routed)->table == name &&
        (*routed)->key == "000000001");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tideway;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto names = NameTemplate::parse(text);
  if (names) {
    const NameFields fields{"data.base", "ta/ble", "policy", "000000012", 12, 0};
    for (const char* which : {"data", "table", "schema", "view"}) {
      const auto name = names->render(which, fields);
      CHECK(!name || name->size() <= 4096);
    }
  }
  if (size <= 256) check_names(text);
  static const FileRouter router = FileRouter::open(default_file_rules()).value();
  static_cast<void>(router.route(text));
  CHECK(unescape_name(text).size() <= text.size());
  return 0;
}
