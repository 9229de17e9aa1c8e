#include <fmt/core.h>

#include <algorithm>
#include <cstdio>

#include "base/log.h"
#include "base/text.h"
#include "dumpfile/file_rows.h"

namespace tideway {
namespace {

constexpr std::size_t piece_bytes = 256 << 10U;
// What a mark says: behind which byte and row, and where the head of that row's statement stands.
struct SqlMark {
  std::uint64_t offset = 0, rows = 0, head_offset = 0, head_bytes = 0;
  unsigned no_backslash_escapes = 0;
};

std::string to_text(const SqlMark& mark) {
  return fmt::format("sql {} {} {} {} {}", mark.offset, mark.rows, mark.head_offset,
                     mark.head_bytes, mark.no_backslash_escapes);
}

Result<SqlMark> parse_mark(const std::string& text) {
  SqlMark mark;
  unsigned long long offset = 0, rows = 0, head_offset = 0, head_bytes = 0;
  int end = 0;
  if (std::sscanf(text.c_str(), "sql %llu %llu %llu %llu %u%n", &offset, &rows, &head_offset,
                  &head_bytes, &mark.no_backslash_escapes, &end) != 5 ||
      static_cast<std::size_t>(end) != text.size() || head_offset + head_bytes > offset ||
      head_bytes > (64U << 20U)) {
    return fail(Error(ErrorCode::progress_unreadable, Side::local, Retry::never,
                      "'" + text + "' is no place in an SQL file"));
  }
  mark.offset = offset;
  mark.rows = rows;
  mark.head_offset = head_offset;
  mark.head_bytes = head_bytes;
  return mark;
}

class SqlPart : public FileRows<SqlPart, DumpReader> {
 public:
  SqlPart(PartPlace place, std::unique_ptr<ByteReader> file, DumpReader reader,
          bool no_backslash_escapes)
      : FileRows(std::move(place), std::move(reader)),
        file_(std::move(file)),
        piece_(piece_bytes, '\0'),
        no_backslash_escapes_(no_backslash_escapes) {}

  Result<void> start_behind(const SqlMark& mark) {
    place_row_ = mark;
    return take_head();
  }

  std::string mark() const override { return place_row_.rows == 0 ? "" : to_text(place_row_); }

 private:
  friend FileRows<SqlPart, DumpReader>;

  Result<void> take_other(Event event) {
    switch (event) {
      case Event::need_bytes:
        return feed();
      case Event::statement:
        return take_head();
      default:
        return take_statement();
    }
  }

  Result<void> feed() {
    const std::size_t got = TRY(file_->read(piece_.data(), piece_.size()));
    if (got == 0) {
      reader_.feed_end();
    } else {
      reader_.feed(std::string_view(piece_).substr(0, got));
    }
    return {};
  }

  // A file is one table's, whatever its statements call it: files are renamed to load them
  // elsewhere. But it is one.
  Result<void> take_head() {
    const InsertHead& head = reader_.head();
    if (!named_) {
      named_ = head.table.name;
      if (ascii_lower(head.table.name) != ascii_lower(place_.table->id.name)) {
        LOG(warn,
            "the file's statements name another table than the file does: its rows go where the "
            "file name says",
            {{"file", place_.file.path}, {"statements", head.table.name}});
      }
    } else if (*named_ != head.table.name) {
      return fail(Error(ErrorCode::file_unexpected, Side::local, Retry::never,
                        fmt::format("the file holds rows of {} and of {}: one file is one table's",
                                    quoted(*named_), quoted(head.table.name))));
    }
    if (head.columns != names_ || !map_known_) {
      names_ = head.columns;
      map_known_ = false;
      if (!names_.empty()) TRY(use(TRY(map_by_names(*place_.table, names_)), nullptr));
    }
    return {};
  }

  Result<void> take_statement() {
    const OtherStatement& other = reader_.other();
    if (other.turns_backslash_off) no_backslash_escapes_ = true;
    if (other.kind == OtherStatement::Kind::definition || other.kind == OtherStatement::Kind::use) {
      LOG(warn, "a statement in a data file is not carried out",
          {{"file", place_.file.path},
           {"byte", other.offset},
           {"statement", other.text.substr(0, 80)}});
    }
    const std::string zone = ascii_lower(other.time_zone);
    const bool is_utc = zone.empty() || zone == "+00:00" || zone == "-00:00" || zone == "utc";
    const bool has_timestamps = std::ranges::any_of(
        place_.table->columns,
        [](const Column& column) { return column.type.kind == TypeKind::timestamp; });
    if (is_utc || !has_timestamps) return {};
    return fail(Error(ErrorCode::not_supported, Side::local, Retry::never,
                      fmt::format("the file's TIMESTAMP values are in the time zone {}: dump again "
                                  "with the session in +00:00",
                                  other.time_zone)));
  }

  Result<void> take_row(BlockFiller& filler, const std::stop_token& stop) {
    TRY(add_row(filler, reader_.values().size(), nullptr, stop));
    const InsertHead& head = reader_.head();
    place_row_ = {reader_.row_end_offset(), reader_.rows(), head.offset, head.text.size(),
                  no_backslash_escapes_ ? 1U : 0U};
    return {};
  }

  static bool is_null(const DumpValue& value) { return value.kind == DumpValue::Kind::null; }
  Result<CellMaker::Made> make(std::size_t column, const DumpValue& value, std::string_view text) {
    return maker_->from_sql(column, value.kind, text);
  }

  std::unique_ptr<ByteReader> file_;
  std::string piece_;
  bool no_backslash_escapes_;
  std::optional<std::string> named_;  // the table, by the first statement
  std::vector<std::string> names_;    // the statement's column list
  SqlMark place_row_;
};

// The statement's head again, which the rows behind the mark need.
Result<std::string> read_head(const PartPlace& place, const SqlMark& mark) {
  auto file = TRY(open_text_at(place.storage, place.file, mark.head_offset));
  std::string head(mark.head_bytes, '\0');
  for (std::size_t at = 0; at < head.size();) {
    const std::size_t got = TRY(file->read(head.data() + at, head.size() - at));
    if (got == 0)
      return fail(Error(ErrorCode::file_corrupt, Side::local, Retry::never,
                        place.file.path + " is shorter than it was when its loading began"));
    at += got;
  }
  return head;
}

}  // namespace

Result<std::unique_ptr<PartRows>> open_sql_rows(const PartPlace& place,
                                                const DumpReaderOptions& options,
                                                const std::string& mark) {
  if (mark.empty()) {
    return std::make_unique<SqlPart>(place, TRY(open_text_at(place.storage, place.file, 0)),
                                     DumpReader(options), options.no_backslash_escapes);
  }
  const SqlMark at = TRY(parse_mark(mark));
  DumpReaderOptions resumed = options;
  resumed.no_backslash_escapes = options.no_backslash_escapes || at.no_backslash_escapes != 0;
  const std::string head = TRY(read_head(place, at));
  auto reader = TRY(DumpReader::resume(at.offset, head, at.rows, resumed));
  auto part =
      std::make_unique<SqlPart>(place, TRY(open_text_at(place.storage, place.file, at.offset)),
                                std::move(reader), resumed.no_backslash_escapes);
  TRY(part->start_behind(at));
  return part;
}

}  // namespace tideway
