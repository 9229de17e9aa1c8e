#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tideway {

// A process that owns a job, told from every other one there ever was. `place` is host, boot and
// pid namespace: two containers may share a host name and still not see each other's processes.
// Kept in base.owner.
struct Owner {
  std::string host, place;
  std::uint64_t pid = 0;
  std::string token;  // random: two owners in one process, one after the other, are two
  // Clock ticks after boot at which the process started: pids are used again.
  std::uint64_t started = 0;
  bool operator==(const Owner&) const = default;
};

enum class Presence : std::uint8_t { alive, gone, unknown };  // unknown: it lives elsewhere

Owner this_process();  // with a new token
Presence presence_of(const Owner& owner);

std::string to_text(const Owner& owner);  // one line; "" parses to an owner with an empty place
Owner parse_owner(std::string_view text);

}  // namespace tideway
