// Any bytes as a stored JSON document: it prints or is none, always to the same length whatever
// room there is, and never longer than a document of so many bytes can be.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "binlog/json_binary.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tideway::JsonPrinter;
  const std::vector<char> exact(data, data + size);
  const std::string_view document(exact.data(), exact.size());
  for (const JsonPrinter printer : {JsonPrinter::mysql57, JsonPrinter::mysql80}) {
    std::string text(64, '\0');
    tideway::CellOut counted(text.data(), 0);
    const bool is_document = print_json(document, printer, counted);
    CHECK(counted.size() <= 20 * size + 2048);
    if (!is_document) continue;
    text.resize(counted.size());
    tideway::CellOut written(text.data(), text.size());
    CHECK(print_json(document, printer, written) && written.fits());
    CHECK(written.size() == counted.size());
  }
  return 0;
}
