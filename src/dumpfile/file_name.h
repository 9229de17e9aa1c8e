#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "dumpfile/name_template.h"

namespace tideway {

// The exporter's escaping of object names in file names (fn): of each control byte, each of % " * .
// / : < > ? \ | and each text "-schema" (any case) the first byte becomes %XX. Back: unescape_name,
// which leaves a % that begins no escape.
std::string escape_name(std::string_view name);
std::string unescape_name(std::string_view name);

// "000000007", or with a file number "0000000070002".
std::string file_index(std::uint64_t chunk);
std::string file_index(std::uint64_t chunk, std::uint64_t file);

// File systems take at most 255 bytes a name, and an object's name can need 64 * 3 of them once
// escaped, its database's as many. A name that is too long keeps its ends and gets ~HASH~ in the
// middle; only the manifest then knows what it holds.
std::string shortened(std::string_view path);
bool is_shortened(std::string_view path);

// A template's name with its extension (".sql", ".csv", then ".gz" …), shortened where needed.
// Error bad_value when the template made something that cannot be a path below the dump.
Result<std::string> file_path(const NameTemplate& names, std::string_view which,
                              const NameFields& fields, std::string_view extension);

}  // namespace tideway
