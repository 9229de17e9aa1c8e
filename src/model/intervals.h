#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tideway {

// A set of whole numbers as ranges. A value; appending at the end, the usual case, is cheap.
class Intervals {
 public:
  struct Range {
    std::uint64_t first = 0, last = 0;  // both inclusive
    bool operator==(const Range&) const = default;
  };

  void add(Range range);
  void add(const Intervals& other);
  void remove(Range range);
  void remove(const Intervals& other);
  bool contains(Range range) const;  // the whole of it
  bool contains(const Intervals& other) const;
  bool is_empty() const { return ranges_.empty(); }
  std::uint64_t size() const;
  const std::vector<Range>& ranges() const { return ranges_; }
  bool operator==(const Intervals&) const = default;

 private:
  std::vector<Range> ranges_;  // ascending, neither overlapping nor touching
};

}  // namespace tideway
