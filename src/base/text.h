#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace tideway {

// 1536 -> "1.5 KiB".
std::string human_bytes(std::uint64_t bytes);
// 1234567 -> "1 234 567".
std::string human_count(std::uint64_t count);
// 3725 s -> "1h02m05s", 12.3 s -> "12.3s".
std::string human_duration(Duration duration);

// "256", "64MiB", "1.5 GB", "512B": binary multiples always; no unit means bytes.
Result<std::uint64_t> parse_bytes(std::string_view text);
// Go's syntax: "15m", "1h30m", "500ms"; a bare number means seconds.
Result<Duration> parse_duration(std::string_view text);

// The known word nearest to what was typed (Damerau-Levenshtein, at most a third of it wrong), or
// empty.
std::string_view nearest(std::string_view typed, const std::vector<std::string_view>& known);

std::string to_hex(std::string_view bytes);  // lower case
Result<std::string> from_hex(std::string_view hex);
std::string ascii_lower(std::string_view text);

// For people: control characters as \n, \t or \x1b, so that no name breaks a line or a terminal.
std::string visible(std::string_view text);

}  // namespace tideway
