// Any bytes as a GTID set, in text and in the binary form: what is read is written and read back
// the same, and set operations agree with each other.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "binlog/gtid_set.h"

namespace {

void check_set(const tideway::GtidSet& set) {
  using tideway::GtidSet;
  const auto from_text = GtidSet::parse(set.to_text());
  CHECK(from_text && *from_text == set);
  const auto from_bytes = GtidSet::decode(set.encode());
  CHECK(from_bytes && *from_bytes == set);
  CHECK(set.contains(set) && set.minus(set).is_empty());
  GtidSet twice = set;
  twice.add(set);
  CHECK(twice == set);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto set = tideway::GtidSet::parse(bytes)) check_set(*set);
  if (const auto set = tideway::GtidSet::parse_owned(bytes)) check_set(*set);
  if (const auto set = tideway::GtidSet::decode(bytes)) check_set(*set);
  return 0;
}
