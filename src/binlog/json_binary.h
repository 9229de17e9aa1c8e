#pragma once

#include <cstdint>
#include <string_view>

#include "binlog/cell_out.h"

namespace tideway {

// Which server's text. 5.7 prints the number 1.0 as 1, and ends lines of base64 with a raw U+000A.
enum class JsonPrinter : std::uint8_t { mysql57, mysql80 };

// Prints a document as servers store it, the way they print it. False: it is none. The text is
// then of no use, and not much longer than the longest a document of so many bytes could have.
bool print_json(std::string_view document, JsonPrinter printer, CellOut& out);

}  // namespace tideway
