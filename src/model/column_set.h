#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tideway {

// Which columns of a table an image holds: ordinals, ascending. Cells of a row stand in this order.
class ColumnSet {
 public:
  ColumnSet() = default;
  explicit ColumnSet(std::vector<std::uint32_t> ordinals) : ordinals_(std::move(ordinals)) {}
  std::size_t size() const { return ordinals_.size(); }
  bool is_empty() const { return ordinals_.empty(); }
  std::uint32_t operator[](std::size_t i) const { return ordinals_[i]; }
  auto begin() const { return ordinals_.begin(); }
  auto end() const { return ordinals_.end(); }
  bool operator==(const ColumnSet&) const = default;

 private:
  std::vector<std::uint32_t> ordinals_;
};

}  // namespace tideway
