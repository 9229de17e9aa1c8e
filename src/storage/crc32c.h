#pragma once

#include <cstdint>
#include <string_view>

namespace tideway {

// CRC-32C (Castagnoli), which snappy's framing format wants.
std::uint32_t crc32c(std::string_view bytes);

}  // namespace tideway
