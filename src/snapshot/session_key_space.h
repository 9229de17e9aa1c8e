#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "model/table_def.h"
#include "mysql/session.h"
#include "snapshot/chunk_planner.h"

namespace tideway {

// Asks a snapshot session about the keys of one table. All rows count, whatever a user's condition
// leaves of them: to count off those would be to search the table for them. One thread; borrows all
// it is given.
class SessionKeySpace : public KeySpace {
 public:
  SessionKeySpace(Session& session, const TableDef& table, const Key& key,
                  const std::stop_token& stop);

  Result<std::optional<std::pair<std::string, std::string>>> ends() override;
  Result<std::uint64_t> estimate_rows(const ChunkRange& range) override;
  Result<std::optional<KeyCells>> nth_key(const KeyCells& low, std::uint64_t n) override;

 private:
  Session& session_;
  const TableDef& table_;
  const Key& key_;
  const std::stop_token& stop_;
  const std::vector<KeyColumn> columns_;
};

// `db`.`t` as a FROM clause names it: with its ordering key forced, so that a range of it is read
// as a range and in order, unless the user's own condition may have a better index.
std::string table_reference(const TableDef& table, const Key* key, const std::string& where);
// " WHERE …" of the user's condition and ours, each in parentheses; empty when there is neither.
std::string where_clause(const std::string& where, const std::string& condition);

}  // namespace tideway
