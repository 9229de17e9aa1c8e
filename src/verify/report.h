#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/digest.h"
#include "model/table_id.h"

namespace tideway {

enum class DifferenceKind : std::uint8_t { missing, extra, different };  // as seen from the source
std::string_view to_text(DifferenceKind kind);

struct Difference {
  DifferenceKind kind = DifferenceKind::missing;
  std::string key;         // "`id`=17", or "row md5 …" for a table without a key
  std::uint64_t rows = 1;  // more than one only without a key: the same row so many times
};

enum class ComparisonState : std::uint8_t { equal, different, not_compared };
std::string_view to_text(ComparisonState state);

struct TableReport {
  TableId source, target;
  ComparisonState state = ComparisonState::not_compared;
  std::string reason;  // why it was not compared, or what was left out
  DigestStrength strength = DigestStrength::strong;
  bool counted_only = false;  // quick mode: only row counts were compared
  Digest source_digest, target_digest;
  std::uint64_t missing = 0, extra = 0, different = 0;  // rows
  std::vector<Difference> examples;                     // the first ones in key order, bounded
};

// What a comparison found. A value.
struct VerifyReport {
  std::string source, target, started, finished;
  std::vector<TableReport> tables;
  bool all_equal() const;
  std::string to_json() const;
};

}  // namespace tideway
