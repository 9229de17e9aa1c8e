#include "dumpfile/part_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <span>

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

constexpr std::uint64_t segment_bytes = 1 << 20U;

// Files whose size is only known packed are taken to be four times as large.
std::uint32_t stripes_of(const InputFile& file, const PartSourceOptions& options) {
  const std::uint64_t text = file.text_bytes != 0 ? file.text_bytes : 4 * file.bytes;
  return static_cast<std::uint32_t>(
      std::clamp<std::uint64_t>(text / std::max<std::uint64_t>(options.stripe_bytes, segment_bytes),
                                1, std::max(options.stripes_most, 1U)));
}

std::string range_of(const InputFile& file, std::uint32_t stripe, std::uint32_t stripes) {
  return fmt::format("{} {} {}/{}", file.bytes, file.path, stripe + 1, stripes);
}

constexpr std::size_t most_named = 20;  // files, in a message

// A digest says that a part changed and not where: these are the files it can be in, and what of
// them. Where one gave another number of rows, it is that one.
Error changed(const InputTable& input, std::uint64_t part, const Digest& found,
              const std::map<std::string, std::uint64_t>& rows_read) {
  std::vector<const InputFile*> files;
  for (const InputFile& file : input.files) {
    if (file.part == part) files.push_back(&file);
  }
  const auto read = [&](const InputFile* file) {
    const auto rows = rows_read.find(file->path);
    return rows == rows_read.end() ? 0 : rows->second;
  };
  const auto miscounted =
      std::ranges::find_if(files, [&](const InputFile* file) { return read(file) != file->rows; });
  if (miscounted != files.end()) files = {*miscounted};
  std::vector<std::string> places;
  for (const InputFile* file : std::span(files).first(std::min(files.size(), most_named))) {
    places.push_back(
        fmt::format("{}, bytes 0 to {}, rows 1 to {}", file->path, file->text_bytes, file->rows));
    if (read(file) != file->rows) places.back() += fmt::format(", of which it has {}", read(file));
  }
  if (files.size() > most_named)
    places.push_back(fmt::format("one of {} files more", files.size() - most_named));
  Evidence evidence;
  evidence.table = quoted(input.id);
  evidence.position = fmt::format("{}:0-{}", files.front()->path, files.front()->text_bytes);
  evidence.statement =
      "copy the file(s) named again, then start with --restart: some of their rows are on the "
      "target already";
  return {
      ErrorCode::file_corrupt, Side::local, Retry::never, std::move(evidence),
      fmt::format("part {} of {} has other rows than were dumped: {} instead of {}. They are in "
                  "{}",
                  part, quoted(input.id), to_text(found), to_text(input.digests.at(part)),
                  fmt::join(places, "; or in "))};
}

// One stream of a file, and what the sink has of it already.
struct Stripe {
  StreamPtr stream;
  bool is_done = false;
  std::string mark;      // of its last row in a block
  Digest digest_before;  // of the rows up to the mark it was given
  Digest digest;         // of this run's rows
};

// One file to be read.
struct Job {
  const InputTable* input = nullptr;
  const InputFile* file = nullptr;
  TablePtr table;
  std::vector<Stripe> stripes;
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
    std::uint64_t streams_left = 0;
    bool is_comparable = false;
    std::map<std::string, std::uint64_t> rows;  // by file
  };
  std::map<std::pair<TableId, std::uint64_t>, Sum> sums;  // of parts in work
  std::atomic<std::uint64_t> uncompared = 0;

  Result<std::optional<Job>> take();
  Result<void> plan_table(const InputTable& input);
  void begin_sums(const InputTable& input, const TableDef& table);
  void count_stream(const Job& job, const Stripe& stripe);
  Result<void> end_stream(const Job& job, const Digest& digest);
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
  std::vector<std::uint32_t> stripes;
  for (const InputFile& file : input.files) {
    stripes.push_back(stripes_of(file, options));
    for (std::uint32_t i = 0; i < stripes.back(); ++i)
      streams.push_back({input.id, streams.size(), range_of(file, i, stripes.back()), false});
  }
  streams.back().is_last = true;
  std::map<std::uint64_t, StreamState> known;
  for (StreamState& state : TRY(ledger.streams(input.id))) {
    const std::uint64_t ordinal = state.stream.ordinal;
    if (ordinal >= streams.size() || !(state.stream == streams[ordinal])) {
      return fail(Error(
          ErrorCode::job_differs, Side::local, Retry::never,
          fmt::format("the files of {} are not those this job began with: '{}' is not there now",
                      quoted(input.id), state.stream.range)));
    }
    known.emplace(ordinal, std::move(state));
  }
  TRY(ledger.plan(streams));
  const TablePtr table = TRY_DURING("loading " + quoted(input.id), definitions(input.id));
  begin_sums(input, *table);
  std::uint64_t ordinal = 0;
  for (std::size_t i = 0; i < input.files.size(); ++i) {
    Job job{&input, &input.files[i], table, {}};
    for (std::uint32_t k = 0; k < stripes[i]; ++k, ++ordinal) {
      Stripe stripe{std::make_shared<const Stream>(streams[ordinal]), false, "", {}, {}};
      if (const auto found = known.find(ordinal); found != known.end()) {
        stripe.is_done = found->second.is_done;
        stripe.mark = found->second.mark;
        stripe.digest_before = found->second.digest;
      }
      count_stream(job, stripe);
      job.stripes.push_back(std::move(stripe));
    }
    if (std::ranges::any_of(job.stripes, [](const Stripe& stripe) { return !stripe.is_done; }))
      jobs.push_back(std::move(job));
  }
  return {};
}

// Digests compare only over the same columns of the same types: a digest's text depends on both.
void PartSource::Shared::begin_sums(const InputTable& input, const TableDef& table) {
  if (!list.manifest) return;
  std::vector<std::pair<std::string, std::string>> columns;
  for (const std::uint32_t column : stored_columns(table))
    columns.emplace_back(table.columns[column].name, table.columns[column].type.text);
  const bool is_comparable = columns == input.columns;
  for (const InputFile& file : input.files)
    sums[{input.id, file.part}].is_comparable = is_comparable && input.digests.contains(file.part);
  if (is_comparable) return;
  LOG(info,
      "the table has other columns or types than when it was dumped: the digests of its parts are "
      "not compared",
      {{"table", quoted(input.id)}});
}

void PartSource::Shared::count_stream(const Job& job, const Stripe& stripe) {
  if (!list.manifest) return;
  Sum& sum = sums[{job.input->id, job.file->part}];
  if (stripe.is_done) {
    sum.digest += stripe.digest_before;
    sum.rows[job.file->path] += stripe.digest_before.rows;
  } else {
    ++sum.streams_left;
  }
}

Result<void> PartSource::Shared::end_stream(const Job& job, const Digest& digest) {
  if (!list.manifest) return {};
  const std::scoped_lock lock(mutex);
  const auto found = sums.find({job.input->id, job.file->part});
  Sum& sum = found->second;
  sum.digest += digest;
  sum.rows[job.file->path] += digest.rows;
  if (--sum.streams_left != 0) return {};
  const Sum whole = sum;
  sums.erase(found);
  if (!whole.is_comparable) {
    ++uncompared;
    return {};
  }
  if (agrees(job.input->digests.at(job.file->part), whole.digest)) return {};
  return fail(changed(*job.input, job.file->part, whole.digest, whole.rows));
}

namespace {

class PartReader : public Reader {
 public:
  PartReader(PartSource::Shared& shared, Loan loan)
      : shared_(shared),
        loan_(std::move(loan)),
        filler_(shared.memory, shared.options.block_bytes) {}

  Result<std::optional<Block>> next(const std::stop_token& stop) override {
    while (true) {
      if (rows_ == nullptr && ending_ == job_.stripes.size()) {
        auto job = TRY(shared_.take());
        if (!job) return std::nullopt;
        TRY(open(std::move(*job)));
      }
      auto block = rows_ != nullptr ? TRY(read(stop)) : TRY(end_next(stop));
      if (block) return block;
    }
  }

 private:
  Result<void> open(Job job) {
    job_ = std::move(job);
    ending_ = 0;
    digester_.reset();
    const Stripe* first = nullptr;  // that has the least
    for (const Stripe& stripe : job_.stripes) {
      if (!stripe.is_done && (first == nullptr || offset_of(stripe.mark) < offset_of(first->mark)))
        first = &stripe;
    }
    const PartPlace place{shared_.storage, *job_.file, job_.table};
    const auto& manifest = shared_.list.manifest;
    if (job_.file->type == FileType::csv) {
      rows_ = TRY(open_csv_rows(
          place, manifest ? csv_options_of(manifest->format) : shared_.options.csv, first->mark));
      return {};
    }
    DumpReaderOptions sql = shared_.options.sql;
    if (manifest) sql.no_backslash_escapes = !manifest->format.escape_backslash;
    rows_ = TRY(open_sql_rows(place, sql, first->mark));
    return {};
  }

  // The next rows of the stripe whose turn it is; nullopt when it has them already, or when there
  // are none.
  Result<std::optional<Block>> read(const std::stop_token& stop) {
    const std::uint64_t at = rows_->offset(), segment = at / segment_bytes;
    Stripe& stripe = job_.stripes[segment % job_.stripes.size()];
    std::uint64_t limit =
        job_.stripes.size() == 1 ? ~std::uint64_t{0} : (segment + 1) * segment_bytes;
    const bool drops = stripe.is_done || at < offset_of(stripe.mark);
    if (drops && !stripe.is_done) limit = std::min(limit, offset_of(stripe.mark));
    TRY(filler_.begin(stripe.stream, stop));
    const auto filled = TRY(rows_->fill(filler_, limit, drops, stop));
    Block block = filler_.take();
    std::string mark = rows_->mark();
    if (filled == PartRows::Filled::file_ended) rows_.reset();
    if (block.row_count() == 0) return std::nullopt;
    stripe.mark = std::move(mark);
    digest_rows(block, stripe);
    block.set_mark(stripe.mark);
    return block;
  }

  // The file was read: each of its streams ends.
  Result<std::optional<Block>> end_next(const std::stop_token& stop) {
    Stripe& stripe = job_.stripes[ending_++];
    if (stripe.is_done) return std::nullopt;
    TRY(shared_.end_stream(job_, plus(stripe.digest_before, stripe.digest)));
    TRY(filler_.begin(stripe.stream, stop));
    Block block = filler_.take();
    block.add_end({stripe.digest});
    block.set_mark(stripe.mark);
    return block;
  }

  // Statements of one file may name other columns each: every run of rows is digested with its own.
  void digest_rows(const Block& block, Stripe& stripe) {
    for (const Item& item : block.items()) {
      const auto* rows = std::get_if<Rows>(&item);
      if (rows == nullptr) continue;
      if (!digester_ || !(columns_ == rows->after)) {
        columns_ = rows->after;
        digester_.emplace(rows->table, rows->after, shared_.options.strength);
      }
      digester_->reset();
      digester_->add(block, *rows);
      stripe.digest += digester_->digest();
    }
  }

  PartSource::Shared& shared_;
  const Loan loan_;
  BlockFiller filler_;
  Job job_;
  std::unique_ptr<PartRows> rows_;
  std::optional<RowDigester> digester_;
  ColumnSet columns_;       // of the digester
  std::size_t ending_ = 0;  // streams of the job whose end was handed on
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
