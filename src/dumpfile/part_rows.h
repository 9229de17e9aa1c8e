#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "dumpfile/block_filler.h"
#include "dumpfile/column_map.h"
#include "dumpfile/csv_reader.h"
#include "dumpfile/part_list.h"
#include "model/table_def.h"
#include "sql/dump_reader.h"

namespace tideway {

// One data file as rows of its table. One thread.
class PartRows {
 public:
  virtual ~PartRows() = default;
  enum class Filled : std::uint8_t { block_full, limit, file_ended };
  // Puts rows into the filler's block until it is full, until offset() is at `limit` or behind it,
  // or until the file has ended. With `drops` the rows are read over. Errors name file, byte and
  // row; the rows before them are in the block.
  virtual Result<Filled> fill(BlockFiller& filler, std::uint64_t limit, bool drops,
                              const std::stop_token& stop) = 0;
  // The byte of the unpacked text behind the last row that was read (or dropped): where the next
  // one begins to be looked for.
  virtual std::uint64_t offset() const = 0;
  // Where the file can be taken up again behind the last row put into a block: its offset, and what
  // must be known there.
  virtual std::string mark() const = 0;
};
std::uint64_t offset_of(const std::string& mark);  // 0 for an empty one

struct PartPlace {
  Storage& storage;
  const InputFile& file;
  TablePtr table;
};

// `mark`: empty, or what mark() said. Files that are not packed are entered at the offset; others
// are unpacked up to it. Error file_syntax for a mark that is none.
Result<std::unique_ptr<PartRows>> open_sql_rows(const PartPlace& place,
                                                const DumpReaderOptions& options,
                                                const std::string& mark);
Result<std::unique_ptr<PartRows>> open_csv_rows(const PartPlace& place, const CsvOptions& options,
                                                const std::string& mark);

// Its text from `offset` on.
Result<std::unique_ptr<ByteReader>> open_text_at(Storage& storage, const InputFile& file,
                                                 std::uint64_t offset);

Error in_file(const Error& error, const InputFile& file,
              std::uint64_t offset);  // adds the place to the evidence

}  // namespace tideway
