#include "progress/owner.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <random>
#include <vector>

namespace tideway {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string pid_namespace() {
  std::array<char, 64> target{};
  const ssize_t length = readlink("/proc/self/ns/pid", target.data(), target.size());
  return length > 0 ? std::string(target.data(), static_cast<std::size_t>(length)) : std::string();
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end != 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::uint64_t number_of(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

struct ProcessLine {
  char state = '?';
  std::uint64_t started = 0;
};

// /proc/PID/stat: `pid (name) state ppid …`, the start time is field 22. The name may hold blanks
// and parentheses, so fields are counted from the last one.
std::optional<ProcessLine> look_at(std::uint64_t pid) {
  const std::string line = first_line(fmt::format("/proc/{}/stat", pid));
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  const auto fields = words_of(std::string_view(line).substr(name_end + 1));
  constexpr std::size_t start_field = 22 - 3;
  if (fields.size() <= start_field) return std::nullopt;
  return ProcessLine{fields[0].front(), number_of(fields[start_field])};
}

}  // namespace

Owner this_process() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  const auto pid = static_cast<std::uint64_t>(getpid());
  const auto self = look_at(pid);
  const std::string boot = first_line("/proc/sys/kernel/random/boot_id"), pids = pid_namespace();
  std::random_device random;
  return {
      .host = host[0] == '\0' ? "unknown" : std::string(host.data()),
      // Without all three parts nobody can tell whether a process of that number is the owner: then
      // nobody claims to know.
      .place = boot.empty() || pids.empty() || !self ? "" : boot + "/" + pids,
      .pid = pid,
      .token = fmt::format("{:08x}{:08x}", random(), random()),
      .started = self ? self->started : 0,
  };
}

Presence presence_of(const Owner& owner) {
  static const std::string here = this_process().place;
  if (owner.place.empty() || owner.place != here) return Presence::unknown;
  const auto process = look_at(owner.pid);
  const bool is_alive = process && process->started == owner.started && process->state != 'Z' &&
                        process->state != 'X';
  return is_alive ? Presence::alive : Presence::gone;
}

std::string to_text(const Owner& owner) {
  return fmt::format("{} {} {} {} {}", owner.host, owner.pid, owner.started, owner.token,
                     owner.place);
}

Owner parse_owner(std::string_view text) {
  const auto words = words_of(text);
  if (words.size() < 4) return {};
  return {.host = std::string(words[0]),
          .place = std::string(words.size() > 4 ? words[4] : ""),
          .pid = number_of(words[1]),
          .token = std::string(words[3]),
          .started = number_of(words[2])};
}

}  // namespace tideway
