#include "dumpfile/dump_sink.h"

#include <algorithm>
#include <ctime>
#include <map>
#include <utility>

#include "base/log.h"
#include "dumpfile/file_name.h"
#include "dumpfile/part_writer.h"

namespace tideway {
namespace {

// Takes the blocks of several streams as they come: each has its file, all share one buffer, which
// goes to its file before another stream's rows come into it.
class DumpWriter : public Writer {
 public:
  DumpWriter(DumpPlace place, Loan loan) : place_(place), loan_(std::move(loan)) {}

  Result<void> write(Block block, const std::stop_token& stop) override {
    PartWriter& part = part_of(block.stream_ptr());
    TRY(select(part, stop));
    for (const Item& item : block.items()) {
      if (const auto* rows = std::get_if<Rows>(&item)) {
        TRY(part.add(block, *rows, out_, stop));
      } else {
        return end(part, block.stream(), std::get<StreamEnd>(item), stop);
      }
    }
    return {};
  }

  // A stream that has not ended was cut by a stop; it is as if it had never begun.
  Result<void> finish(const std::stop_token& stop) override {
    active_ = nullptr;
    if (!stop.stop_requested() && !parts_.empty()) {
      return fail(Error(ErrorCode::internal, Side::local, Retry::never,
                        quoted(parts_.begin()->first.first) + " has a stream without end"));
    }
    parts_.clear();
    return {};
  }

 private:
  using Key = std::pair<TableId, std::uint64_t>;

  PartWriter& part_of(const StreamPtr& stream) {
    return parts_.try_emplace(Key(stream->table, stream->ordinal), place_, stream).first->second;
  }

  Result<void> select(PartWriter& part, const std::stop_token& stop) {
    if (active_ == &part) return {};
    if (active_ != nullptr) active_->flush(out_);
    TRY(out_.result());
    active_ = &part;
    out_.set_file(part.file(), stop);
    return {};
  }

  Result<void> end(PartWriter& writer, const Stream& stream, const StreamEnd& ended,
                   const std::stop_token& stop) {
    Part part = TRY(writer.end(out_, stop));
    if (part.rows == ended.digest.rows) {
      part.digest = ended.digest;
    } else {  // a stage dropped rows after they were digested
      LOG(debug, "a part has no digest",
          {{"table", quoted(stream.table)}, {"part", stream.ordinal}});
    }
    if (part.rows == 0)
      LOG(info, "no data written in table chunk",
          {{"table", quoted(stream.table)}, {"part", stream.ordinal}});
    active_ = nullptr;
    parts_.erase(Key(stream.table, stream.ordinal));
    return place_.journal.add_part(std::move(part));
  }

  const DumpPlace place_;
  const Loan loan_;
  TextOut out_;
  std::map<Key, PartWriter> parts_;
  PartWriter* active_ = nullptr;  // whose rows are in out_
};

}  // namespace

Result<std::unique_ptr<DumpSink>> DumpSink::open(Storage& storage, const DumpFormat& format,
                                                 std::string settings, MemoryArbiter& memory,
                                                 const std::stop_token& stop) {
  TRY(check(format));
  NameTemplate names;
  if (!format.name_template.empty()) names = TRY(NameTemplate::parse(format.name_template));
  std::unique_ptr<DumpSink> sink(new DumpSink(storage, format, std::move(names), memory));
  const std::size_t abandoned = TRY(storage.remove_abandoned());
  if (abandoned != 0) LOG(info, "removed files that were not finished", {{"files", abandoned}});
  sink->journal_ = TRY(DumpJournal::open(storage, sink->format_, std::move(settings),
                                         local_time_text(std::time(nullptr)), stop));
  return sink;
}

Result<void> DumpSink::discard(Storage& storage) {
  TRY(storage.remove_abandoned());
  // `metadata` first: a directory that has it is finished.
  TRY(storage.remove(metadata_path));
  std::set<std::string> files;
  const auto name_files = [&files](const Manifest& manifest) {
    for (const auto& [path, file] : manifest.schema_files) files.insert(path);
    for (const auto& [id, table] : manifest.tables) {
      for (const auto& [ordinal, part] : table.parts) {
        for (const PartFile& file : part.files) files.insert(file.path);
      }
    }
  };
  if (TRY(storage.size(manifest_path)))
    name_files(TRY(parse_manifest(TRY(read_all(storage, manifest_path, manifest_most)))));
  if (TRY(storage.size(journal_path))) {
    const auto journal = TRY(parse_journal(TRY(read_all(storage, journal_path, manifest_most))));
    name_files(journal.manifest);
    files.insert(journal.forgotten_files.begin(), journal.forgotten_files.end());
    for (std::string& path : TRY(unrecorded_files(storage, journal.manifest)))
      files.insert(std::move(path));
  }
  for (const std::string& path : files) TRY(storage.remove(path));
  TRY(storage.remove(manifest_path));
  return storage.remove(journal_path);
}

Result<void> DumpSink::write_schema(SchemaFile file, std::string_view which, std::string_view text,
                                    const std::stop_token& stop) {
  const NameFields fields{file.id.database, file.id.name, "", "", 0, 0};
  file.path =
      TRY(file_path(names_, which, fields, ".sql" + std::string(suffix_of(format_.compression))));
  TRY(journal_->claim(file.path, std::string(to_text(file.kind)) + " " + quoted(file.id)));
  auto writer = compressed(format_.compression, TRY(storage_.open_write(file.path, stop)));
  TRY(writer->write(text, stop));
  TRY(writer->publish(stop));
  return journal_->add_schema_file(std::move(file));
}

Result<void> DumpSink::write_database(std::string_view database, std::string_view create_text,
                                      const std::stop_token& stop) {
  return write_schema({"", SchemaKind::database, {std::string(database), ""}}, "schema",
                      schema_text(format_.header, create_text), stop);
}

Result<void> DumpSink::write_table(const TableId& table, std::string_view create_text,
                                   const std::stop_token& stop) {
  return write_schema({"", SchemaKind::table, table}, "table",
                      schema_text(format_.header, create_text), stop);
}

Result<void> DumpSink::write_view(const ViewText& view, const std::stop_token& stop) {
  TRY(write_schema({"", SchemaKind::table, view.view}, "table",
                   view_placeholder_text(format_.header, view), stop));
  return write_schema({"", SchemaKind::view, view.view}, "view", view_text(format_.header, view),
                      stop);
}

void DumpSink::set_metadata(DumpMetadata metadata) {
  metadata_.with([&](DumpMetadata& mine) { mine = std::move(metadata); });
}

Result<std::unique_ptr<Writer>> DumpSink::open_writer(const std::stop_token& stop) {
  const std::uint64_t bytes =
      TextOut::buffer_bytes + TextOut::reserve_most + compression_memory_bytes(format_.compression);
  auto loan = memory_.borrow(bytes, stop);
  if (!loan) {
    if (stop.stop_requested())
      return fail(Error(ErrorCode::stopped, Side::local, Retry::after_operator,
                        "stopped while waiting for memory"));
    return fail(Error(ErrorCode::memory_too_small, Side::local, Retry::after_operator,
                      "a writer of the dump needs " + std::to_string(bytes) + " bytes"));
  }
  return std::make_unique<DumpWriter>(DumpPlace{storage_, format_, names_, *journal_},
                                      std::move(*loan));
}

Result<void> DumpSink::complete(const std::stop_token& stop) {
  DumpMetadata metadata = metadata_.with([](const DumpMetadata& mine) { return mine; });
  metadata.started = journal_->manifest().started;
  metadata.finished = local_time_text(std::time(nullptr));
  return journal_->close(metadata.finished, to_text(metadata), stop);
}

}  // namespace tideway
