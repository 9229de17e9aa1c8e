#include "dumpfile/file_name.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "dumpfile/name_expression.h"
#include "storage/storage.h"

namespace tideway {
namespace {

constexpr std::string_view escaped_bytes = "%\"*./:<>?\\|";
constexpr std::size_t name_most = 255, head_kept = 150, tail_kept = 60, hash_digits = 16;

bool needs_escape(std::string_view name, std::size_t at) {
  const char c = name[at];
  if (static_cast<unsigned char>(c) < 0x20 || escaped_bytes.find(c) != std::string_view::npos)
    return true;
  return c == '-' && ascii_lower(name.substr(at, 7)) == "-schema";
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return hash;
}

// Neither end is cut inside a UTF-8 character.
std::string shortened_name(std::string_view name) {
  std::size_t head = head_kept, tail = name.size() - tail_kept;
  while (head > 0 && is_continuation(name[head])) --head;
  while (tail < name.size() && is_continuation(name[tail])) ++tail;
  return fmt::format("{}~{:016x}~{}", name.substr(0, head), fnv1a(name), name.substr(tail));
}

}  // namespace

std::string escape_name(std::string_view name) {
  std::string escaped;
  for (std::size_t at = 0; at < name.size(); ++at) {
    if (needs_escape(name, at)) {
      escaped += fmt::format("%{:02X}", static_cast<unsigned char>(name[at]));
    } else {
      escaped += name[at];
    }
  }
  return escaped;
}

std::string unescape_name(std::string_view name) {
  std::string plain;
  for (std::size_t at = 0; at < name.size(); ++at) {
    if (name[at] == '%' && at + 2 < name.size() && hex_value(name[at + 1]) >= 0 &&
        hex_value(name[at + 2]) >= 0) {
      plain += static_cast<char>(hex_value(name[at + 1]) * 16 + hex_value(name[at + 2]));
      at += 2;
    } else {
      plain += name[at];
    }
  }
  return plain;
}

std::string file_index(std::uint64_t chunk) { return fmt::format("{:09}", chunk); }
std::string file_index(std::uint64_t chunk, std::uint64_t file) {
  return fmt::format("{:09}{:04}", chunk, file);
}

std::string shortened(std::string_view path) {
  std::string made;
  std::string_view rest = path;
  while (true) {
    const std::size_t slash = rest.find('/');
    const std::string_view name = rest.substr(0, slash);
    made += name.size() > name_most ? shortened_name(name) : std::string(name);
    if (slash == std::string_view::npos) return made;
    made += '/';
    rest.remove_prefix(slash + 1);
  }
}

bool is_shortened(std::string_view path) {
  for (std::size_t at = path.find('~'); at != std::string_view::npos; at = path.find('~', at + 1)) {
    const std::string_view hash = path.substr(at + 1, hash_digits);
    const bool is_hash = hash.size() == hash_digits &&
                         std::ranges::all_of(hash, [](char c) { return hex_value(c) >= 0; });
    if (is_hash && path.substr(at + 1 + hash_digits).starts_with('~')) return true;
  }
  return false;
}

Result<std::string> file_path(const NameTemplate& names, std::string_view which,
                              const NameFields& fields, std::string_view extension) {
  std::string path = shortened(TRY(names.render(which, fields)) + std::string(extension));
  if (!is_plain_path(path))
    return fail(name_error(
        fmt::format("the file name template makes '{}', which is no path below the dump", path)));
  return path;
}

}  // namespace tideway
