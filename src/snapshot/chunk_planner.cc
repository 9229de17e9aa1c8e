#include "snapshot/chunk_planner.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/check.h"

namespace tideway {
namespace {

using Wide = __int128;

// A row whose size nothing is known of.
constexpr double usual_row_bytes = 200;

std::optional<Wide> to_wide(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  if (text.empty() || text.size() > 30) return std::nullopt;
  Wide value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return is_negative ? -value : value;
}

std::string to_text(Wide value) {
  if (value == 0) return "0";
  const bool is_negative = value < 0;
  std::string digits;
  for (Wide rest = is_negative ? -value : value; rest != 0; rest /= 10)
    digits += static_cast<char>('0' + static_cast<int>(rest % 10));
  if (is_negative) digits += '-';
  return {digits.rbegin(), digits.rend()};
}

Wide scaled(Wide width, double factor) {
  const double value = static_cast<double>(width) * factor;
  constexpr double most = 1e30;
  return std::max<Wide>(static_cast<Wide>(std::min(value, most)), 1);
}

}  // namespace

ChunkPlanner::ChunkPlanner(std::vector<KeyColumn> columns, PlannerOptions options,
                           std::uint64_t rows, std::uint64_t bytes, KeyCells start)
    : columns_(std::move(columns)),
      options_(options),
      rows_estimate_(rows),
      row_bytes_(rows == 0 ? usual_row_bytes
                           : static_cast<double>(bytes) / static_cast<double>(rows)),
      low_(std::move(start)),
      interpolates_(is_integer(columns_.at(0).type.kind)) {
  row_bytes_ = std::max(row_bytes_, 1.0);
}

std::uint64_t ChunkPlanner::rows_wanted() const {
  const double by_bytes = static_cast<double>(options_.chunk_bytes) / row_bytes_;
  const double rows = std::min(by_bytes, static_cast<double>(options_.chunk_rows)) * caution_;
  return std::max<std::uint64_t>(static_cast<std::uint64_t>(rows), 1);
}

void ChunkPlanner::learn(std::uint64_t rows, std::uint64_t bytes) {
  if (rows == 0) return;
  // Chunks of few rows say little; half of the latest full one keeps up with a table whose rows
  // grow.
  const double weight =
      std::min(0.5, static_cast<double>(rows) / static_cast<double>(rows_wanted()));
  const double found = static_cast<double>(bytes) / static_cast<double>(rows);
  row_bytes_ = std::max((1 - weight) * row_bytes_ + weight * found, 1.0);
  // Estimates that are always too low would make every chunk too large.
  const double too_many = static_cast<double>(rows) / static_cast<double>(options_.chunk_rows);
  if (interpolates_ && too_many > 1) caution_ = std::max(caution_ / too_many, 0.05);
}

Result<ChunkRange> ChunkPlanner::next(KeySpace& keys) {
  CHECK(!is_done_);
  auto high = TRY(cut(keys));
  ChunkRange range{low_, high.value_or(KeyCells())};
  if (high) {
    low_ = std::move(*high);
  } else {
    is_done_ = true;
  }
  return range;
}

Result<std::optional<KeyCells>> ChunkPlanner::cut(KeySpace& keys) {
  if (interpolates_ && !has_looked_) TRY(look_at_ends(keys));
  if (interpolates_) return cut_by_interpolation(keys);
  return keys.nth_key(low_, rows_wanted());
}

Result<void> ChunkPlanner::look_at_ends(KeySpace& keys) {
  has_looked_ = true;
  const auto ends = TRY(keys.ends());
  if (!ends) return {};
  const auto least = to_wide(ends->first), greatest = to_wide(ends->second);
  if (!least || !greatest || *least > *greatest) {
    interpolates_ = false;
    return {};
  }
  ends_ = Ends{*least, *greatest};
  // An index that gives no estimates, or wild ones, is not asked for any.
  constexpr std::uint64_t worst = 8;
  const std::uint64_t whole = TRY(keys.estimate_rows({}));
  interpolates_ = whole >= rows_estimate_ / worst;
  return {};
}

Result<std::optional<KeyCells>> ChunkPlanner::cut_by_interpolation(KeySpace& keys) {
  if (!ends_) return std::optional<KeyCells>();
  Wide first = ends_->least;
  if (!low_.empty()) {
    const auto at = to_wide(low_[0]);
    if (!at) return keys.nth_key(low_, rows_wanted());
    // Behind a bound of all columns the same leading value may go on.
    const bool may_go_on = low_.size() == columns_.size() && columns_.size() > 1;
    first = std::max(first, may_go_on ? *at : *at + 1);
  }
  if (first > ends_->greatest) return std::optional<KeyCells>();

  const std::uint64_t wanted = rows_wanted();
  const Width width = TRY(find_width(keys, first, wanted));
  width_ = width.values;
  if (width.reaches_end) return std::optional<KeyCells>();
  // One leading value holds more than a chunk: only its rows can be counted off.
  if (width.values == 1 && columns_.size() > 1 && width.rows > wanted + wanted / 4)
    return keys.nth_key(low_, wanted);
  return std::optional(KeyCells{to_text(first + width.values - 1)});
}

// Doubles or shrinks the width until the index says that it holds between half and one and a
// quarter of the rows wanted. Between a width that is too small and one that is too large it halves
// the distance, on a scale of magnitudes while they are far apart: keys may lie dense at one end of
// 2^64 values.
Result<ChunkPlanner::Width> ChunkPlanner::find_width(KeySpace& keys, Wide first,
                                                     std::uint64_t wanted) {
  const std::uint64_t most = wanted + wanted / 4, least = wanted / 2;
  const Wide all = ends_->greatest - first + 1;
  Wide values = width_;
  if (values == 0) {
    const Wide whole = ends_->greatest - ends_->least + 1;
    const double share = static_cast<double>(wanted) /
                         static_cast<double>(std::max<std::uint64_t>(rows_estimate_, 1));
    values = scaled(whole, std::min(share, 1.0));
  }
  Width small, large;
  constexpr int tries = 160;
  for (int i = 0; i < tries; ++i) {
    values = std::clamp<Wide>(values, 1, all);
    const bool is_all = values == all;
    const ChunkRange range{low_, is_all ? KeyCells() : KeyCells{to_text(first + values - 1)}};
    const Width now{values, TRY(keys.estimate_rows(range)), is_all};
    if (now.rows > most) {
      if (values == 1) return now;
      large = now;
      if (small.values == 0) {
        values = std::min<Wide>(values - 1, scaled(values, static_cast<double>(wanted) /
                                                               static_cast<double>(now.rows)));
        continue;
      }
    } else if (now.rows >= least || is_all) {
      return now;
    } else {
      small = now;
      if (large.values == 0) {
        const double growth =
            now.rows == 0 ? 64
                          : std::clamp(static_cast<double>(wanted) / static_cast<double>(now.rows),
                                       2.0, 64.0);
        // Often the rest is small too: one look saves the way there.
        values = i == 0 ? all : scaled(values, growth);
        continue;
      }
    }
    if (small.values + 1 >= large.values) return small;
    const bool is_far = large.values / small.values > 16;
    values = is_far ? scaled(1, std::sqrt(static_cast<double>(small.values)) *
                                    std::sqrt(static_cast<double>(large.values)))
                    : small.values + (large.values - small.values) / 2;
    values = std::clamp<Wide>(values, small.values + 1, large.values - 1);
  }
  return small.values != 0 ? small : Width{1, 0, all == 1};
}

}  // namespace tideway
