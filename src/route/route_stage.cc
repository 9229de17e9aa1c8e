#include "route/route_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/log.h"
#include "route/change_filter.h"
#include "route/row_filter.h"

namespace tideway {
namespace {

constexpr std::array<ChangeKind, 3> kinds = {ChangeKind::insert, ChangeKind::update,
                                             ChangeKind::remove};

std::string_view name_of(ChangeKind kind) {
  return kind == ChangeKind::insert ? "INSERT" : kind == ChangeKind::update ? "UPDATE" : "DELETE";
}

Digest digest_of(const Block& block, const Rows& rows, DigestStrength strength) {
  RowDigester digester(rows.table, rows.after, strength);
  digester.add(block, rows);
  return digester.digest();
}

}  // namespace

// Everything that was decided about one definition.
struct RouteStage::TableState {
  TablePtr source, routed;
  std::vector<ConstantColumn> constants;
  struct OfKind {
    FilterAction action = FilterAction::go_on;
    std::string reason;
    DropCounts::Count* dropped = nullptr;  // of rows that are ignored
  };
  std::array<OfKind, kinds.size()> of_kind;
  RowFilter filter;
};

RouteStage::RouteStage(RouterPtr router, RouteStageOptions options)
    : router_(std::move(router)), options_(options) {}
RouteStage::~RouteStage() = default;

std::vector<std::string> RouteStage::warnings() const {
  return warnings_.with([](const auto& all) { return all; });
}

Result<std::unique_ptr<RouteStage::TableState>> RouteStage::make_state(
    const TablePtr& table) const {
  auto state = std::make_unique<TableState>();
  state->source = table;
  const Decision decision = router_->decide(table->id);
  for (const ChangeKind kind : kinds) {
    auto& of_kind = state->of_kind[static_cast<std::size_t>(kind)];
    if (!decision.is_wanted) {
      of_kind.action = FilterAction::ignore;
      of_kind.reason = decision.why;
    } else if (options_.use == RouteUse::log) {
      const FilterVerdict verdict = judge_change(router_->rules().filters, table->id, kind);
      of_kind.action = verdict.action;
      if (verdict.rule != nullptr)
        of_kind.reason = fmt::format("filter '{}', {}", verdict.rule->name, name_of(kind));
    }
    if (of_kind.action == FilterAction::ignore)
      of_kind.dropped = &drops_.of(table->id, of_kind.reason);
  }
  if (!decision.is_wanted) return state;
  Route route = TRY(router_->route(table->id));
  state->routed = tideway::routed(table, route);
  state->constants = std::move(route.constants);
  if (options_.use == RouteUse::log) {
    const RouteRules& rules = router_->rules();
    std::vector<std::string> warnings;
    state->filter = TRY(RowFilter::bind(rules.expression_filters, table, rules.filter_case,
                                        rules.time_zone_minutes, drops_, warnings));
    for (std::string& warning : warnings) {
      LOG(warn, "an expression filter has no effect", {{"why", warning}});
      warnings_.with([&warning](auto& all) { all.push_back(std::move(warning)); });
    }
  }
  return state;
}

Result<RouteStage::TableState*> RouteStage::state_of(const TablePtr& table) const {
  return states_.with([&](auto& states) -> Result<TableState*> {
    const auto known = states.find(table.get());
    if (known != states.end()) return known->second.get();
    auto state = TRY(make_state(table));
    return states.emplace(table.get(), std::move(state)).first->second.get();
  });
}

Result<RouteStage::TableState*> RouteStage::pass_rows(Block& block, Rows& rows) const {
  TableState* state = TRY(state_of(rows.table));
  const auto& of_kind = state->of_kind[static_cast<std::size_t>(rows.kind)];
  if (of_kind.action == FilterAction::error) {
    return fail(Error(ErrorCode::event_refused, Side::source, Retry::after_operator,
                      fmt::format("{} has the action Error: {} rows of {}", of_kind.reason,
                                  rows.row_count, quoted(rows.table->id))));
  }
  if (of_kind.action == FilterAction::ignore) {
    of_kind.dropped->rows += rows.row_count;
    rows.row_count = 0;
  } else if (state->filter.is_about(rows.kind)) {
    TRY(state->filter.drop_rows(block, rows));
  }
  return state;
}

void RouteStage::widen_rows(Block& block, std::span<const Widening> widenings) const {
  StreamDigests digests;
  const auto add_rows = [&](Digest& sum) {
    for (const Widening& each : widenings) sum += digest_of(block, *each.rows, options_.strength);
  };
  const bool is_copy = options_.use == RouteUse::copy;
  if (is_copy) add_rows(digests.as_read);
  widen(block, widenings);
  if (!is_copy) return;
  add_rows(digests.as_sent);
  digests_.with([&](auto& all) {
    StreamDigests& sum = all[{block.stream().table, block.stream().ordinal}];
    sum.as_read += digests.as_read;
    sum.as_sent += digests.as_sent;
  });
}

// A stream of which nothing was widened keeps its reader's digest.
Result<void> RouteStage::end_stream(const Stream& stream, StreamEnd& end) const {
  const auto digests = digests_.with([&](auto& all) {
    const auto node = all.extract({stream.table, stream.ordinal});
    return node.empty() ? std::optional<StreamDigests>() : std::optional(node.mapped());
  });
  if (!digests) return {};
  if (digests->as_read != end.digest) {
    return fail(
        Error(ErrorCode::digest_differs, Side::local, Retry::never,
              fmt::format("chunk {} of {}: read {}, handed on {}", stream.ordinal,
                          quoted(stream.table), to_text(end.digest), to_text(digests->as_read))));
  }
  end.digest = digests->as_sent;
  return {};
}

Result<void> RouteStage::pass(Block& block) const {
  std::vector<Widening> widenings;
  bool adds_columns = false;
  for (Item& item : block.items()) {
    if (auto* rows = std::get_if<Rows>(&item)) {
      const TableState* state = TRY(pass_rows(block, *rows));
      if (rows->row_count == 0) continue;
      widenings.push_back({rows, state->routed, &state->constants});
      adds_columns = adds_columns || !state->constants.empty();
    } else if (auto* change = std::get_if<std::shared_ptr<const SchemaChange>>(&item)) {
      *change = TRY(filter_change(*router_, *change, drops_));
    }
  }
  if (adds_columns) {
    widen_rows(block, widenings);
  } else {
    for (const Widening& each : widenings) each.rows->table = each.table;
  }
  for (Item& item : block.items()) {
    if (auto* end = std::get_if<StreamEnd>(&item)) TRY(end_stream(block.stream(), *end));
  }
  block.drop_items([](const Item& item) {
    const auto* rows = std::get_if<Rows>(&item);
    const auto* change = std::get_if<std::shared_ptr<const SchemaChange>>(&item);
    return (rows != nullptr && rows->row_count == 0) || (change != nullptr && *change == nullptr);
  });
  return {};
}

}  // namespace tideway
