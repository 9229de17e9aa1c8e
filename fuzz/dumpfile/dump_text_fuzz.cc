// Any bytes as a dump's metadata, manifest and journal: what can be read is written back as the
// same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "dumpfile/manifest.h"
#include "dumpfile/metadata.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tideway;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(parse_metadata(text));
  const auto manifest = parse_manifest(text);
  if (manifest) CHECK(parse_manifest(to_json(*manifest)).value() == *manifest);
  const auto journal = parse_journal(text);
  if (journal && journal->has_begun)
    CHECK(parse_journal(to_journal(journal->manifest)).value().manifest == journal->manifest);
  return 0;
}
