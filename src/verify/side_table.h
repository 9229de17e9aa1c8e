#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/digest.h"
#include "mysql/session.h"
#include "sql/key_range.h"
#include "verify/table_pair.h"

namespace tideway {

// Rows with lower < key <= upper; an empty bound is open.
struct KeySpan {
  KeyCells lower, upper;
};

// One side of a pair: the questions a comparison asks a server about a table. A view on the pair;
// one thread with its session.
class SideTable {
 public:
  SideTable(const TablePair& pair, Side side, std::string where);

  Result<Digest> digest(Session& session, const KeySpan& span, DigestStrength strength,
                        const std::stop_token& stop) const;
  Result<std::uint64_t> count(Session& session, const KeySpan& span,
                              const std::stop_token& stop) const;
  // The key of the `nth` row of the span (1: the first); nullopt: it has fewer rows.
  Result<std::optional<KeyCells>> nth_key(Session& session, const KeySpan& span, std::uint64_t nth,
                                          const std::stop_token& stop) const;

  struct RowPrint {
    KeyCells key;     // empty without a key
    std::string md5;  // of the row text
  };
  // Every row of a small span.
  Result<std::vector<RowPrint>> rows(Session& session, const KeySpan& span,
                                     const std::stop_token& stop) const;
  // Every row's MD5 and key, sorted by MD5 by the server: both sides sort hex digits alike. One
  // that cannot make the row text cannot sort by it.
  bool sorts_prints(const Server& server) const;
  std::string sorted_prints_statement(const Server& server) const;
  std::size_t key_width() const { return key_.size(); }

  // "`a`=1 and `b`=x'00'": for people and for a WHERE clause.
  std::string key_text(const KeyCells& key) const;
  const TableDef& table() const { return *table_; }

 private:
  std::string condition(const KeySpan& span) const;  // "" or " WHERE …"
  std::vector<std::string> key_cells() const;        // SQL for the key's cell texts, in order

  TablePtr table_;
  ColumnSet columns_;
  std::vector<KeyColumn> key_;  // the ordering key with this side's types; empty: none
  std::vector<Column> key_definitions_;
  std::string where_;
};

}  // namespace tideway
