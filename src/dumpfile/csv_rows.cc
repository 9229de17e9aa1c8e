#include <fmt/core.h>

#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "dumpfile/part_rows.h"
#include "dumpfile/row_area.h"

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

class CsvPart : public PartRows {
 public:
  CsvPart(PartPlace place, const CsvOptions& options, CsvReader reader)
      : place_(std::move(place)), options_(options), reader_(std::move(reader)) {}

  // The columns of the file: of its header, or later of the first row's number of values.
  Result<void> use_header(const std::vector<std::string>& names) {
    return use(TRY(map_by_names(*place_.table, names)));
  }
  void start_behind(const CsvMark& mark) { behind_ = mark; }

  Result<Filled> fill(BlockFiller& filler, std::uint64_t limit, bool drops,
                      const std::stop_token& stop) override {
    auto filled = fill_on(filler, limit, drops, stop);
    if (!filled) return fail(in_file(std::move(filled).error(), place_.file, reader_.row_offset()));
    return filled;
  }

  std::uint64_t offset() const override { return reader_.row_end_offset(); }
  std::string mark() const override { return to_text(behind_); }

 private:
  Result<Filled> fill_on(BlockFiller& filler, std::uint64_t limit, bool drops,
                         const std::stop_token& stop) {
    area_.put_into(filler.block());
    while (reader_.row_end_offset() < limit) {
      switch (TRY(reader_.next())) {
        case CsvReader::Event::need_room:
          if (!TRY(area_.make_room(filler, stop))) {
            area_.put_aside();
            return Filled::block_full;
          }
          break;
        case CsvReader::Event::row:
          if (!drops) TRY(take_row(filler, stop));
          if (!drops && filler.is_full()) {
            area_.put_aside();
            return Filled::block_full;
          }
          area_.put_into(filler.block());
          break;
        case CsvReader::Event::end:
          return Filled::file_ended;
      }
    }
    area_.put_aside();
    return Filled::limit;
  }

  Result<void> use(ColumnMap map) {
    maker_.emplace(TRY(CellMaker::open(*place_.table, map.columns, &options_)));
    map_ = std::move(map);
    map_known_ = true;
    return {};
  }

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
    Block& block = filler.block();
    const auto& values = reader_.values();
    const std::size_t count = value_count();
    if (!map_known_) TRY(use(TRY(map_by_position(*place_.table, count))));
    if (count != map_.value_count) {
      return fail(Error(ErrorCode::column_count, Side::local, Retry::never,
                        fmt::format("row {} has {} values and should have {}", reader_.rows(),
                                    count, map_.value_count)));
    }
    filler.select(place_.table, map_.columns);
    const std::uint32_t start = block.written();
    block.advance(static_cast<std::uint32_t>(reader_.row_bytes()));
    const bool is_plain = maker_->changes_nothing_in_csv();
    for (std::size_t i = 0; i < map_.places.size(); ++i) {
      const CsvValue& value = values[map_.places[i]];
      const Cell cell{start + value.offset, value.length};
      if (value.is_null || is_plain) {
        block.add_cell(value.is_null ? Cell{} : cell);
        continue;
      }
      auto made = maker_->from_csv(i, block.text(cell));
      if (!made) return fail(std::move(made).error().during(fmt::format("row {}", reader_.rows())));
      if (made->is_as_is) {
        block.add_cell(cell);
      } else {
        if (filler.is_oversize())
          TRY(filler.need(static_cast<std::uint32_t>(made->text.size()), stop));
        block.add_cell(block.append(made->text));
      }
    }
    filler.end_row();
    behind_ = {reader_.row_end_offset(), reader_.rows()};
    return {};
  }

  const PartPlace place_;
  const CsvOptions options_;
  CsvReader reader_;
  RowArea<CsvReader> area_{reader_};
  ColumnMap map_;
  bool map_known_ = false;
  std::optional<CellMaker> maker_;
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
    if (!header) return fail(in_file(std::move(header).error(), place.file, 0));
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
    if (!used) return fail(in_file(std::move(used).error(), place.file, 0));
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

Error in_file(Error error, const InputFile& file, std::uint64_t offset) {
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
