#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/block.h"
#include "model/unit.h"

namespace tideway::testing {

// What a log makes of tables, kept as the text of their rows: it takes the blocks of a log in order
// and holds what a target would that started with what it was given. What cannot be (a row that is
// removed and not there, ends that do not fit) is kept in `complaints`.
class Replica {
 public:
  void take(const Block& block);

  std::multiset<std::string> rows(const TableId& table) const {
    const auto found = rows_.find(table);
    return found == rows_.end() ? std::multiset<std::string>() : found->second;
  }
  const std::vector<UnitEnd>& ends() const { return ends_; }      // of transactions
  const std::optional<UnitEnd>& place() const { return place_; }  // the last that was told
  // Events that could not be read, by table, and why.
  const std::map<TableId, std::uint64_t>& unread() const { return unread_; }
  const std::string& fault() const { return fault_; }  // the last one
  const std::vector<std::string>& statements() const { return statements_; }
  const std::vector<std::string>& complaints() const { return complaints_; }
  std::uint64_t blocks() const { return blocks_; }
  std::uint64_t replayed() const { return replayed_; }
  std::uint64_t parts() const { return parts_; }
  bool has_ended() const { return has_ended_; }
  UnitSet units() const;

 private:
  void take(const Block& block, const Rows& rows);

  std::map<TableId, std::multiset<std::string>> rows_;
  std::vector<UnitEnd> ends_;
  std::optional<UnitEnd> place_;
  std::map<TableId, std::uint64_t> unread_;
  std::string fault_;
  std::vector<std::string> statements_, complaints_;
  std::uint64_t blocks_ = 0, replayed_ = 0, parts_ = 0, unit_rows_ = 0;
  bool has_ended_ = false;
};

}  // namespace tideway::testing
