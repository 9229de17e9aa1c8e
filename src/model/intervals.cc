#include "model/intervals.h"

#include <algorithm>

namespace tideway {
namespace {

// Where a range would have to begin to stand behind this one with a gap between them.
std::uint64_t behind(const Intervals::Range& range) {
  return range.last == UINT64_MAX ? range.last : range.last + 1;
}

}  // namespace

void Intervals::add(Range range) {
  // The first that touches or follows what is added: appending finds the end.
  const auto first = !ranges_.empty() && behind(ranges_.back()) < range.first
                         ? ranges_.end()
                         : std::ranges::lower_bound(ranges_, range.first, {}, behind);
  auto last = first;
  while (last != ranges_.end() && (range.last == UINT64_MAX || last->first <= range.last + 1)) {
    range.first = std::min(range.first, last->first);
    range.last = std::max(range.last, last->last);
    ++last;
  }
  if (first != last) {  // one takes the place of all it swallows
    *first = range;
    ranges_.erase(first + 1, last);
  } else {
    ranges_.insert(first, range);
  }
}

void Intervals::add(const Intervals& other) {
  for (const Range& range : other.ranges_) add(range);
}

void Intervals::remove(Range range) {
  const auto first = std::ranges::lower_bound(ranges_, range.first, {}, &Range::last);
  auto last = first;
  std::vector<Range> left;  // of the first and of the last that is cut
  while (last != ranges_.end() && last->first <= range.last) {
    if (last->first < range.first) left.push_back({last->first, range.first - 1});
    if (last->last > range.last) left.push_back({range.last + 1, last->last});
    ++last;
  }
  ranges_.insert(ranges_.erase(first, last), left.begin(), left.end());
}

void Intervals::remove(const Intervals& other) {
  for (const Range& range : other.ranges_) remove(range);
}

bool Intervals::contains(Range range) const {
  const auto found = std::ranges::lower_bound(ranges_, range.first, {}, &Range::last);
  return found != ranges_.end() && found->first <= range.first && range.last <= found->last;
}

bool Intervals::contains(const Intervals& other) const {
  return std::ranges::all_of(other.ranges_, [this](const Range& range) { return contains(range); });
}

std::uint64_t Intervals::size() const {
  std::uint64_t size = 0;
  for (const Range& range : ranges_) size += range.last - range.first + 1;
  return size;
}

}  // namespace tideway
