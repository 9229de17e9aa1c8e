#include "snapshot/chunk_planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <set>

namespace tideway {
namespace {

using Number = __int128;
using Key = std::vector<Number>;

Number number_of(const std::string& text) {
  const bool is_negative = text.starts_with('-');
  Number value = 0;
  for (const char c : std::string_view(text).substr(is_negative ? 1 : 0))
    value = value * 10 + (c - '0');
  return is_negative ? -value : value;
}

std::string text_of(Number value) {
  std::string digits;
  const bool is_negative = value < 0;
  if (is_negative) value = -value;
  do {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(value % 10)));
    value /= 10;
  } while (value != 0);
  return is_negative ? "-" + digits : digits;
}

// Whether the key lies at or before the bound, which may have fewer columns.
bool is_within(const Key& key, const KeyCells& bound) {
  for (std::size_t i = 0; i < bound.size(); ++i) {
    const Number value = number_of(bound[i]);
    if (key[i] != value) return key[i] < value;
  }
  return true;
}

bool holds(const ChunkRange& range, const Key& key) {
  const bool is_after = range.low.empty() || !is_within(key, range.low);
  return is_after && (range.high.empty() || is_within(key, range.high));
}

// A table that is nothing but its keys, sorted; its estimates are wrong by up to `noise`.
class FakeKeys : public KeySpace {
 public:
  FakeKeys(std::vector<Key> keys, double noise) : keys_(std::move(keys)), noise_(noise) {
    std::ranges::sort(keys_);
    keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end());
  }
  const std::vector<Key>& keys() const { return keys_; }
  std::size_t questions() const { return questions_; }

  Result<std::optional<std::pair<std::string, std::string>>> ends() override {
    ++questions_;
    if (keys_.empty()) return std::optional<std::pair<std::string, std::string>>();
    return std::optional(std::pair(text_of(keys_.front()[0]), text_of(keys_.back()[0])));
  }

  std::uint64_t count(const ChunkRange& range) const {
    return static_cast<std::uint64_t>(end(range.high) - begin(range.low));
  }

  Result<std::uint64_t> estimate_rows(const ChunkRange& range) override {
    ++questions_;
    std::uniform_real_distribution<double> error(1 / noise_, noise_);
    return static_cast<std::uint64_t>(static_cast<double>(count(range)) * error(random_));
  }

  Result<std::optional<KeyCells>> nth_key(const KeyCells& low, std::uint64_t n) override {
    ++questions_;
    const auto from = static_cast<std::uint64_t>(begin(low) - keys_.begin());
    if (from + n > keys_.size()) return std::optional<KeyCells>();
    KeyCells cells;
    for (const Number value : keys_[from + n - 1]) cells.push_back(text_of(value));
    return std::optional(cells);
  }

 private:
  std::vector<Key>::const_iterator begin(const KeyCells& low) const {
    if (low.empty()) return keys_.begin();
    return std::ranges::partition_point(keys_, [&](const Key& key) { return is_within(key, low); });
  }
  std::vector<Key>::const_iterator end(const KeyCells& high) const {
    if (high.empty()) return keys_.end();
    return std::ranges::partition_point(keys_,
                                        [&](const Key& key) { return is_within(key, high); });
  }

  std::vector<Key> keys_;
  const double noise_;
  std::mt19937 random_{11};
  std::size_t questions_ = 0;
};

std::vector<KeyColumn> columns_of(std::size_t count, TypeKind kind = TypeKind::big_int) {
  std::vector<KeyColumn> columns;
  for (std::size_t i = 0; i < count; ++i) {
    ColumnType type;
    type.kind = kind;
    columns.push_back({"c" + std::to_string(i), type});
  }
  return columns;
}

struct Shape {
  std::string name;
  std::function<std::vector<Key>(std::mt19937&)> make;
};

std::vector<Key> dense(Number from, Number count, Number step = 1) {
  std::vector<Key> keys;
  for (Number i = 0; i < count; ++i) keys.push_back({from + i * step});
  return keys;
}
void append(std::vector<Key>& keys, std::vector<Key> more) {
  keys.insert(keys.end(), more.begin(), more.end());
}

constexpr Number max_signed = 9223372036854775807, max_unsigned = 2 * max_signed + 1;

const std::vector<Shape> shapes = {
    {"empty", [](auto&) { return std::vector<Key>(); }},
    {"one row", [](auto&) { return dense(7, 1); }},
    {"one row at the least value", [](auto&) { return dense(-max_signed - 1, 1); }},
    {"dense", [](auto&) { return dense(1, 20000); }},
    {"even numbers", [](auto&) { return dense(0, 20000, 2); }},
    {"both ends of BIGINT",
     [](auto&) {
       auto keys = dense(-max_signed - 1, 3000);
       append(keys, dense(max_signed - 2999, 3000));
       return keys;
     }},
    {"both ends of BIGINT UNSIGNED",
     [](auto&) {
       auto keys = dense(0, 5000);
       append(keys, dense(max_unsigned, 1));
       return keys;
     }},
    {"dense, then one far away",
     [](auto&) {
       auto keys = dense(1, 20000);
       append(keys, dense(max_signed, 1));
       return keys;
     }},
    {"one far away, then dense",
     [](auto&) {
       auto keys = dense(-max_signed, 1);
       append(keys, dense(1, 20000));
       return keys;
     }},
    {"snowflakes",
     [](auto& random) {
       std::vector<Key> keys;
       std::uniform_int_distribution<int> gap(1, 1 << 22);
       Number at = Number{1} << 60;
       for (int i = 0; i < 20000; ++i) keys.push_back({at += gap(random)});
       return keys;
     }},
    {"powers of two",
     [](auto&) {
       std::vector<Key> keys;
       for (int i = 0; i < 63; ++i) keys.push_back({Number{1} << i});
       return keys;
     }},
    {"clusters of growing size",
     [](auto&) {
       std::vector<Key> keys;
       for (int i = 1; i < 12; ++i) append(keys, dense(Number{1} << (5 * i), Number{1} << i));
       return keys;
     }},
    {"random",
     [](auto& random) {
       std::vector<Key> keys;
       std::uniform_int_distribution<std::int64_t> any(INT64_MIN, INT64_MAX);
       for (int i = 0; i < 10000; ++i) keys.push_back({any(random)});
       return keys;
     }},
};

// Plans a whole table; every key must lie in exactly one chunk, bounds must meet.
std::vector<ChunkRange> plan(FakeKeys& keys, ChunkPlanner& planner, KeyCells start = {}) {
  std::vector<ChunkRange> ranges;
  while (!planner.is_done()) {
    auto range = planner.next(keys);
    if (!range) {
      ADD_FAILURE() << range.error().to_line();
      break;
    }
    EXPECT_EQ(range->low, ranges.empty() ? start : ranges.back().high);
    EXPECT_EQ(range->high.empty(), planner.is_done());
    ranges.push_back(std::move(*range));
    if (ranges.size() > keys.keys().size() + 10) {
      ADD_FAILURE() << "more chunks than rows";
      break;
    }
  }
  for (const Key& key : keys.keys()) {
    const auto found = std::ranges::count_if(
        ranges, [&key](const ChunkRange& range) { return holds(range, key); });
    const bool is_before_start = !start.empty() && is_within(key, start);
    if (found != (is_before_start ? 0 : 1)) {
      ADD_FAILURE() << text_of(key[0]) << " is in " << found << " chunks";
      break;
    }
  }
  return ranges;
}

TEST(chunk_planner, chunks_tile_every_key_space_and_stay_small) {
  std::mt19937 random(5);
  for (const Shape& shape : shapes) {
    for (const double noise : {1.0, 1.8}) {
      SCOPED_TRACE(shape.name);
      FakeKeys keys(shape.make(random), noise);
      const std::uint64_t rows = keys.keys().size();
      ChunkPlanner planner(columns_of(1), {.chunk_bytes = 1 << 30, .chunk_rows = 500}, rows,
                           rows * 100, {});
      const auto ranges = plan(keys, planner);
      for (const ChunkRange& range : ranges)
        EXPECT_LE(static_cast<double>(keys.count(range)), 625 * noise + 1);
      const double least = static_cast<double>(rows) / 500;
      EXPECT_LE(static_cast<double>(ranges.size()), least * 2.5 * noise * noise + 3);
      EXPECT_LE(keys.questions(), 60 * ranges.size() + 10);
    }
  }
}

TEST(chunk_planner, a_leading_value_with_too_many_rows_is_cut_inside) {
  std::vector<Key> rows;
  for (int tenant = 0; tenant < 40; ++tenant) {
    const int count = tenant == 7 ? 9000 : tenant == 8 ? 0 : 20;
    for (int i = 0; i < count; ++i) rows.push_back({tenant, i * 3, 1});
  }
  for (const double noise : {1.0, 1.5}) {
    FakeKeys keys(rows, noise);
    ChunkPlanner planner(columns_of(3), {.chunk_bytes = 1 << 30, .chunk_rows = 500},
                         keys.keys().size(), 1, {});
    const auto ranges = plan(keys, planner);
    for (const ChunkRange& range : ranges)
      EXPECT_LE(static_cast<double>(keys.count(range)), 625 * noise + 1);
    EXPECT_LE(ranges.size(), 60U);
  }
}

TEST(chunk_planner, keys_without_arithmetic_are_counted_exactly) {
  FakeKeys keys(dense(1, 1003), 1);
  ChunkPlanner planner(columns_of(1, TypeKind::var_char),
                       {.chunk_bytes = 1 << 30, .chunk_rows = 100}, 5, 500, {});
  const auto ranges = plan(keys, planner);
  ASSERT_EQ(ranges.size(), 11U);
  for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(keys.count(ranges[i]), 100U);
  EXPECT_EQ(keys.count(ranges[10]), 3U);
}

TEST(chunk_planner, estimates_that_contradict_the_size_are_not_believed) {
  class Silent : public FakeKeys {
   public:
    using FakeKeys::FakeKeys;
    Result<std::uint64_t> estimate_rows(const ChunkRange&) override { return std::uint64_t{1}; }
  } keys(dense(1, 5000), 1);
  ChunkPlanner planner(columns_of(1), {.chunk_bytes = 1 << 30, .chunk_rows = 500}, 5000, 1, {});
  for (const ChunkRange& range : plan(keys, planner)) EXPECT_LE(keys.count(range), 500U);
}

TEST(chunk_planner, planning_goes_on_behind_the_last_bound) {
  std::mt19937 random(6);
  for (const Shape& shape : shapes) {
    SCOPED_TRACE(shape.name);
    FakeKeys keys(shape.make(random), 1.3);
    if (keys.keys().size() < 10) continue;
    const Key& middle = keys.keys()[keys.keys().size() / 3];
    const KeyCells start = {text_of(middle[0])};
    ChunkPlanner planner(columns_of(1), {.chunk_bytes = 1 << 30, .chunk_rows = 500},
                         keys.keys().size(), 1, start);
    plan(keys, planner, start);
  }
}

TEST(chunk_planner, goes_on_behind_a_bound_of_all_columns_and_behind_the_last_row) {
  std::vector<Key> rows;
  for (int a = 0; a < 50; ++a)
    for (int b = 0; b < 50; ++b) rows.push_back({a, b});
  FakeKeys keys(rows, 1);
  for (const KeyCells& start : {KeyCells{"3", "20"}, KeyCells{"3"}, KeyCells{"49", "49"},
                                KeyCells{"400"}, KeyCells{"-5", "3"}}) {
    ChunkPlanner planner(columns_of(2), {.chunk_bytes = 1 << 30, .chunk_rows = 100}, 2500, 1,
                         start);
    plan(keys, planner, start);
  }
}

TEST(chunk_planner, learns_how_large_rows_are) {
  FakeKeys keys(dense(1, 200000), 1);
  ChunkPlanner planner(columns_of(1), {.chunk_bytes = 1 << 20, .chunk_rows = 100000}, 200000,
                       200000 * 100, {});
  const auto first = planner.next(keys);
  ASSERT_TRUE(first);
  EXPECT_NEAR(static_cast<double>(keys.count(*first)), 10486, 10486 * 0.5);
  for (int i = 0; i < 12; ++i) planner.learn(planner.rows_wanted(), planner.rows_wanted() * 10000);
  const auto later = planner.next(keys);
  ASSERT_TRUE(later);
  EXPECT_LE(keys.count(*later), 140U);
  EXPECT_GE(keys.count(*later), 40U);
}

TEST(chunk_planner, chunks_that_turn_out_too_large_make_the_next_ones_smaller) {
  class Low : public FakeKeys {
   public:
    using FakeKeys::FakeKeys;
    Result<std::uint64_t> estimate_rows(const ChunkRange& range) override {
      return count(range) / 4;
    }
  } keys(dense(1, 100000), 1);
  ChunkPlanner planner(columns_of(1), {.chunk_bytes = 1 << 30, .chunk_rows = 1000}, 100000, 1, {});
  std::uint64_t last = 0;
  for (int i = 0; i < 8; ++i) {
    const auto range = planner.next(keys);
    ASSERT_TRUE(range);
    last = keys.count(*range);
    planner.learn(last, last);
  }
  EXPECT_LE(last, 1300U);
}

}  // namespace
}  // namespace tideway
