#include "verify/matching.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "base/memory.h"
#include "model/block.h"

namespace tideway {
namespace {

// Prints that are held at once, where the server cannot sort them: some 100 bytes each.
constexpr std::uint64_t most_held = 1'000'000;

// Reads the sorted list of row prints of one side, one at a time. Owns its result; the session is
// busy until it is destroyed.
class PrintList {
 public:
  static Result<PrintList> open(Session& session, const SideTable& table,
                                const std::stop_token& stop) {
    PrintList list(table.key_width());
    if (table.sorts_prints(session.server())) {
      list.rows_ = TRY(session.stream(table.sorted_prints_statement(session.server()), stop));
    } else {
      TRY(list.hold_all(session, table, stop));
    }
    return list;
  }

  // The print of the next row; nullopt at the end.
  Result<std::optional<SideTable::RowPrint>> next(const std::stop_token& stop) {
    if (!rows_) {
      if (next_row_ == held_.size()) return std::nullopt;
      return std::move(held_[next_row_++]);
    }
    while (next_row_ == row_count_) {
      if (at_end_) return std::nullopt;
      TRY(fill(stop));
    }
    const auto cells =
        block_->cells(rows_in_block()).subspan(next_row_++ * (1 + key_width_), 1 + key_width_);
    SideTable::RowPrint print;
    print.md5 = block_->text(cells[0]);
    for (const Cell& cell : cells.subspan(1)) print.key.emplace_back(block_->text(cell));
    return print;
  }

 private:
  explicit PrintList(std::size_t key_width)
      : arbiter_(std::make_unique<MemoryArbiter>(block_bytes)), key_width_(key_width) {}

  const Rows& rows_in_block() const { return std::get<Rows>(block_->items().front()); }

  Result<void> hold_all(Session& session, const SideTable& table, const std::stop_token& stop) {
    const std::uint64_t rows = TRY(table.count(session, {}, stop));
    if (rows > most_held) {
      return fail(Error(
          ErrorCode::cannot_compare, session.endpoint().side, Retry::never,
          fmt::format(
              "{} differs, but which rows cannot be said: it has JSON columns and no key that "
              "both servers sort alike, and its {} rows are too many to be sorted here",
              quoted(table.table().id), rows)));
    }
    held_ = TRY(table.rows(session, {}, stop));
    std::ranges::sort(held_, {}, &SideTable::RowPrint::md5);
    return {};
  }

  Result<void> fill(const std::stop_token& stop) {
    static const TablePtr no_table = std::make_shared<TableDef>();
    block_.reset();
    auto loan = arbiter_->borrow(block_bytes, stop);
    if (!loan)
      return fail(Error(ErrorCode::stopped, Side::local, Retry::after_operator,
                        "stopped while matching rows"));
    block_.emplace(std::make_shared<Stream>(), std::move(*loan));
    std::vector<std::uint32_t> ordinals(1 + key_width_);
    for (std::uint32_t i = 0; i < ordinals.size(); ++i) ordinals[i] = i;
    block_->begin_rows(no_table, ChangeKind::insert, {}, ColumnSet(std::move(ordinals)));
    bool fits = true;
    while (fits && !at_end_) at_end_ = !TRY(rows_->next_row(*block_, fits, stop)) && fits;
    next_row_ = 0;
    row_count_ = rows_in_block().row_count;
    return {};
  }

  static constexpr std::uint64_t block_bytes = 256U << 10U;
  std::unique_ptr<MemoryArbiter> arbiter_;
  std::size_t key_width_;
  std::unique_ptr<RowStream> rows_;        // null: they are held
  std::vector<SideTable::RowPrint> held_;  // sorted
  std::optional<Block> block_;
  std::size_t next_row_ = 0, row_count_ = 0;
  bool at_end_ = false;
};

}  // namespace

void Matching::add(DifferenceKind kind, std::string key, std::uint64_t rows) {
  (kind == DifferenceKind::missing ? report_.missing
   : kind == DifferenceKind::extra ? report_.extra
                                   : report_.different) += rows;
  if (report_.examples.size() < options_.examples)
    report_.examples.push_back({kind, std::move(key), rows});
}

Result<void> Matching::match_span(const KeySpan& span, const std::stop_token& stop) {
  const auto digest = [&](const MatchSide& side) {
    return side.server.ask("asking for the digest of a range", stop, [&](Session& session) {
      return side.table.digest(session, span, options_.strength, stop);
    });
  };
  const Digest ours = TRY(digest(source_));
  const Digest theirs = TRY(digest(target_));
  if (ours == theirs) return {};
  if (std::max(ours.rows, theirs.rows) <= options_.leaf_rows) return match_rows(span, stop);
  const std::uint64_t half = std::max(ours.rows, theirs.rows) / 2;
  const MatchSide& larger = ours.rows >= theirs.rows ? source_ : target_;
  const auto middle = TRY(larger.server.ask("halving a range", stop, [&](Session& session) {
    return larger.table.nth_key(session, span, half, stop);
  }));
  if (!middle) return match_rows(span, stop);  // it shrank meanwhile
  TRY(match_span(KeySpan{span.lower, *middle}, stop));
  return match_span(KeySpan{*middle, span.upper}, stop);
}

Result<void> Matching::match_rows(const KeySpan& span, const std::stop_token& stop) {
  const auto rows = [&](const MatchSide& side) {
    return side.server.ask("reading the rows of a range", stop,
                           [&](Session& session) { return side.table.rows(session, span, stop); });
  };
  const auto ours = TRY(rows(source_));
  std::map<KeyCells, std::string> theirs;
  for (auto& row : TRY(rows(target_))) theirs.emplace(std::move(row.key), std::move(row.md5));
  for (const auto& row : ours) {
    const auto found = theirs.find(row.key);
    if (found == theirs.end()) {
      add(DifferenceKind::missing, source_.table.key_text(row.key), 1);
    } else {
      if (found->second != row.md5)
        add(DifferenceKind::different, source_.table.key_text(row.key), 1);
      theirs.erase(found);
    }
  }
  for (const auto& [key, md5] : theirs) add(DifferenceKind::extra, source_.table.key_text(key), 1);
  return {};
}

// Without comparable ranges a changed row shows as one missing and one extra row; where there is a
// key they are joined again as long as the examples last.
Result<void> Matching::match_streams(Session& source, Session& target,
                                     const std::stop_token& stop) {
  auto ours = TRY(PrintList::open(source, source_.table, stop));
  auto theirs = TRY(PrintList::open(target, target_.table, stop));
  auto left = TRY(ours.next(stop)), right = TRY(theirs.next(stop));
  const auto name = [this](const SideTable::RowPrint& print) {
    return print.key.empty() ? "row md5 " + print.md5 : source_.table.key_text(print.key);
  };
  std::map<KeyCells, DifferenceKind>
      open;  // keys seen on one side only, bounded by options_.examples
  const auto differ = [&](DifferenceKind kind, const SideTable::RowPrint& print) {
    const auto twin = print.key.empty() ? open.end() : open.find(print.key);
    if (twin != open.end() && twin->second != kind) {
      const std::string key = name(print);
      (kind == DifferenceKind::missing ? report_.extra : report_.missing) -= 1;
      std::erase_if(report_.examples,
                    [&key](const Difference& difference) { return difference.key == key; });
      add(DifferenceKind::different, key, 1);
      open.erase(twin);
      return;
    }
    if (!print.key.empty() && open.size() < std::size_t{options_.examples} * 100)
      open.emplace(print.key, kind);
    add(kind, name(print), 1);
  };
  while (left || right) {
    const int order = !left ? 1 : !right ? -1 : left->md5.compare(right->md5);
    if (order < 0) differ(DifferenceKind::missing, *left);
    if (order > 0) differ(DifferenceKind::extra, *right);
    if (order <= 0) left = TRY(ours.next(stop));
    if (order >= 0) right = TRY(theirs.next(stop));
  }
  return {};
}

// Half a list is no list: when either is lost both are read again, and what was found is forgotten.
Result<void> Matching::match_whole(const std::stop_token& stop) {
  const TableReport before = report_;
  return source_.server.ask("matching all rows", stop, [&](Session& ours) {
    return target_.server.once(stop, [&](Session& theirs) {
      report_ = before;
      return match_streams(ours, theirs, stop);
    });
  });
}

}  // namespace tideway
