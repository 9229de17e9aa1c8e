#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <variant>

#include "dumpfile/journal.h"
#include "dumpfile/row_text.h"
#include "dumpfile/text_out.h"
#include "model/block.h"

namespace tideway {

// What the writers of one dump share.
struct DumpPlace {
  Storage& storage;
  const DumpFormat& format;
  const NameTemplate& names;
  DumpJournal& journal;
};

// One stream on its way into one or more files. A file is made with its first row and published
// when it is full or the stream ends; a stream without rows makes none. Dropped before end(), it
// leaves nothing that counts: what it published already is not in the journal and goes at the next
// start. One thread.
class PartWriter {
 public:
  PartWriter(DumpPlace place, const StreamPtr& stream) : place_(place) { part_.stream = *stream; }

  Result<void> add(const Block& block, const Rows& rows, TextOut& out, const std::stop_token& stop);
  // Everything of this part that is still in `out` goes to its file.
  void flush(TextOut& out) { out.flush(); }
  // Publishes the last file; then all files are durable and the part can be recorded.
  Result<Part> end(TextOut& out, const std::stop_token& stop);
  ByteWriter* file() { return file_.get(); }
  std::uint64_t row_count() const { return part_.rows; }

 private:
  void count(const TextOut& out) {
    current_.text_bytes += out.total() - counted_;
    counted_ = out.total();
  }
  Result<void> begin_table(const Rows& rows);
  Result<void> open_file(TextOut& out, std::string_view head, const std::stop_token& stop);
  Result<void> close_file(TextOut& out, const std::stop_token& stop);
  Result<void> add_sql(const SqlRows& text, const Block& block, const Rows& rows, TextOut& out,
                       const std::stop_token& stop);
  Result<void> add_csv(const CsvRows& text, const Block& block, const Rows& rows, TextOut& out,
                       const std::stop_token& stop);

  const DumpPlace place_;
  TablePtr table_;
  ColumnSet columns_;
  std::optional<std::variant<SqlRows, CsvRows>> rows_;
  std::unique_ptr<ByteWriter> file_;
  PartFile current_;
  std::uint64_t counted_ =
      0;  // out.total() up to which text_bytes is right; other parts write in between
  std::uint64_t file_count_ = 0, statement_count_ = 0;  // bytes as the limits count them
  bool is_statement_open_ = false;
  Part part_;
};

}  // namespace tideway
