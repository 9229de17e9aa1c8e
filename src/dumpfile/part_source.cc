#include "dumpfile/part_source.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>

#include "base/log.h"
#include "dumpfile/part_rows.h"

namespace tideway {
namespace {

// What a reader holds beside its block: two buffers, the rest of a row that waits for the next
// block, and an unpacker.
constexpr std::uint64_t reader_bytes = (2U << 20U) + (512U << 10U);

Digest plus(Digest a, const Digest& b) { return a += b; }

bool agrees(const Digest& wanted, const Digest& found) {
  const bool has_md5 =
      (wanted.md5_high | wanted.md5_low) != 0 && (found.md5_high | found.md5_low) != 0;
  return wanted.rows == found.rows && wanted.crc_sum == found.crc_sum &&
         wanted.crc_xor == found.crc_xor &&
         (!has_md5 || (wanted.md5_high == found.md5_high && wanted.md5_low == found.md5_low));
}

std::string range_of(const InputFile& file) { return fmt::format("{} {}", file.bytes, file.path); }

// One file to be read.
struct Job {
  const InputTable* input = nullptr;
  const InputFile* file = nullptr;
  TablePtr table;
  StreamPtr stream;
  StreamState state;  // mark and digest of what the sink has already
};

}  // namespace

struct PartSource::Shared {
  Storage& storage;
  const PartList& list;
  const Definitions definitions;
  Ledger& ledger;
  MemoryArbiter& memory;
  PartSourceOptions options;

  std::mutex mutex;  // of the next six, held while a table is planned: nobody has anything to read
                     // before that
  std::size_t next_table = 0, next_file = 0;
  std::vector<Job> jobs;  // of the table being handed out
  struct Sum {
    Digest digest;
    std::uint64_t files_left = 0;
    bool is_comparable = false;
  };
  std::map<std::pair<TableId, std::uint64_t>, Sum> sums;  // of parts in work
  std::atomic<std::uint64_t> uncompared = 0;

  Result<std::optional<Job>> take();
  Result<void> plan_table(const InputTable& input);
  Result<void> begin_sums(const InputTable& input, const TableDef& table,
                          const std::vector<StreamState>& states);
  Result<void> end_file(const Job& job, const Digest& digest);
};

Result<std::optional<Job>> PartSource::Shared::take() {
  const std::scoped_lock lock(mutex);
  while (next_file == jobs.size()) {
    if (next_table == list.tables.size()) return std::nullopt;
    TRY(plan_table(list.tables[next_table++]));
  }
  return std::move(jobs[next_file++]);
}

Result<void> PartSource::Shared::plan_table(const InputTable& input) {
  jobs.clear();
  next_file = 0;
  if (input.files.empty() || !input.view_path.empty()) return {};
  std::vector<Stream> streams;
  for (std::size_t i = 0; i < input.files.size(); ++i)
    streams.push_back({input.id, i, range_of(input.files[i]), i + 1 == input.files.size()});
  auto states = TRY(ledger.streams(input.id));
  for (const StreamState& state : states) {
    const std::uint64_t ordinal = state.stream.ordinal;
    if (ordinal < streams.size() && state.stream == streams[ordinal]) continue;
    return fail(
        Error(ErrorCode::job_differs, Side::local, Retry::never,
              fmt::format("the files of {} are not those this job began with: {} is different now",
                          quoted(input.id), state.stream.range)));
  }
  TRY(ledger.plan(streams));
  const TablePtr table = TRY_DURING("loading " + quoted(input.id), definitions(input.id));
  TRY(begin_sums(input, *table, states));
  std::map<std::uint64_t, StreamState> known;
  for (StreamState& state : states) known.emplace(state.stream.ordinal, std::move(state));
  for (std::size_t i = 0; i < input.files.size(); ++i) {
    const auto found = known.find(i);
    if (found != known.end() && found->second.is_done) continue;
    jobs.push_back({&input, &input.files[i], table, std::make_shared<const Stream>(streams[i]),
                    found != known.end() ? found->second : StreamState{}});
  }
  return {};
}

// Digests compare only over the same columns of the same types: a digest's text depends on both.
Result<void> PartSource::Shared::begin_sums(const InputTable& input, const TableDef& table,
                                            const std::vector<StreamState>& states) {
  if (!list.manifest) return {};
  bool is_comparable = true;
  std::size_t next = 0;
  for (const std::uint32_t column : stored_columns(table)) {
    is_comparable = is_comparable && next < input.columns.size() &&
                    input.columns[next].first == table.columns[column].name &&
                    input.columns[next].second == table.columns[column].type.text;
    ++next;
  }
  is_comparable = is_comparable && next == input.columns.size();
  for (const InputFile& file : input.files) {
    Sum& sum = sums[{input.id, file.part}];
    ++sum.files_left;
    sum.is_comparable = is_comparable && input.digests.contains(file.part);
  }
  for (const StreamState& state : states) {
    if (!state.is_done) continue;
    Sum& sum = sums[{input.id, input.files[state.stream.ordinal].part}];
    --sum.files_left;
    sum.digest += state.digest;
  }
  if (!is_comparable) {
    LOG(info,
        "the table has other columns or types than when it was dumped: the digests of its parts "
        "are not compared",
        {{"table", quoted(input.id)}});
  }
  return {};
}

Result<void> PartSource::Shared::end_file(const Job& job, const Digest& digest) {
  if (!list.manifest) return {};
  const std::scoped_lock lock(mutex);
  const auto found = sums.find({job.input->id, job.file->part});
  Sum& sum = found->second;
  sum.digest += digest;
  if (--sum.files_left != 0) return {};
  const Sum whole = sum;
  sums.erase(found);
  if (!whole.is_comparable) {
    ++uncompared;
    return {};
  }
  const Digest& wanted = job.input->digests.at(job.file->part);
  if (agrees(wanted, whole.digest)) return {};
  return fail(
      in_file(Error(ErrorCode::file_corrupt, Side::local, Retry::never,
                    fmt::format("part {} of {} has other rows than were dumped: {} instead of {}",
                                job.file->part, quoted(job.input->id), to_text(whole.digest),
                                to_text(wanted))),
              *job.file, job.file->text_bytes));
}

namespace {

class PartReader : public Reader {
 public:
  PartReader(PartSource::Shared& shared, Loan loan)
      : shared_(shared),
        loan_(std::move(loan)),
        filler_(shared.memory, shared.options.block_bytes) {}

  Result<std::optional<Block>> next(const std::stop_token& stop) override {
    if (rows_ == nullptr) {
      auto job = TRY(shared_.take());
      if (!job) return std::nullopt;
      TRY(open(std::move(*job)));
    }
    TRY(filler_.begin(job_.stream, stop));
    const bool has_more = TRY(rows_->fill(filler_, stop));
    Block block = filler_.take();
    digest_rows(block);
    block.set_mark(rows_->mark());
    if (!has_more) {
      TRY(shared_.end_file(job_, plus(job_.state.digest, digest_)));
      block.add_end({digest_});
      rows_.reset();
    }
    return block;
  }

 private:
  Result<void> open(Job job) {
    job_ = std::move(job);
    digest_ = {};
    digester_.reset();
    const PartPlace place{shared_.storage, *job_.file, job_.table};
    const auto& manifest = shared_.list.manifest;
    if (job_.file->type == FileType::csv) {
      rows_ = TRY(open_csv_rows(place,
                                manifest ? csv_options_of(manifest->format) : shared_.options.csv,
                                job_.state.mark));
      return {};
    }
    DumpReaderOptions sql = shared_.options.sql;
    if (manifest) sql.no_backslash_escapes = !manifest->format.escape_backslash;
    rows_ = TRY(open_sql_rows(place, sql, job_.state.mark));
    return {};
  }

  // Statements of one file may name other columns each: every run of rows is digested with its own.
  void digest_rows(const Block& block) {
    for (const Item& item : block.items()) {
      const auto* rows = std::get_if<Rows>(&item);
      if (rows == nullptr) continue;
      if (!digester_ || !(columns_ == rows->after)) {
        columns_ = rows->after;
        digester_.emplace(rows->table, rows->after, shared_.options.strength);
      }
      digester_->reset();
      digester_->add(block, *rows);
      digest_ += digester_->digest();
    }
  }

  PartSource::Shared& shared_;
  const Loan loan_;
  BlockFiller filler_;
  Job job_;
  std::unique_ptr<PartRows> rows_;
  std::optional<RowDigester> digester_;
  ColumnSet columns_;
  Digest digest_;  // of this run's rows
};

}  // namespace

PartSource::PartSource(Storage& storage, const PartList& list, Definitions definitions,
                       Ledger& ledger, MemoryArbiter& memory, PartSourceOptions options)
    : shared_(new Shared{storage,
                         list,
                         std::move(definitions),
                         ledger,
                         memory,
                         std::move(options),
                         {},
                         0,
                         0,
                         {},
                         {},
                         0}) {}
PartSource::~PartSource() = default;

std::size_t PartSource::readers_max() const {
  std::size_t files = 0;
  for (const InputTable& table : shared_->list.tables) files += table.files.size();
  return std::clamp<std::size_t>(files, 1, shared_->options.readers_max);
}

Result<std::unique_ptr<Reader>> PartSource::open_reader(const std::stop_token& stop) {
  auto loan = shared_->memory.borrow(reader_bytes, stop);
  if (loan) return std::make_unique<PartReader>(*shared_, std::move(*loan));
  if (stop.stop_requested())
    return fail(Error(ErrorCode::stopped, Side::local, Retry::after_operator,
                      "stopped while waiting for memory"));
  return fail(Error(ErrorCode::memory_too_small, Side::local, Retry::after_operator,
                    fmt::format("a reader of dump files needs {} bytes", reader_bytes)));
}

std::uint64_t PartSource::uncompared_parts() const { return shared_->uncompared; }

}  // namespace tideway
