#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "base/result.h"
#include "mysql/endpoint.h"
#include "verify/report.h"
#include "verify/table_pair.h"

namespace tideway {

struct CompareOptions {
  DigestStrength strength = DigestStrength::strong;
  bool count_only = false;  // row counts instead of digests
  std::uint64_t range_rows =
      100'000;  // rows a digest query covers: fast digests are meant for no more
  std::uint64_t leaf_rows = 1'000;  // ranges this small are compared row by row
  std::uint32_t examples = 100;     // keys named per table
  std::size_t threads = 4;          // sessions on each side, and one that names the ranges
  std::string where;                // compares only these rows, on both sides
  Duration patience = std::chrono::minutes(5);  // a server that stays away longer ends it
};

// How far a comparison is: ranges known and ranges both sides have answered. Any thread may read.
struct CompareMeter {
  std::atomic<std::uint64_t> ranges = 0, ranges_done = 0, rows = 0, tables_done = 0;
  std::atomic<std::uint64_t> asked_again = 0;  // questions whose answer was lost on the way
};

// Compares tables, reading each side once:
//  1. the source names the bounds of ranges of about `range_rows` rows, in key order;
//  2. both sides answer the digest of each range, each at its own speed;
//  3. a range that differs is halved by key until it is small, then its rows are fetched as (key,
//  MD5) and matched.
// Tables whose key sorts differently on the two sides, or that have no key, are digested whole and,
// if different, matched as sorted lists of row MD5s streamed from both sides. Nobody may write
// meanwhile: what differs is re-read once before it is reported. A question whose answer is lost is
// asked again. A table that cannot be compared is reported as such; only a server that stays away
// or a stop ends the comparison.
Result<std::vector<TableReport>> compare_tables(const Endpoint& source, const Endpoint& target,
                                                std::span<const TablePair> pairs,
                                                const CompareOptions& options, CompareMeter& meter,
                                                const std::stop_token& stop);

// A table that one side cannot answer for is reported and left out; a lost server or a stop ends
// every comparison.
bool concerns_one_table(const Error& error);

}  // namespace tideway
