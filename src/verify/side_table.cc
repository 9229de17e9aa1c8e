#include "verify/side_table.h"

#include <fmt/format.h>

#include <charconv>

#include "base/text.h"
#include "mysql/nth_row.h"
#include "mysql/table_digest.h"

namespace tideway {
namespace {

Error odd_answer(Side side, const TableDef& table, std::string_view what) {
  return {ErrorCode::unexpected_answer, side, Retry::never,
          fmt::format("{} of {} came back in an unexpected form", what, quoted(table.id))};
}

// The columns of the source's key, as this side defines them.
std::vector<std::uint32_t> key_ordinals(const TablePair& pair, const TableDef& side) {
  std::vector<std::uint32_t> ordinals;
  if (pair.key == nullptr) return ordinals;
  for (const KeyPart& part : pair.key->parts) {
    const std::string wanted = ascii_lower(pair.source->columns[part.column].name);
    for (std::uint32_t i = 0; i < side.columns.size(); ++i) {
      if (ascii_lower(side.columns[i].name) == wanted) ordinals.push_back(i);
    }
  }
  return ordinals;
}

}  // namespace

SideTable::SideTable(const TablePair& pair, Side side, std::string where)
    : table_(side == Side::source ? pair.source : pair.target),
      columns_(side == Side::source ? pair.source_columns : pair.target_columns),
      where_(std::move(where)) {
  for (const std::uint32_t ordinal : key_ordinals(pair, *table_)) {
    key_.push_back(KeyColumn{table_->columns[ordinal].name, table_->columns[ordinal].type});
    key_definitions_.push_back(table_->columns[ordinal]);
  }
}

std::string SideTable::condition(const KeySpan& span) const {
  std::string range = key_range_condition(key_, span.lower, span.upper);
  if (where_.empty()) return range;
  return range.empty() ? "(" + where_ + ")" : fmt::format("({}) AND {}", where_, range);
}

std::vector<std::string> SideTable::key_cells() const {
  std::vector<std::string> cells;
  for (const Column& column : key_definitions_) cells.push_back(cell_expression(column));
  return cells;
}

Result<Digest> SideTable::digest(Session& session, const KeySpan& span, DigestStrength strength,
                                 const std::stop_token& stop) const {
  return digest_rows(session, quoted(table_->id), *table_, columns_, condition(span), strength,
                     stop);
}

Result<std::uint64_t> SideTable::count(Session& session, const KeySpan& span,
                                       const std::stop_token& stop) const {
  const std::string where = condition(span);
  const auto text =
      TRY(session.query_value(fmt::format("SELECT COUNT(*) FROM {}{}{}", quoted(table_->id),
                                          where.empty() ? "" : " WHERE ", where),
                              stop));
  std::uint64_t rows = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), rows).ec != std::errc()) {
    return fail(odd_answer(session.endpoint().side, *table_, "the number of rows"));
  }
  return rows;
}

Result<std::optional<KeyCells>> SideTable::nth_key(Session& session, const KeySpan& span,
                                                   std::uint64_t nth,
                                                   const std::stop_token& stop) const {
  const std::string where = condition(span);
  return TRY_DURING(
      fmt::format("looking for key {} of a range of {}", nth, quoted(table_->id)),
      nth_row(session,
              fmt::format("SELECT {} FROM {}{}{} ORDER BY {}", fmt::join(key_cells(), ", "),
                          quoted(table_->id), where.empty() ? "" : " WHERE ", where,
                          key_column_list(key_)),
              nth, stop));
}

Result<std::vector<SideTable::RowPrint>> SideTable::rows(Session& session, const KeySpan& span,
                                                         const std::stop_token& stop) const {
  std::vector<RowPrint> prints;
  const std::string name = quoted(table_->id);
  const PrintQuestion question{name,        *table_,         columns_,
                               key_cells(), condition(span), key_column_list(key_)};
  TRY(read_prints(
      session, question,
      [&prints](std::string md5, std::vector<std::string> key) -> Result<void> {
        prints.push_back({std::move(key), std::move(md5)});
        return {};
      },
      stop));
  return prints;
}

bool SideTable::sorts_prints(const Server& server) const {
  return has_row_text_expression(*table_, columns_, dialect_of(server));
}

std::string SideTable::sorted_prints_statement(const Server& server) const {
  const std::vector<std::string> key = key_cells();
  return fmt::format("SELECT MD5({}) AS print{}{} FROM {}{}{} ORDER BY print",
                     row_text_expression(*table_, columns_, dialect_of(server)),
                     key.empty() ? "" : ", ", fmt::join(key, ", "), quoted(table_->id),
                     where_.empty() ? "" : " WHERE ", where_);
}

std::string SideTable::key_text(const KeyCells& key) const {
  std::string text;
  for (std::size_t i = 0; i < key_.size() && i < key.size(); ++i) {
    text += (i == 0 ? "" : " and ") + quoted(key_[i].name) + "=";
    append_key_literal(text, key_[i].type, key[i]);
  }
  return text;
}

}  // namespace tideway
