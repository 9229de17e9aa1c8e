// Any bytes as a packed file: reading ends, in bounded memory, and a piece size makes no
// difference.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "storage/compression.h"
#include "storage/memory_storage.h"

namespace {

constexpr std::size_t most = 4 << 20U;  // a bomb is cut here

std::string unpack(tideway::Storage& storage, const std::string& path, std::size_t piece) {
  auto reader = tideway::open_unpacked(storage, path);
  CHECK(reader.has_value());
  std::string all, buffer(piece, '\0');
  while (all.size() < most) {
    const auto got = (*reader)->read(buffer.data(), std::min(piece, most - all.size()));
    if (!got) {
      CHECK(got.error().code() == tideway::ErrorCode::file_corrupt);
      return all + " error";
    }
    if (*got == 0) return all + " end";
    all.append(buffer, 0, *got);
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const char* const paths[] = {"x.gz", "x.snappy", "x.zst"};
  const std::string path = paths[data[0] % 3];
  tideway::MemoryStorage storage;
  storage.put(path, std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  CHECK(unpack(storage, path, 65536) == unpack(storage, path, 4096));
  return 0;
}
