// sink_bench URL ROWS WRITERS READERS BLOCK_KIB BATCH_KIB infile|insert: how fast rows get into
// shop.sbtest1 when reading them costs nothing. Prints one line: rows/s, the process's CPU-seconds
// per million rows, how the rows went.
#include <fmt/format.h>
#include <sys/resource.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <string_view>

#include "apply/copy_sink.h"
#include "apply/rows.h"
#include "flow/run.h"
#include "mysql/endpoint.h"

namespace tideway::testing {
namespace {

constexpr const char* definition =
    "CREATE TABLE `sbtest1` (`id` int NOT NULL AUTO_INCREMENT, `k` int NOT NULL DEFAULT '0', `c` "
    "char(120) NOT NULL DEFAULT '', "
    "`pad` char(60) NOT NULL DEFAULT '', PRIMARY KEY (`id`), KEY `k_1` (`k`)) ENGINE=InnoDB "
    "DEFAULT CHARSET=utf8mb4";
constexpr std::uint64_t rows_per_stream = 100'000;

class SysbenchSource : public Source {
 public:
  SysbenchSource(TablePtr table, std::uint64_t rows, std::uint64_t block_bytes,
                 MemoryArbiter& arbiter)
      : table_(std::move(table)), rows_(rows), block_bytes_(block_bytes), arbiter_(arbiter) {}
  std::vector<Stream> streams() const {
    std::vector<Stream> all;
    for (std::uint64_t i = 0; i * rows_per_stream < rows_; ++i)
      all.push_back({table_->id, i, "", (i + 1) * rows_per_stream >= rows_});
    return all;
  }
  std::size_t readers_max() const override { return 64; }
  Result<std::unique_ptr<Reader>> open_reader(const std::stop_token& stop) override;

  const TablePtr table_;
  const std::uint64_t rows_, block_bytes_;
  MemoryArbiter& arbiter_;
  std::atomic<std::uint64_t> next_stream_ = 0;
};

class SysbenchReader : public Reader {
 public:
  explicit SysbenchReader(SysbenchSource& source) : source_(source) {}
  Result<std::optional<Block>> next(const std::stop_token& stop) override {
    if (at_ == end_) {
      const std::uint64_t stream = source_.next_stream_++;
      at_ = stream * rows_per_stream;
      if (at_ >= source_.rows_) return std::nullopt;
      end_ = std::min(at_ + rows_per_stream, source_.rows_);
      stream_ =
          std::make_shared<Stream>(Stream{source_.table_->id, stream, "", end_ == source_.rows_});
      digester_.emplace(source_.table_, columns_, DigestStrength::fast);
    }
    auto loan = source_.arbiter_.borrow(source_.block_bytes_, stop);
    if (!loan) return std::nullopt;
    Block block(stream_, std::move(*loan));
    block.begin_rows(source_.table_, ChangeKind::insert, {}, columns_);
    while (at_ != end_ && block.room_left() > 256) add_row(block, ++at_);
    digester_->add(block, rows_in(block));
    block.set_mark(std::to_string(at_));
    if (at_ == end_) block.add_end({digester_->digest()});
    return block;
  }

 private:
  void add_row(Block& block, std::uint64_t id) {
    block.add_cell(block.append(fmt::format_int(id).str()));
    block.add_cell(block.append(fmt::format_int(random_() % source_.rows_).str()));
    char digits[180];
    for (std::size_t i = 0; i < sizeof digits; i += 9) {
      const std::uint64_t eight = random_();
      for (std::size_t d = 0; d < 9 && i + d < sizeof digits; ++d)
        digits[i + d] = d == 8 ? '-' : static_cast<char>('0' + (eight >> (4 * d)) % 10);
    }
    block.add_cell(block.append({digits, 119}));
    block.add_cell(block.append({digits + 119, 59}));
    block.end_row();
  }
  SysbenchSource& source_;
  const ColumnSet columns_{{0, 1, 2, 3}};
  StreamPtr stream_;
  std::uint64_t at_ = 0, end_ = 0;
  std::optional<RowDigester> digester_;
  std::minstd_rand random_{7};
};

Result<std::unique_ptr<Reader>> SysbenchSource::open_reader(const std::stop_token&) {
  return std::make_unique<SysbenchReader>(*this);
}

Result<void> bench(char** arguments) {
  const auto number = [&](int i) { return std::strtoull(arguments[i], nullptr, 10); };
  Endpoint target = TRY(parse_endpoint(arguments[1], Side::target));
  target.password = Secret();
  {
    Session session = TRY(Session::open(target, {}, {}));
    for (const char* sql : {"DROP DATABASE IF EXISTS tideway_meta", "DROP DATABASE IF EXISTS shop",
                            "CREATE DATABASE shop", "USE shop"})
      TRY(session.execute(sql, {}));
    TRY(session.execute(definition, {}));
  }
  const TablePtr table = table_of(definition);
  JobOptions job;
  job.job = "bench";
  job.recipe = "copy";
  const auto progress = TRY(JobProgress::open(target, job, {}));
  const std::vector<FilledTable> filled = {{table->id, table->id, true}};
  TRY(progress->fill_tables(filled, {}));
  TRY(progress->set_position_and_reset("", {}, {}));
  const auto ledger = TRY(TargetLedger::open(*progress, {}));
  MemoryArbiter arbiter(256ULL << 20U);
  CopyOptions options;
  options.writers = static_cast<std::uint32_t>(number(3));
  options.batch_bytes = number(6) << 10U;
  options.use_infile = std::string_view(arguments[7]) == "infile";
  CopySink sink(*progress, *ledger, {{table->id, table}}, arbiter, options);
  SysbenchSource source(table, number(2), number(5) << 10U, arbiter);
  TRY(ledger->plan(source.streams()));
  Meter meter;
  const auto began = std::chrono::steady_clock::now();
  const Summary summary =
      TRY(run(source, {}, sink, {.readers = number(4), .writers = options.writers}, meter, {}));
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto cpu = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  const double cpu_seconds = cpu(usage.ru_utime) + cpu(usage.ru_stime);
  fmt::print(
      "{:.0f} rows/s  {:.2f} s  cpu {:.2f} s/M rows ({:.1f}% of one core)  rss {} MB  insert {} "
      "infile {}  transactions {}  retries {}\n",
      static_cast<double>(summary.rows) / seconds, seconds,
      cpu_seconds / static_cast<double>(summary.rows) * 1e6, 100 * cpu_seconds / seconds,
      usage.ru_maxrss / 1024, sink.meter().rows_by_insert.load(),
      sink.meter().rows_by_infile.load(), sink.meter().transactions.load(),
      sink.meter().retries.load());
  return {};
}

}  // namespace
}  // namespace tideway::testing

int main(int argc, char** argv) {
  if (argc != 8) {
    fmt::print(stderr,
               "usage: sink_bench URL ROWS WRITERS READERS BLOCK_KIB BATCH_KIB infile|insert\n");
    return 2;
  }
  const auto done = tideway::testing::bench(argv);
  if (done) return 0;
  fmt::print(stderr, "{}\n", done.error().to_line());
  return 1;
}
