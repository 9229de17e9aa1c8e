// copy_driver URL JOB ROWS WRITERS [takeover]: copies tables that exist in its memory into
// shop.keyed and shop.keyless, which exist on the target. A case kills it, cuts its connections,
// starts it again, and looks at the tables afterwards.
//
// keyed    (id INT PRIMARY KEY, t VARCHAR(40)) ids 0 … ROWS-1, streams of ROWS/3 rows with a mark
// after each block keyless  (id INT, t VARCHAR(40))             ids 0 … ROWS/2-1, each twice; one
// stream without marks
//
// Exit code: 0 copied and proven, 3 copied and not proven, 1 failed (the error is the last line of
// stderr), 2 usage.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "apply/memory_copy.h"
#include "mysql/endpoint.h"

namespace tideway::testing {
namespace {

std::vector<Cells> rows_of(std::size_t count) {
  std::vector<Cells> rows;
  for (std::size_t i = 0; i < count; ++i)
    rows.push_back({std::to_string(i), fmt::format("row {} 'of' {}\n", i, count)});
  return rows;
}

int drive(std::string_view url, std::string job, std::size_t rows, std::uint32_t writers,
          bool takeover) {
  auto target = parse_endpoint(url, Side::target);
  if (!target) {
    fmt::print(stderr, "{}\n", target.error().to_line());
    return 2;
  }
  target->password = Secret();
  JobOptions options;
  options.job = std::move(job);
  options.recipe = "copy";
  options.takeover = takeover;
  options.heartbeat = std::chrono::milliseconds(500);
  const TablePtr keyed = table_of("CREATE TABLE keyed (id INT PRIMARY KEY, t VARCHAR(40))");
  const TablePtr keyless = table_of("CREATE TABLE keyless (id INT, t VARCHAR(40))");
  std::vector<Cells> twice = rows_of(rows / 2);
  std::ranges::copy(rows_of(rows / 2), std::back_inserter(twice));
  MemoryCopy copy;
  copy.tables = {{keyed, rows_of(rows), true, rows / 3, 7},
                 {keyless, std::move(twice), false, 0, 11}};
  copy.options.writers = writers;
  copy.readers = writers;
  const auto outcome = copy_into(*target, options, copy);
  if (!outcome) {
    fmt::print(stderr, "{}\n", outcome.error().to_line());
    return 1;
  }
  for (const TableProof& proof : outcome->proofs) {
    fmt::print("{}: expected {}, found {}\n", proof.table.name, to_text(proof.expected),
               to_text(proof.found));
  }
  fmt::print("retries={} reconnects={}\n", outcome->retries, outcome->reconnects);
  return std::ranges::all_of(outcome->proofs, &TableProof::is_equal) ? 0 : 3;
}

}  // namespace
}  // namespace tideway::testing

int main(int argc, char** argv) {
  if (argc < 5) {
    fmt::print(stderr, "usage: copy_driver URL JOB ROWS WRITERS [takeover]\n");
    return 2;
  }
  return tideway::testing::drive(argv[1], argv[2], std::strtoul(argv[3], nullptr, 10),
                                 static_cast<std::uint32_t>(std::strtoul(argv[4], nullptr, 10)),
                                 argc > 5 && std::string_view(argv[5]) == "takeover");
}
