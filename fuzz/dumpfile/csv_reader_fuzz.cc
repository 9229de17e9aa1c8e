// Any bytes as CSV under any options: reading ends; pieces and areas of one size give what those of
// another give; and a row can be taken up behind any other.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "dumpfile/csv_reader.h"

namespace {

using tideway::ByteReader;
using tideway::CsvOptions;
using tideway::CsvReader;
using tideway::Result;

class PieceReader : public ByteReader {
 public:
  PieceReader(std::string_view bytes, std::size_t piece) : bytes_(bytes), piece_(piece) {}
  Result<std::size_t> read(char* to, std::size_t most) override {
    const std::size_t got = bytes_.copy(to, std::min(most, piece_));
    bytes_.remove_prefix(got);
    return got;
  }

 private:
  std::string_view bytes_;
  const std::size_t piece_;
};

struct Outcome {
  std::string rows, error;
  std::vector<std::uint64_t> ends;
  bool operator==(const Outcome&) const = default;
};

Outcome read(const CsvOptions& options, std::string_view text, std::size_t piece,
             std::size_t area_bytes, std::uint64_t offset, std::uint64_t rows) {
  Outcome outcome;
  auto reader = CsvReader::open(std::make_unique<PieceReader>(text, piece), options, offset, rows);
  CHECK(reader.has_value());
  std::string area(area_bytes, '\0');
  reader->set_area(area.data(), area.size());
  while (true) {
    const auto event = reader->next();
    if (!event) {
      outcome.error = event.error().message();
      return outcome;
    }
    if (*event == CsvReader::Event::end) return outcome;
    if (*event == CsvReader::Event::need_room) {
      std::string larger(area.size() * 2, '\0');
      CHECK(larger.size() < 2 * text.size() + 4096);
      reader->set_area(larger.data(), larger.size());
      area.swap(larger);
      continue;
    }
    for (const auto& value : reader->values()) {
      outcome.rows += value.is_null
                          ? "N"
                          : std::to_string(value.length) + ":" + std::string(reader->text(value));
    }
    outcome.rows += '\n';
    CHECK(reader->row_bytes() <= text.size());
    CHECK(outcome.ends.empty() || outcome.ends.back() < reader->row_end_offset());
    outcome.ends.push_back(reader->row_end_offset());
    reader->set_area(area.data(), area.size());
  }
}

CsvOptions options_of(std::uint8_t a, std::uint8_t b) {
  static const char* const separators[] = {",", "|", "aa", "|*|"};
  static const char* const delimiters[] = {"\"", "'", "", "--"};
  static const char* const terminators[] = {"", "\n", "\r\n", "|\n"};
  static const char* const charsets[] = {"binary", "gbk", "gb18030", "latin1"};
  CsvOptions options;
  options.separator = separators[a & 3U];
  options.delimiter = delimiters[a >> 2U & 3U];
  options.terminator = terminators[a >> 4U & 3U];
  options.charset = charsets[a >> 6U & 3U];
  options.escape = (b & 1U) != 0 ? "\\" : "";
  options.quoted_null_is_text = (b & 2U) != 0;
  options.has_null = (b & 4U) == 0;
  options.trims_last_separator = (b & 8U) != 0;
  options.keeps_empty_lines = (b & 16U) != 0;
  if ((b & 32U) != 0) options.null_values = {"NULL", ""};
  return options;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const CsvOptions options = options_of(data[0], data[1]);
  if (!check(options)) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const Outcome whole = read(options, text, 1 << 20U, 1 << 16U, 0, 0);
  CHECK(read(options, text, 1, CsvReader::room_least, 0, 0) == whole);
  CHECK(read(options, text, 13, 100, 0, 0) == whole);
  if (whole.ends.empty()) return 0;
  const std::size_t row = data[1] % whole.ends.size();
  const auto end = whole.ends[row];
  const Outcome rest = read(options, text.substr(end), 7, 200, end, row + 1);
  CHECK(rest.error == whole.error);
  CHECK(whole.rows.ends_with(rest.rows));
  CHECK(rest.ends.size() + row + 1 == whole.ends.size());
  return 0;
}
