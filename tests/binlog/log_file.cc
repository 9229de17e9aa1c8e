#include "log_file.h"

#include <gtest/gtest.h>
#include <libdeflate.h>

#include <cstring>
#include <memory>

namespace tideway {

std::vector<std::string_view> events_of(std::string_view log) {
  constexpr std::size_t magic_bytes = 4, length_at = 9, header_bytes = 19;
  EXPECT_EQ(log.substr(0, magic_bytes), std::string_view("\xFE"
                                                         "bin"));
  log.remove_prefix(magic_bytes);
  std::vector<std::string_view> events;
  while (!log.empty()) {
    std::uint32_t length = 0;
    if (log.size() >= header_bytes) std::memcpy(&length, log.data() + length_at, sizeof length);
    if (length < header_bytes || length > log.size()) {
      ADD_FAILURE() << "an event of " << length << " bytes where " << log.size() << " are left";
      break;
    }
    events.push_back(log.substr(0, length));
    log.remove_prefix(length);
  }
  return events;
}

std::string unpacked(std::string_view gzip) {
  std::uint32_t size = 0;  // its last four bytes
  if (gzip.size() > sizeof size)
    std::memcpy(&size, gzip.data() + gzip.size() - sizeof size, sizeof size);
  std::string bytes(size, '\0');
  const std::unique_ptr<libdeflate_decompressor, void (*)(libdeflate_decompressor*)> with(
      libdeflate_alloc_decompressor(), libdeflate_free_decompressor);
  EXPECT_EQ(libdeflate_gzip_decompress(with.get(), gzip.data(), gzip.size(), bytes.data(),
                                       bytes.size(), nullptr),
            LIBDEFLATE_SUCCESS);
  return bytes;
}

}  // namespace tideway
