#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tideway {

// A set of MySQL's global transaction identifiers, as @@gtid_executed prints it:
// `uuid:1-5:7,uuid:tag:1-3`, with blanks and newlines after commas. A value; any thread.
class GtidSet {
 public:
  static Result<GtidSet> parse(std::string_view text);  // empty text: the empty set
  // @@global.gtid_owned: `uuid:4#25:5#26`, what stands behind # being the owner's thread.
  static Result<GtidSet> parse_owned(std::string_view text);

  void add(std::string_view source, std::uint64_t number);  // source: `uuid` or `uuid:tag`
  void add(const GtidSet& other);
  bool contains(std::string_view source, std::uint64_t number) const;
  bool contains(const GtidSet& other) const;
  GtidSet minus(const GtidSet& other) const;

  bool is_empty() const { return sources_.empty(); }
  std::uint64_t size() const;
  std::string to_text() const;  // sorted, merged, no blanks; parse() reads it back
  bool operator==(const GtidSet&) const = default;

 private:
  struct Interval {
    std::uint64_t first, last;  // both inclusive
    bool operator==(const Interval&) const = default;
  };
  using Intervals = std::vector<Interval>;  // ascending, neither overlapping nor touching
  static void insert(Intervals& intervals, Interval added);
  static Result<GtidSet> parse(std::string_view text, bool has_owners);

  std::map<std::string, Intervals, std::less<>> sources_;
};

}  // namespace tideway
