#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "dumpfile/manifest.h"
#include "dumpfile/name_template.h"
#include "flow/ledger.h"
#include "storage/storage.h"

namespace tideway {

inline constexpr std::uint64_t manifest_most =
    4ULL << 30U;  // bytes that are read of one: a part is some 300

// Where the rows of a chunk go; `file` counts where the format limits files.
Result<std::string> data_path(const NameTemplate& names, const DumpFormat& format,
                              const TableId& table, std::uint64_t chunk, std::uint64_t file);
// Files in the storage that parts which are planned and not done would have: such a part may have
// been published file by file and never recorded.
Result<std::vector<std::string>> unrecorded_files(Storage& storage, const Manifest& manifest);

// What a dump directory has, durably: the ledger of a dump. Every change is a line of the journal
// that is on disk when the call returns; lines of threads that come together share one sync. Any
// thread.
//
// What open() finds and makes of it:
//   nothing                 a new dump; what is in the directory besides is not ours and stays
//   a journal               a dump that was interrupted: a half line at its end is cut, parts whose
//   files are not there in
//                           full length are planned again, files of parts that are not done are
//                           removed
//   a manifest, no journal  a finished dump: everything is done; the first change makes it
//   unfinished again
class DumpJournal : public Ledger {
 public:
  enum class Found : std::uint8_t { nothing, unfinished, finished };

  // Error job_differs when the directory holds a dump with another format or other settings.
  static Result<std::unique_ptr<DumpJournal>> open(Storage& storage, const DumpFormat& format,
                                                   std::string settings, std::string started,
                                                   const std::stop_token& stop);
  Found found() const { return found_; }

  Result<std::vector<StreamState>> streams(const TableId& table) override;
  Result<void> plan(std::span<const Stream> streams) override;

  // The names and columns under which a table's files are written. Others than those of parts that
  // are done: error definition_changed.
  Result<void> add_table(const DumpedTable& table);
  Result<void> add_part(Part part);
  Result<void> add_schema_file(SchemaFile file);
  // Forgets the tables' parts and removes their files: they will be dumped again.
  Result<void> forget(std::span<const TableId> tables);
  // Forgets all tables and schema files of objects that are not among these, as if they had never
  // been dumped.
  Result<void> retain(const std::set<TableId>& objects, const std::set<std::string>& databases);
  Result<void> set_point(std::string point);
  std::string point() const;
  Manifest manifest() const;

  // Reserves a path for a stream. Error bad_value when another stream of this dump has it: a
  // template that does not vary would make one part overwrite another.
  Result<void> claim(const std::string& path, const std::string& owner);

  // The manifest is written and then, as the last file of all, what `metadata` says; then the
  // journal goes.
  Result<void> close(std::string_view finished, std::string_view metadata,
                     const std::stop_token& stop);

 private:
  DumpJournal(Storage& storage, std::stop_token stop) : storage_(storage), stop_(std::move(stop)) {}
  Result<std::vector<std::string>> load();
  Result<void> settle(const std::vector<std::string>& forgotten);
  Result<void> forget(std::span<const TableId> tables, std::vector<std::string> files);
  Result<void> append(const std::string& lines);
  Result<void> write_out(std::uint64_t number);

  Storage& storage_;
  const std::stop_token stop_;
  Found found_ = Found::nothing;

  mutable std::mutex mutex_;  // of the next five; never held over I/O
  Manifest manifest_;
  std::map<std::string, std::string> claims_;  // path -> owner
  std::string waiting_;                        // lines not yet on disk
  std::uint64_t queued_ = 0, written_ = 0;     // numbers of lines
  std::optional<Error>
      broken_;  // after an append that failed nothing is appended: the end may be half a line

  std::mutex file_mutex_;  // of the file; taken before mutex_
  std::unique_ptr<ByteAppender> file_;
};

}  // namespace tideway
