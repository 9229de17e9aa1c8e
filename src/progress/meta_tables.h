#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"
#include "mysql/session.h"

namespace tideway {

// What a job's rows in tideway_meta look like. Kept in base.format for each job; the columns `job`
// and `format` of base never change their meaning, so every version can say of a job whether it can
// read it.
constexpr std::uint32_t progress_format = 1;

// The one list of tables in database tideway_meta of a target: docs/progress.md is their page.
//
//   base    one row a job: who owns it, where its copy stands in the source, its certificate
//   filled  one row a table the job fills: was it empty when the job came, must it be emptied first
//   chunk   one row a stream: how far its rows are in the target
//
// and, made only for jobs that follow a log:
//
//   log       one row a job: where its log is taken up again
//   lane      one row a lane: what it has applied above that
//   standing  one row a table: how far its rows were when following began
//   definition  one row a table of the source: what its next rows in the log are read with
//   definition  one row a table of the source: what its next rows in the log are decoded with
//   ddl       statements that were begun and not ended
//   parked    tables that are left out
//
// Identifiers are VARBINARY(256): 64 characters of four bytes, compared exactly, and a key over a
// job and a table stays below InnoDB's 3072 bytes (three of them and an ordinal: 776). `guard` is
// NOT NULL so that a statement of somebody who no longer owns the job fails by itself
// (docs/consistency.md).
struct MetaTable {
  std::string_view name, create_statement;
};
std::span<const MetaTable> meta_tables();
std::span<const MetaTable> log_tables();

// Creates the database and what is missing in it of `tables`. Idempotent, and asks first: an
// account without CREATE can go on with tables that somebody else made.
Result<void> create_meta_tables(Session& session, std::span<const MetaTable> tables,
                                const std::stop_token& stop);

// Text as SQL: identifiers of other tables and job names; bytes nobody else reads (marks, bounds,
// positions).
std::string meta_text(std::string_view text);    // 'it''s'
std::string meta_bytes(std::string_view bytes);  // x'00ff', and '' for none

// A whole number of a progress row; 0 for NULL.
std::uint64_t meta_number(const std::optional<std::string>& text);

}  // namespace tideway
