// bench_binlog_decode LOG DATABASE CREATE_TABLE_FILE...: decodes a file of a log on one thread,
// from memory, checksums checked, again and again for two seconds; prints bytes, rows and CPU
// seconds of the fastest pass. Blocks are dropped as they get full.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "base/check.h"
#include "binlog/rows_plan.h"
#include "sql/create_table.h"

namespace tideway {
namespace {

std::string read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  CHECK(file);
  return bytes;
}

double cpu_seconds() {
  std::timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

using Tables = std::map<std::string, TablePtr, std::less<>>;

class Pass {
 public:
  explicit Pass(const Tables& tables) : tables_(tables) {}

  Result<void> event(std::string_view bytes) {
    const Event event = TRY(reader_.read(bytes));
    if (const auto* map = std::get_if<TableMap>(&event.body)) return learn(*map);
    const auto* rows = std::get_if<RowsEvent>(&event.body);
    if (rows == nullptr) return {};
    const auto plan = plans_.find(rows->table_id);
    if (plan == plans_.end()) return {};
    RowCursor cursor;
    while (TRY(plan->second.decode(*rows, false, cursor, block_)) != Decoded::all) block_ = fresh();
    rows_ += cursor.rows;
    return {};
  }
  std::uint64_t rows() const { return rows_; }

 private:
  Result<void> learn(const TableMap& map) {
    const auto table = tables_.find(map.name);
    if (table == tables_.end()) return {};
    const auto known = plans_.find(map.table_id);
    if (known != plans_.end() && known->second.is_for(map, table->second)) return {};
    plans_.insert_or_assign(map.table_id,
                            TRY(RowsPlan::make(map, table->second, reader_.format())));
    return {};
  }
  Block fresh() { return {stream_, std::move(*arbiter_.borrow(Block::usual_bytes, {}))}; }

  const Tables& tables_;
  MemoryArbiter arbiter_{16ULL << 20U};
  StreamPtr stream_ = std::make_shared<Stream>();
  EventReader reader_{true};
  std::map<std::uint64_t, RowsPlan> plans_;
  Block block_ = fresh();
  std::uint64_t rows_ = 0;
};

Result<std::uint64_t> decode(std::string_view log, const Tables& tables) {
  constexpr std::size_t magic = 4, length_at = 9;
  Pass pass(tables);
  for (log.remove_prefix(magic); log.size() > EventHeader::bytes;) {
    std::uint32_t length = 0;
    std::memcpy(&length, log.data() + length_at, sizeof length);
    if (length > log.size()) break;  // being written
    TRY(pass.event(log.substr(0, length)));
    log.remove_prefix(length);
  }
  return pass.rows();
}

int measure(const std::string& log, const Tables& tables) {
  constexpr double enough = 2;
  double best = 1e9;
  std::uint64_t rows = 0;
  for (double spent = 0; spent < enough;) {
    const double begin = cpu_seconds();
    const auto decoded = decode(log, tables);
    if (!decoded) {
      fmt::print(stderr, "{}\n", decoded.error().to_line());
      return 1;
    }
    rows = *decoded;
    const double took = cpu_seconds() - begin;
    best = std::min(best, took);
    spent += took;
  }
  fmt::print("{} {} {}\n", log.size(), rows, best);
  return 0;
}

}  // namespace
}  // namespace tideway

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr, "usage: bench_binlog_decode LOG DATABASE CREATE_TABLE_FILE...\n");
    return 2;
  }
  tideway::Tables tables;
  for (int i = 3; i < argc; ++i) {
    auto table = tideway::parse_create_table(tideway::read_file(argv[i]), argv[2]);
    CHECK(table);
    std::string name = table->id.name;
    tables[name] = std::make_shared<const tideway::TableDef>(std::move(*table));
  }
  return tideway::measure(tideway::read_file(argv[1]), tables);
}
