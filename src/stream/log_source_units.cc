// What events mean: where transactions begin and end, and what stands between.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "base/text.h"
#include "binlog/characters.h"
#include "model/table_filter.h"
#include "sql/statement_kind.h"
#include "stream/log_source_reader.h"
#include "stream/older_branch.h"

namespace tideway {
namespace {

Error logged_statement(const BinlogStatement& statement, std::string_view text) {
  Evidence evidence;
  evidence.statement = text.substr(0, 500);
  return {ErrorCode::statement_in_log, Side::source, Retry::after_operator, std::move(evidence),
          fmt::format("the log has {} as a statement and not the rows it changed; SET GLOBAL "
                      "binlog_format = 'ROW' on the source, and for sessions that are open",
                      statement.what)};
}

Error unknown_statement(std::string_view text) {
  Evidence evidence;
  evidence.statement = text.substr(0, 500);
  return {ErrorCode::log_event_unknown, Side::source, Retry::after_operator, std::move(evidence),
          "the log has a statement of which it is not known what it changes"};
}

Error not_undone(std::string_view what) {
  return {ErrorCode::not_supported, Side::source, Retry::after_operator,
          fmt::format("the log has {} behind rows: which of them happened depends on their tables' "
                      "engines",
                      what)};
}

Error unknown_branch(const std::string& xid) {
  return {ErrorCode::prepared_transactions, Side::source, Retry::after_operator,
          fmt::format("the log commits XA transaction {} whose changes are before the place at "
                      "which the job began, in a part of the log that is purged",
                      xid)};
}

// From 8.0.21 on: a table made by SELECT, whose rows follow in the same transaction.
bool is_atomic_select(std::string_view statement) {
  constexpr std::string_view end = "START TRANSACTION";
  while (!statement.empty() && (statement.back() == ' ' || statement.back() == ';'))
    statement.remove_suffix(1);
  return statement.ends_with(end);
}

Error made_with_rows() {
  return {ErrorCode::not_supported, Side::source, Retry::after_operator,
          "CREATE TABLE … SELECT that logs table and rows as one transaction is not followed"};
}

std::int64_t now_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

}  // namespace

Result<void> LogSourceReader::take(const Event& event, const std::stop_token& stop) {
  const EventHeader& header = event.header;
  if (!branch_) advance(header);
  if (const auto* rows = std::get_if<RowsEvent>(&event.body)) return begin_rows(*rows, stop);
  if (const auto* map = std::get_if<TableMap>(&event.body)) {
    if (unit_ && !unit_->is_done && (!unit_->is_branch || branch_))
      return tables_.take(*map, branch_ ? branch_->format() : events_.format(), stop);
    return {};
  }
  if (branch_) {
    // The XA PREPARE is the end of the branch's changes; what commits it is the unit's own event.
    if (!std::holds_alternative<XaPrepare>(event.body)) return {};
    branch_.reset();
    tables_.forget_numbers();
    return end_unit();
  }
  if (const auto* gtid = std::get_if<GtidEvent>(&event.body)) return begin_unit(header, gtid);
  if (std::holds_alternative<Xid>(event.body)) {
    if (unit_ && unit_->commit_us == 0)
      unit_->commit_us = std::int64_t{header.timestamp} * 1'000'000;
    return end_unit();
  }
  if (const auto* query = std::get_if<QueryEvent>(&event.body))
    return take_query(header, *query, stop);
  if (const auto* heartbeat = std::get_if<Heartbeat>(&event.body)) {
    take_heartbeat(*heartbeat);
    return {};
  }
  if (std::holds_alternative<FormatDescription>(event.body)) return take_format(header);
  if (const auto* rotate = std::get_if<Rotate>(&event.body)) return take_rotate(*rotate);
  if (const auto* prepare = std::get_if<XaPrepare>(&event.body))
    return take_prepare(prepare->is_one_phase, stop);
  if (const auto* incident = std::get_if<Incident>(&event.body)) {
    return fail(Error(
        ErrorCode::log_corrupt, Side::source, Retry::after_operator,
        fmt::format("the source says that its log lacks something here: {}", incident->message)));
  }
  return {};
}

// The log's own numbers are modulo 4 GiB.
void LogSourceReader::advance(const EventHeader& header) {
  if (header.is_artificial() || header.log_pos == 0) return;
  std::uint64_t end = (offset_ & ~std::uint64_t{0xFFFFFFFF}) | header.log_pos;
  if (end < offset_) end += std::uint64_t{1} << 32U;
  offset_ = end;
}

Result<void> LogSourceReader::take_format(const EventHeader& header) {
  const std::uint32_t created = header.timestamp;
  const auto known = state_.places.created(file_);
  if (known && created != 0 && *known != created) {
    return fail(Error(ErrorCode::log_differs, Side::source, Retry::after_operator,
                      fmt::format("{} is not the file of that name which was read before: the "
                                  "source's log was reset",
                                  file_)));
  }
  if (created != 0) state_.places.begun(file_, created);
  tables_.forget_numbers();
  return {};
}

Result<void> LogSourceReader::take_rotate(const Rotate& rotate) {
  if (unit_) {
    return fail(Error(ErrorCode::log_corrupt, Side::source, Retry::never,
                      "a file of the log ends inside a transaction"));
  }
  // The first of a connection names the file that is read and where it begins to be; a real one
  // ends a file.
  file_ = rotate.file;
  file_ordinal_ = state_.names.ordinal(file_);
  file_number_ = log_file_number(file_);
  offset_ = rotate.position;
  unit_file_ = file_;
  unit_end_ = offset_;
  return {};
}

void LogSourceReader::take_heartbeat(const Heartbeat& heartbeat) {
  if (unit_) return;
  const LogPosition told{std::string(heartbeat.file), heartbeat.position};
  // Behind what the source left out, because it is not wanted again.
  if (told.file == file_ && told.offset > offset_) offset_ = told.offset;
  if (here() < told) return;
  state_.meter.tail_ns = now_ns();
  // Seconds are whole, and what is committed in one may come with the next.
  constexpr std::int64_t margin = 2;
  const std::int64_t until = state_.until_seconds;
  if (until != LogSource::State::no_time && connection_.source_seconds() >= until + margin)
    is_over_ = true;
  is_asked_ = !(std::pair(file_number_, offset_) < told_);
}

bool LogSourceReader::has_moved() const { return told_ < std::pair(file_number_, offset_); }

// All before it was handed on, though no transaction ends there: what the log has of its own, or
// what the source left out.
void LogSourceReader::end_place() {
  UnitEnd end;
  end.file = file_ordinal_;
  end.offset = offset_;
  end.commit_us = state_.meter.commit_us;
  pending_end_ = end;
  told_ = {file_number_, offset_};
  is_asked_ = false;
}

Result<void> LogSourceReader::begin_unit(const EventHeader& header, const GtidEvent* gtid) {
  if (unit_) {
    return fail(Error(ErrorCode::log_corrupt, Side::source, Retry::never,
                      "a transaction begins inside another"));
  }
  // What was half handed on is read to its end.
  if (std::int64_t{header.timestamp} >= state_.until_seconds && !cut_) {
    offset_ -= header.event_size;
    is_over_ = true;
    return {};
  }
  Unit& unit = unit_.emplace();
  unit.begin = offset_ - header.event_size;
  unit.place.server_uuid = connection_.server_uuid();
  unit.place.begin = {file_, unit.begin};
  if (gtid != nullptr && !gtid->is_anonymous) {
    unit.place.gtid_source = gtid->source();
    unit.place.gtid_number = gtid->number;
    unit.id = {state_.names.ordinal(unit.place.gtid_source), gtid->number, gtid->number};
  } else {
    unit.id = {file_ordinal_, unit.begin + 1, 0};
  }
  if (gtid != nullptr)
    unit.commit_us = static_cast<std::int64_t>(
        gtid->original_commit_us != 0 ? gtid->original_commit_us : gtid->immediate_commit_us);
  // Neighbours in a file are one range, so that where one begins tells of all of it.
  unit.is_done = state_.options.done.contains({unit.id.origin, unit.id.first, unit.id.first});
  if (cut_) {
    if (cut_->id.origin != unit.id.origin || cut_->id.first != unit.id.first) {
      // Its first rows were handed on: the rest must follow them.
      if (is_cut_next_) return fail(cut_off(*cut_));
    } else {
      unit.leave_out = cut_->rows;
      state_.meter.rows_applied_before += cut_->rows;
      cut_.reset();
    }
  }
  tables_.begin_unit(unit.place);
  return {};
}

Error LogSourceReader::cut_off(const Unit& unit) const {
  return {ErrorCode::log_differs, Side::source, Retry::after_operator,
          fmt::format("the transaction that was half read ({}:{}) does not come again from the "
                      "source that answers now",
                      state_.names.name(unit.id.origin), unit.id.first)};
}

Result<void> LogSourceReader::end_unit() {
  if (!unit_) return {};  // what the log has between transactions
  Unit& unit = *unit_;
  if (unit.rows < unit.leave_out) return fail(cut_off(unit));
  if (unit.id.last == 0) unit.id.last = offset_;
  if (gtids_ && !unit.place.gtid_source.empty())
    gtids_->add(unit.place.gtid_source, unit.place.gtid_number);
  ++state_.meter.units;
  if (unit.commit_us != 0) state_.meter.commit_us = unit.commit_us;
  if (!unit.is_done) {
    UnitEnd end;
    end.unit = unit.id;
    end.file = file_ordinal_;
    end.offset = offset_;
    end.commit_us = unit.commit_us;
    end.log_bytes = offset_ - unit.begin;
    pending_end_ = end;
    told_ = {file_number_, offset_};
  }
  unit_.reset();
  unit_file_ = file_;
  unit_end_ = offset_;
  return {};
}

Result<void> LogSourceReader::take_query(const EventHeader& header, const QueryEvent& query,
                                         const std::stop_token& stop) {
  SessionContext session = query.session;
  session.server_version = events_.format().version_number();
  if (!session.explicit_defaults_for_timestamp)
    session.explicit_defaults_for_timestamp = connection_.explicit_timestamps();
  const BinlogStatement statement = classify_statement(query.statement, session);
  // Before 5.7 nothing but BEGIN, or the statement itself, opens a transaction without a GTID.
  if (!unit_) TRY(begin_unit(header, nullptr));
  if (!unit_) return {};  // it comes too late
  Unit& unit = *unit_;
  if (unit.commit_us == 0) unit.commit_us = query.session.timestamp_us;
  switch (statement.kind) {
    case StatementKind::begin:
      unit.is_begun = true;
      return {};
    case StatementKind::commit:
      return end_unit();
    case StatementKind::rollback:
      if (unit.rows != 0) return fail(not_undone("ROLLBACK"));
      return end_unit();
    case StatementKind::rollback_to:
      if (unit.rows != 0) return fail(not_undone("ROLLBACK TO SAVEPOINT"));
      return {};
    case StatementKind::savepoint:
    case StatementKind::xa_end:
      return {};
    case StatementKind::xa_start:
      unit.is_begun = unit.is_branch = true;
      branches_.give_up();
      unit.branch = xid_text(statement.xid);
      return {};
    case StatementKind::xa_prepare:
      return take_prepare(false, stop);
    case StatementKind::xa_commit:
      return commit_branch(xid_text(statement.xid), stop);
    case StatementKind::xa_rollback:
      state_.places.ended(xid_text(statement.xid), here());
      branches_.forget(xid_text(statement.xid));
      return end_unit();
    case StatementKind::unrelated:
      return unit.is_begun ? Result<void>() : end_unit();
    case StatementKind::dml:
      // Which tables it changes is not looked for: it may name others than its database's.
      if (unit.is_done || is_system_database(session.database))
        return unit.is_begun ? Result<void>() : end_unit();
      return fail(logged_statement(statement, query.statement));
    case StatementKind::ddl:
      return take_ddl(query, session, stop);
    case StatementKind::unknown:
      break;
  }
  return fail(unknown_statement(query.statement));
}

Result<void> LogSourceReader::take_ddl(const QueryEvent& query, const SessionContext& session,
                                       const std::stop_token& stop) {
  if (unit_->is_done || query.error != 0) return end_unit();
  const std::string text = TRY(CharacterSet::to_utf8(session.client_collation, query.statement));
  const bool has_rows = is_atomic_select(text);
  auto change = has_rows ? tables_.refuse(text, session, made_with_rows())
                         : tables_.apply(text, session, stop);
  if (!change) {
    Error error = std::move(change).error();
    return fail(std::move(error).during("following a statement of the log: " +
                                        std::string(query.statement.substr(0, 200))));
  }
  for (const auto& fault : change->faults) TRY(leave_unread(fault, 0, stop));
  if (change->change != nullptr) {
    if (!block_) TRY(make_block(small_block_bytes(), stop));
    block_->add_item(std::move(change->change));
  }
  if (!has_rows) return end_unit();
  unit_->is_begun = true;
  return {};
}

Result<void> LogSourceReader::take_prepare(bool is_one_phase, const std::stop_token& stop) {
  if (!unit_ || unit_->branch.empty()) {
    return fail(Error(ErrorCode::log_corrupt, Side::source, Retry::never,
                      "an XA PREPARE without its XA START"));
  }
  if (is_one_phase) return open_branch(unit_->place.begin, branches_.take_open(events_), stop);
  if (!unit_->is_done) branches_.prepared(unit_->branch, unit_->place.begin, events_);
  state_.places.prepared(unit_->branch, unit_->place.begin, here());
  return end_unit();
}

// The changes stand in the transaction that prepared the branch. What is not kept of them (a branch
// may be large, and stay open for days) is read there again.
Result<void> LogSourceReader::commit_branch(const std::string& xid, const std::stop_token& stop) {
  if (unit_->is_done) {
    state_.places.ended(xid, here());
    return end_unit();
  }
  if (unit_->is_begun) return open_branch(unit_->place.begin, std::nullopt, stop);  // … ONE PHASE
  const auto begin = state_.places.branch(xid, here());
  state_.places.ended(xid, here());
  if (begin) return open_branch(*begin, branches_.take(xid, *begin), stop);
  if (state_.options.sees_older_branches) {
    LOG(info, "an XA transaction that the copy has is committed", {{"xid", xid}});
    return end_unit();
  }
  const auto older = TRY(find_older_branch(state_.source, here(), xid, stop));
  if (!older) return fail(unknown_branch(xid));
  return open_branch(*older, std::nullopt, stop);
}

Result<void> LogSourceReader::open_branch(const LogPosition& begin,
                                          std::optional<BranchEvents> events,
                                          const std::stop_token& stop) {
  unit_->is_branch = true;
  tables_.forget_numbers();
  branch_.emplace(events ? BranchReader(*std::move(events))
                         : TRY(BranchReader::open(state_.source, state_.options.heartbeat,
                                                  connection_.server_uuid(), begin, stop)));
  return {};
}

}  // namespace tideway
