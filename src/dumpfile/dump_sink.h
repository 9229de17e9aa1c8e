#pragma once

#include <memory>
#include <set>
#include <span>
#include <stop_token>
#include <string>

#include "base/guarded.h"
#include "base/memory.h"
#include "dumpfile/journal.h"
#include "dumpfile/metadata.h"
#include "dumpfile/name_template.h"
#include "dumpfile/schema_files.h"
#include "flow/sink.h"

namespace tideway {

// Writes a dump: schema files when they are given, one stream into one file or more, at last the
// manifest and `metadata`. A stream is durable as a whole: when its last file is published it is
// recorded in the journal, and a stream that was interrupted begins anew (its StreamState has no
// mark). Made by one thread before run(); then any thread.
//
// Memory: each writer borrows TextOut's buffer and what its packing needs when it is opened, and
// nothing later.
class DumpSink : public StreamSink {
 public:
  // `settings`: what else the job was begun with (filter, where …); a directory begun with another
  // text is error job_differs. Removes what an earlier process left unfinished. Storage and arbiter
  // are borrowed.
  static Result<std::unique_ptr<DumpSink>> open(Storage& storage, const DumpFormat& format,
                                                std::string settings, MemoryArbiter& memory,
                                                const std::stop_token& stop);

  // What the directory held when it was opened: see journal.h.
  DumpJournal::Found found() const { return journal_->found(); }
  // The consistent point, in the recipe's words: durable on return; kept over restarts, empty in a
  // new dump.
  std::string point() const { return journal_->point(); }
  Result<void> set_point(std::string point) { return journal_->set_point(std::move(point)); }
  // Forgets the tables' streams and removes their files: they will be planned and dumped again.
  Result<void> reset_tables(std::span<const TableId> tables) { return journal_->forget(tables); }

  // Forgets what is not among these tables, views and databases: gone from the source, or no longer
  // asked for. Otherwise a part that was planned for such a table would keep complete() from ever
  // succeeding.
  Result<void> retain(const std::set<TableId>& objects, const std::set<std::string>& databases) {
    return journal_->retain(objects, databases);
  }
  // Removes every file of the dump that a manifest or journal in the storage names, whatever its
  // format and settings were, and then these: what --restart does before open(). Other files stay.
  static Result<void> discard(Storage& storage);

  // Schema files, before or during run(), any order; writing one again replaces it.
  Result<void> write_database(std::string_view database, std::string_view create_text,
                              const std::stop_token& stop);
  Result<void> write_table(const TableId& table, std::string_view create_text,
                           const std::stop_token& stop);
  Result<void> write_view(const ViewText& view,
                          const std::stop_token& stop);  // placeholder and view

  // What `metadata` will say, but for its times: `started` is that of the first start, `finished`
  // the moment of complete().
  void set_metadata(DumpMetadata metadata);

  std::size_t writers_max() const override { return 256; }
  Result<std::unique_ptr<Writer>> open_writer(const std::stop_token& stop) override;
  // Error internal while a planned stream is not done.
  Result<void> complete(const std::stop_token& stop) override;
  Ledger& ledger() override { return *journal_; }

  Manifest manifest() const { return journal_->manifest(); }  // of what is done so far

 private:
  DumpSink(Storage& storage, DumpFormat format, NameTemplate names, MemoryArbiter& memory)
      : storage_(storage), memory_(memory), format_(std::move(format)), names_(std::move(names)) {}
  Result<void> write_schema(SchemaFile file, std::string_view which, std::string_view text,
                            const std::stop_token& stop);

  Storage& storage_;
  MemoryArbiter& memory_;
  const DumpFormat format_;
  const NameTemplate names_;
  std::unique_ptr<DumpJournal> journal_;
  Guarded<DumpMetadata> metadata_;
};

}  // namespace tideway
