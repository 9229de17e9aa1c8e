#include "progress/target_ledger.h"

#include <fmt/format.h>

#include <string_view>

#include "base/check.h"
#include "progress/meta_session.h"
#include "progress/meta_tables.h"

namespace tideway {
namespace {

constexpr std::size_t rows_per_page = 2000;
constexpr std::size_t statement_bytes = 512 * 1024;

std::string where_stream(const MetaSession& control, const Stream& stream) {
  return fmt::format("{} AND table_database = {} AND table_name = {} AND ordinal = {}",
                     control.where_job(), meta_text(stream.table.database),
                     meta_text(stream.table.name), stream.ordinal);
}

std::string name_of(const Stream& stream) {
  return fmt::format("chunk {} of {}", stream.ordinal, quoted(stream.table));
}

Error unreadable(const Stream& stream) {
  return Error(ErrorCode::progress_unreadable, Side::target, Retry::never,
               "the row of " + name_of(stream) + " makes no sense");
}

Error unknown_stream(const Stream& stream) {
  return Error(ErrorCode::internal, Side::local, Retry::never,
               name_of(stream) + " was never planned");
}

Result<ChunkState> parse_row(const std::vector<std::optional<std::string>>& row) {
  ChunkState chunk;
  Stream& stream = chunk.stream.stream;
  stream.table = {row[0].value_or(""), row[1].value_or("")};
  stream.ordinal = meta_number(row[2]);
  stream.range = row[3].value_or("");
  stream.is_last = meta_number(row[4]) != 0;
  chunk.commit_no = meta_number(row[5]);
  chunk.stream.is_done = row[6] == "done";
  chunk.stream.mark = row[7].value_or("");
  if (!parse_digest(row[8].value_or(""), chunk.stream.digest)) return fail(unreadable(stream));
  return chunk;
}

// Rows after (table, ordinal) in the order of the key. Spelt out: row comparison reads the whole
// index in 5.7.
std::string page_statement(const MetaSession& control, const std::optional<Stream>& after) {
  std::string where = control.where_job();
  if (after) {
    const std::string database = meta_text(after->table.database),
                      name = meta_text(after->table.name);
    where += fmt::format(
        " AND table_database >= {0} AND (table_database > {0} OR table_name > {1} OR (table_name = "
        "{1} AND ordinal > {2}))",
        database, name, after->ordinal);
  }
  return fmt::format(
      "SELECT table_database, table_name, ordinal, bounds, is_last, commit_no, state, mark, digest "
      "FROM tideway_meta.chunk WHERE {} "
      "ORDER BY job, table_database, table_name, ordinal LIMIT {}",
      where, rows_per_page);
}

}  // namespace

Result<std::unique_ptr<TargetLedger>> TargetLedger::open(JobProgress& progress,
                                                         const std::stop_token& stop) {
  std::unique_ptr<TargetLedger> ledger(new TargetLedger(progress));
  MetaSession& control = progress.control();
  std::optional<Stream> after;
  std::size_t read = 0;
  do {
    const ResultTable page = TRY(control.read(page_statement(control, after), stop));
    read = page.rows.size();
    for (const auto& row : page.rows) {
      ChunkState chunk = TRY(parse_row(row));
      after = chunk.stream.stream;
      ledger->chunks_.with(
          [&](Chunks& chunks) { chunks[after->table].emplace(after->ordinal, std::move(chunk)); });
    }
  } while (read == rows_per_page);
  return ledger;
}

Result<std::vector<StreamState>> TargetLedger::streams(const TableId& table) {
  return chunks_.with([&](const Chunks& chunks) {
    std::vector<StreamState> states;
    const auto found = chunks.find(table);
    if (found == chunks.end()) return states;
    for (const auto& [ordinal, chunk] : found->second) states.push_back(chunk.stream);
    return states;
  });
}

Result<void> TargetLedger::plan(std::span<const Stream> streams) {
  MetaSession& control = progress_.control();
  const std::string head =
      "INSERT INTO tideway_meta.chunk (job, table_database, table_name, ordinal, bounds, is_last, "
      "epoch, commit_no, session_id, guard, state, mark, "
      "row_count, digest) VALUES ";
  std::vector<std::string> statements;
  std::vector<Stream> fresh;
  for (const Stream& stream : streams) {
    const auto known = chunks_.with([&](const Chunks& chunks) -> std::optional<Stream> {
      const auto table = chunks.find(stream.table);
      if (table == chunks.end() || !table->second.contains(stream.ordinal)) return std::nullopt;
      return table->second.at(stream.ordinal).stream.stream;
    });
    if (known) {
      if (*known == stream) continue;
      return fail(Error(ErrorCode::internal, Side::local, Retry::never,
                        name_of(stream) + " was planned otherwise before"));
    }
    fresh.push_back(stream);
    if (statements.empty() || statements.back().size() > statement_bytes)
      statements.push_back(head);
    std::string& sql = statements.back();
    if (sql.size() != head.size()) sql += ',';
    sql += fmt::format("({},{},{},{},{},{},{},0,0,1,'planned','',0,'{}')",
                       meta_text(progress_.job()), meta_text(stream.table.database),
                       meta_text(stream.table.name), stream.ordinal, meta_bytes(stream.range),
                       stream.is_last ? 1 : 0, progress_.epoch(), to_text(Digest{}));
  }
  if (fresh.empty()) return {};
  for (const std::string& statement : statements) {
    // Tried again after a COMMIT whose answer was lost, it finds its own rows.
    TRY(control.change(statement + " ON DUPLICATE KEY UPDATE ordinal = ordinal", control.stop()));
  }
  chunks_.with([&](Chunks& chunks) {
    for (Stream& stream : fresh) {
      ChunkState chunk;
      const std::uint64_t ordinal = stream.ordinal;
      chunk.stream.stream = std::move(stream);
      auto& table = chunks[chunk.stream.stream.table];
      table.emplace(ordinal, std::move(chunk));
    }
  });
  return {};
}

std::vector<TableId> TargetLedger::tables() const {
  return chunks_.with([](const Chunks& chunks) {
    std::vector<TableId> tables;
    for (const auto& [table, streams] : chunks) tables.push_back(table);
    return tables;
  });
}

Result<ChunkState> TargetLedger::chunk(const Stream& stream) const {
  const auto found = chunks_.with([&](const Chunks& chunks) -> std::optional<ChunkState> {
    const auto table = chunks.find(stream.table);
    if (table == chunks.end()) return std::nullopt;
    const auto chunk = table->second.find(stream.ordinal);
    if (chunk == table->second.end()) return std::nullopt;
    return chunk->second;
  });
  if (!found) return fail(unknown_stream(stream));
  return *found;
}

// The guard is set first: MySQL evaluates assignments from left to right, and later ones would see
// commit_no + 1.
std::string TargetLedger::advance_statement(const ChunkState& now, const StreamState& next) const {
  return fmt::format(
      "UPDATE tideway_meta.chunk SET guard = IF(epoch = {} AND commit_no = {}, 1, NULL), commit_no "
      "= commit_no + 1, "
      "session_id = CONNECTION_ID(), state = '{}', mark = {}, row_count = {}, digest = '{}' WHERE "
      "{}",
      progress_.epoch(), now.commit_no, next.is_done ? "done" : "writing", meta_bytes(next.mark),
      next.digest.rows, to_text(next.digest), where_stream(progress_.control(), now.stream.stream));
}

void TargetLedger::advanced(const ChunkState& now, const StreamState& next) {
  const Stream& stream = now.stream.stream;
  chunks_.with([&](Chunks& chunks) {
    ChunkState& chunk = chunks.at(stream.table).at(stream.ordinal);
    CHECK(chunk.commit_no == now.commit_no);
    chunk.stream = next;
    ++chunk.commit_no;
  });
}

Result<bool> TargetLedger::was_committed(Session& session, const ChunkState& now,
                                         const std::stop_token& stop) const {
  const MetaSession& control = progress_.control();
  const auto answer = TRY(session.query(
      fmt::format("SELECT epoch, commit_no FROM tideway_meta.chunk WHERE {} FOR UPDATE",
                  where_stream(control, now.stream.stream)),
      stop));
  TRY(session.execute("ROLLBACK", stop));
  if (answer.rows.size() != 1 || meta_number(answer.rows[0][0]) != progress_.epoch())
    return fail(control.fenced());
  const std::uint64_t commit_no = meta_number(answer.rows[0][1]);
  if (commit_no != now.commit_no && commit_no != now.commit_no + 1) return fail(control.fenced());
  return commit_no == now.commit_no + 1;
}

}  // namespace tideway
