#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tideway {

// The bytes of a small local file that a person wrote: a configuration, a filter, a password. Not
// for data. TW604 when it is not there, TW602 when it cannot be read, is no regular file or pipe,
// or has more than `max_bytes`.
Result<std::string> read_small_file(const std::string& path, std::uint64_t max_bytes = 16U << 20U);

// Writes a small file that a person asked for (a report): whole or not at all, under a temporary
// name until it is. TW603.
Result<void> write_small_file(const std::string& path, std::string_view text);
// Whether that would work, tried out; nothing is left behind.
Result<void> check_small_file(const std::string& path);

}  // namespace tideway
