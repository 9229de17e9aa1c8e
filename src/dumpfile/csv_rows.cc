#include <fmt/core.h>

#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "dumpfile/file_rows.h"

namespace tideway {
namespace {

struct CsvMark {
  std::uint64_t offset = 0, rows = 0;
};

std::string to_text(const CsvMark& mark) {
  return fmt::format("csv {} {}", mark.offset, mark.rows);
}

Result<CsvMark> parse_mark(const std::string& text) {
  unsigned long long offset = 0, rows = 0;
  int end = 0;
  if (std::sscanf(text.c_str(), "csv %llu %llu%n", &offset, &rows, &end) != 2 ||
      static_cast<std::size_t>(end) != text.size()) {
    return fail(Error(ErrorCode::progress_unreadable, Side::local, Retry::never,
                      "'" + text + "' is no place in a CSV file"));
  }
  return CsvMark{offset, rows};
}

class CsvPart : public FileRows<CsvPart, CsvReader> {
 public:
  CsvPart(PartPlace place, const CsvOptions& options, CsvReader reader)
      : FileRows(std::move(place), std::move(reader)), options_(options) {}

  // The columns of the file: of its header, or later of the first row's number of values.
  Result<void> use_header(const std::vector<std::string>& names) {
    return use(TRY(map_by_names(*place_.table, names)), &options_);
  }
  void start_behind(const CsvMark& mark) { behind_ = mark; }

  std::string mark() const override { return to_text(behind_); }

 private:
  friend FileRows<CsvPart, CsvReader>;

  // A table of generated columns has rows without a value: its lines are empty.
  std::size_t value_count() const {
    const auto& values = reader_.values();
    const bool is_empty_line = values.size() == 1 && (values[0].is_null || values[0].length == 0);
    return is_empty_line &&
                   (map_known_ ? map_.value_count == 0 : stored_columns(*place_.table).empty())
               ? 0
               : values.size();
  }

  Result<void> take_row(BlockFiller& filler, const std::stop_token& stop) {
    TRY(add_row(filler, value_count(), &options_, stop));
    behind_ = {reader_.row_end_offset(), reader_.rows()};
    return {};
  }
  static bool is_null(const CsvValue& value) { return value.is_null; }
  bool is_plain() const { return maker_->changes_nothing_in_csv(); }
  Result<CellMaker::Made> make(std::size_t column, const CsvValue&, std::string_view text) {
    return maker_->from_csv(column, text);
  }

  const CsvOptions options_;
  CsvMark behind_;
};

// The names in the first row, decoded. Empty file: none.
Result<std::vector<std::string>> read_header(CsvReader& reader, const CsvOptions& options) {
  std::string area(64 << 10U, '\0');
  reader.set_area(area.data(), area.size());
  while (true) {
    const auto event = TRY(reader.next());
    if (event == CsvReader::Event::end) return std::vector<std::string>{};
    if (event == CsvReader::Event::row) break;
    std::string larger(area.size() * 2, '\0');
    if (larger.size() > (16U << 20U))
      return fail(Error(ErrorCode::file_syntax, Side::local, Retry::never,
                        "the header is longer than 16 MiB"));
    reader.set_area(larger.data(), larger.size());
    area.swap(larger);
  }
  auto decoder = TRY(TextDecoder::open(options.charset));
  std::vector<std::string> names;
  for (const CsvValue& value : reader.values()) {
    if (decoder.decode(reader.text(value), names.emplace_back()))
      return fail(Error(ErrorCode::charset, Side::local, Retry::never,
                        "a name in the header is not text in " + options.charset));
  }
  return names;
}

}  // namespace

Result<std::unique_ptr<PartRows>> open_csv_rows(const PartPlace& place, const CsvOptions& options,
                                                const std::string& mark) {
  auto reader = TRY(CsvReader::open(TRY(open_text_at(place.storage, place.file, 0)), options));
  std::vector<std::string> names;
  // A table without a stored column has no header either: its lines are all empty.
  const bool has_header =
      options.has_header && !(options.keeps_empty_lines && stored_columns(*place.table).empty());
  if (has_header) {
    auto header = read_header(reader, options);
    if (!header) return fail(in_file(header.error(), place.file, 0));
    names = std::move(*header);
  }
  const std::uint64_t header_end = reader.row_end_offset(), header_rows = reader.rows();
  const CsvMark at = mark.empty() ? CsvMark{header_end, header_rows} : TRY(parse_mark(mark));
  if (!mark.empty()) {
    reader = TRY(CsvReader::open(TRY(open_text_at(place.storage, place.file, at.offset)), options,
                                 at.offset, at.rows));
  }
  auto part = std::make_unique<CsvPart>(place, options, std::move(reader));
  if (!names.empty() && options.header_matches) {
    auto used = part->use_header(names);
    if (!used) return fail(in_file(used.error(), place.file, 0));
  }
  part->start_behind(at);
  return part;
}

Result<std::unique_ptr<ByteReader>> open_text_at(Storage& storage, const InputFile& file,
                                                 std::uint64_t offset) {
  if (file.compression == Compression::none) return storage.open_read(file.path, offset);
  auto text = TRY(decompressed(file.compression, TRY(storage.open_read(file.path)), file.path));
  std::string skipped(std::min<std::uint64_t>(offset, 256 << 10U), '\0');
  while (offset != 0) {
    const std::size_t got =
        TRY(text->read(skipped.data(), std::min<std::uint64_t>(offset, skipped.size())));
    if (got == 0)
      return fail(Error(ErrorCode::file_corrupt, Side::local, Retry::never,
                        file.path + " is shorter than it was when its loading began"));
    offset -= got;
  }
  return text;
}

// Both kinds of marks are a word, the offset, and what else they need.
std::uint64_t offset_of(const std::string& mark) {
  unsigned long long offset = 0;
  return std::sscanf(mark.c_str(), "%*s %llu", &offset) == 1 ? offset : 0;
}

Error in_file(const Error& error, const InputFile& file, std::uint64_t offset) {
  constexpr std::string_view of_text = "offset ";  // what a reader of text alone can say
  Evidence evidence = error.evidence();
  if (evidence.position.empty()) {
    evidence.position = fmt::format("{}:{}", file.path, offset);
  } else if (evidence.position.starts_with(of_text)) {
    evidence.position.replace(0, of_text.size(), file.path + ":");
  }
  Error placed(error.code(), error.side(), error.retry(), std::move(evidence), error.message());
  for (const std::string& context : error.context()) placed = std::move(placed).during(context);
  return std::move(placed).during("reading " + file.path);
}

}  // namespace tideway
