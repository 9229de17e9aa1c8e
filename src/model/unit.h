#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "model/intervals.h"

namespace tideway {

// Names of what numbers the units of a log, as ordinals that are cheap to carry: a GTID's source
// (`uuid`, `uuid:tag`) or a file of the log. An ordinal means the same for as long as this lives;
// text is what is stored. Shared by the reader of a log and the writer of its units. Any thread.
class OriginNames {
 public:
  std::uint32_t ordinal(std::string_view name);  // the same for the same name
  std::string name(std::uint32_t ordinal) const;

 private:
  struct Names {
    std::vector<std::string> by_ordinal;
    std::unordered_map<std::string, std::uint32_t> ordinals;
  };
  Guarded<Names> names_;
};

// Identity of a source transaction, for ever: numbers first to last of its origin. With GTID the
// origin is the GTID's source and both numbers are the transaction's. Without, the origin is a
// file of the log and the transaction is its bytes: those from offset first - 1 to offset last, so
// that neighbours in a file make one range. last is 0 as long as the end has not been read.
struct UnitId {
  std::uint32_t origin = 0;
  std::uint64_t first = 0, last = 0;
  bool operator==(const UnitId&) const = default;
};

// A set of units: what a lane has done, what is behind the base. A value.
class UnitSet {
 public:
  void add(const UnitId& unit);
  void add(const UnitSet& other);
  void remove(const UnitSet& other);
  bool contains(const UnitId& unit) const;  // the whole of it
  bool contains(const UnitSet& other) const;
  bool is_empty() const { return origins_.empty(); }
  std::size_t range_count() const;
  const std::map<std::uint32_t, Intervals>& origins() const { return origins_; }
  bool operator==(const UnitSet&) const = default;

  // `uuid:1-5:7,uuid:tag:3,binlog.000003:157-3012`, sorted by name; bytes of a file's name that
  // would not be read back (`,` `:` `%`) are `%2C` and so on. With GTIDs alone it is a GTID set.
  std::string to_text(const OriginNames& names) const;
  static Result<UnitSet> parse(std::string_view text, OriginNames& names);

 private:
  std::map<std::uint32_t, Intervals> origins_;  // none of them empty
};

}  // namespace tideway
