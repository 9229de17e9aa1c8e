#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <vector>

#include "base/memory.h"
#include "dumpfile/csv_reader.h"
#include "dumpfile/part_list.h"
#include "flow/ledger.h"
#include "flow/source.h"
#include "model/digest.h"
#include "sql/dump_reader.h"

namespace tideway {

struct PartSourceOptions {
  std::size_t readers_max = 64;
  std::uint32_t block_bytes = Block::usual_bytes;
  DigestStrength strength = DigestStrength::fast;
  // A file of more text than this becomes several streams, at most stripes_most, so that several
  // writers share it. Part of what a job must be begun and continued with.
  std::uint64_t stripe_bytes = 96ULL << 20U;
  std::uint32_t stripes_most = 8;
  // For dumps without our manifest; with it the files are read as it says they were written.
  CsvOptions csv;
  DumpReaderOptions sql;
};

// The definition of a table by the name its files give it: the recipe's, from the dump's schema
// file or the target.
using Definitions = std::function<Result<TablePtr>(const TableId&)>;

// Reads a dump: a data file is a stream, or several; ordinals count the streams of a table in the
// order of its files. What the ledger has is left out: done streams altogether, half written ones
// up to their mark. Any thread; lists, storage, memory and ledger are borrowed and outlive it.
//
// A large file is one table's whole content as other programs write it, and one stream has one
// writer. It is read by one reader and dealt out: segment s of the unpacked text, the bytes [s MiB,
// s+1 MiB), belongs to stripe s modulo their number, and a row to the segment in which the row
// before it ends. That is the same in every run, so each stripe has its own mark, and a restart
// begins at the least of them and reads over what the others have. It works for packed files as
// well.
//
// Each stream's rows are digested. Where the manifest knows the digest of a part, the sum over its
// files must be that one: error file_corrupt in place of the StreamEnd of its last stream, so that
// the part never counts as loaded. It names the files, bytes and rows among which the change is: a
// digest does not say which row it was.
//
// Memory: each reader borrows its buffers when it is opened, then a block at a time.
class PartSource : public Source {
 public:
  PartSource(Storage& storage, const PartList& list, Definitions definitions, Ledger& ledger,
             MemoryArbiter& memory, PartSourceOptions options);
  ~PartSource() override;

  std::size_t readers_max() const override;
  Result<std::unique_ptr<Reader>> open_reader(const std::stop_token& stop) override;

  // Parts whose digest could not be compared, because the table has other columns or types than it
  // had when it was dumped, or because the manifest has none. Only grows; 0 without a manifest
  // means nothing.
  std::uint64_t uncompared_parts() const;

  struct Shared;  // part_source.cc

 private:
  std::unique_ptr<Shared> shared_;
};

}  // namespace tideway
