#include "recipe/certify.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace tideway::recipe {
namespace {

constexpr std::size_t most_names = 20;

void not_carried(Certificate& certificate, std::string kind, const std::vector<std::string>& names,
                 std::string advice) {
  if (names.empty()) return;
  NotCarriedOver entry;
  entry.kind = std::move(kind);
  entry.count = names.size();
  entry.names.assign(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(
                                                        std::min(names.size(), most_names)));
  entry.advice = std::move(advice);
  certificate.not_carried_over.push_back(std::move(entry));
}

std::vector<std::string> names_of(const std::vector<TableId>& ids) {
  std::vector<std::string> names;
  for (const TableId& id : ids) names.push_back(quoted(id));
  return names;
}

const TableProof* proof_of(std::span<const TableProof> proofs, const TableId& table) {
  const auto found = std::ranges::find(proofs, table, &TableProof::table);
  return found == proofs.end() ? nullptr : &*found;
}

void judge(TableCertificate& entry, const MadeTable& table, const TableOutcome& outcome,
           const TableProof* proof) {
  if (outcome.failure || proof == nullptr) {
    entry.proof = Proof::not_compared;
    entry.reason = outcome.failure ? outcome.failure->to_line() : outcome.why_not;
    return;
  }
  entry.rows = proof->expected.rows;
  entry.digest = to_text(proof->expected);
  if (!proof->is_equal && !table.was_empty) {
    entry.proof = Proof::unproven;
    entry.reason =
        fmt::format("the target's table held rows before; it now has {} rows and {} were sent",
                    proof->found.rows, proof->expected.rows);
  } else if (!proof->is_equal) {
    entry.proof = Proof::different;
    entry.reason =
        fmt::format("the target says {}, the rows sent were {}{}", to_text(proof->found),
                    to_text(proof->expected),
                    proof->first_difference
                        ? "; first in chunk " + std::to_string(proof->first_difference->ordinal)
                        : "");
  } else {
    entry.proof = outcome.is_proven ? Proof::proven : Proof::unproven;
    entry.reason = outcome.why_not;
  }
}

}  // namespace

Certificate begin_certificate(const std::string& recipe, const std::string& source,
                              const std::string& target) {
  Certificate certificate;
  certificate.recipe = recipe;
  certificate.source = source;
  certificate.target = target;
  certificate.started = std::chrono::system_clock::now();
  return certificate;
}

void describe_objects(Certificate& certificate, const ObjectList& objects) {
  const auto& left = objects.not_carried;
  not_carried(certificate, "trigger", names_of(left.triggers),
              "make them on the target after the cutover, or they would fire twice");
  not_carried(certificate, "event", names_of(left.events),
              "make them on the target after the cutover");
  not_carried(certificate, "procedure", names_of(left.procedures),
              "SHOW CREATE PROCEDURE on the source");
  not_carried(certificate, "function", names_of(left.functions),
              "SHOW CREATE FUNCTION on the source");
  not_carried(certificate, "sequence", names_of(left.sequences),
              "SHOW CREATE SEQUENCE on the source");
  not_carried(certificate, "account", left.accounts,
              "SHOW CREATE USER and SHOW GRANTS on the source");
  for (const TableId& table : objects.gone) {
    certificate.warnings.push_back(
        quoted(table) + " was dropped on the source while tables were listed; it is not copied");
  }
  for (const UnreadableObject& object : objects.unreadable) {
    const std::string& next = object.error.evidence().statement;
    certificate.warnings.push_back(quoted(object.id) + " is not copied: " + object.error.to_line() +
                                   (next.empty() ? "" : "; next: " + next));
  }
}

void describe_left_over(Certificate& certificate, std::span<const FilledTable> filled,
                        const ObjectList& objects) {
  std::set<TableId> there;
  for (const ListedTable& table : objects.tables) there.insert(table.id());
  for (const FilledTable& table : filled) {
    if (there.contains(table.source)) continue;
    certificate.warnings.push_back(fmt::format(
        "{} was begun by an earlier start and is no more on the source: what was copied of it is "
        "left on the target, and compared with nothing; if nobody needs it: DROP TABLE {}",
        quoted(table.source), quoted(table.target)));
  }
}

void describe_rounds(Certificate& certificate, const RoundsResult& rounds) {
  certificate.rung = to_text(rounds.common.rung);
  certificate.position = rounds.common.position_text();
  if (const std::string gtids = rounds.common.gtid_text(); !gtids.empty())
    certificate.position += " " + gtids;
  if (!rounds.common.reason.empty())
    certificate.warnings.push_back("consistency: " + rounds.common.reason);
  if (!rounds.common.grant.empty())
    certificate.warnings.push_back("a better rung needs: " + rounds.common.grant);
}

TableCertificate compared(const TableReport& report) {
  TableCertificate entry;
  entry.source = report.source;
  entry.target = report.target;
  entry.rows = report.source_digest.rows;
  entry.strength = report.strength;
  entry.reason = report.reason;
  if (!report.counted_only) entry.digest = to_text(report.source_digest);
  switch (report.state) {
    case ComparisonState::equal:
      entry.proof = report.counted_only ? Proof::unproven : Proof::proven;
      if (report.counted_only)
        entry.reason = "only the number of rows was compared, and it is equal";
      break;
    case ComparisonState::different:
      entry.proof = Proof::different;
      if (entry.reason.empty()) {
        entry.reason = fmt::format("{} missing, {} extra, {} different rows on the target",
                                   report.missing, report.extra, report.different);
      }
      break;
    case ComparisonState::not_compared:
      entry.proof = Proof::not_compared;
      break;
  }
  if (report.counted_only && report.state == ComparisonState::different) {
    entry.reason = fmt::format("{} rows on the source, {} on the target", report.source_digest.rows,
                               report.target_digest.rows);
  }
  for (const Difference& difference : report.examples) {
    entry.differences.push_back(fmt::format("{} {}", to_text(difference.kind), difference.key));
  }
  return entry;
}

void describe_changes(Certificate& certificate, std::span<const MadeTable> tables) {
  for (const MadeTable& table : tables) {
    for (const std::string& change : table.changes)
      certificate.changes.push_back({quoted(table.target->id), change, ""});
  }
}

void describe_proofs(Certificate& certificate, std::span<const MadeTable> tables,
                     const RoundsResult& rounds, std::span<const TableProof> proofs,
                     DigestStrength strength) {
  describe_changes(certificate, tables);
  for (const MadeTable& table : tables) {
    TableCertificate entry;
    entry.source = table.source->id;
    entry.target = table.target->id;
    entry.strength = strength;
    const auto outcome = rounds.tables.find(entry.source);
    judge(entry, table, outcome == rounds.tables.end() ? TableOutcome{} : outcome->second,
          proof_of(proofs, entry.source));
    certificate.tables.push_back(std::move(entry));
  }
  std::ranges::sort(certificate.tables, {}, &TableCertificate::source);
}

void describe_views(Certificate& certificate, std::span<const MadeView> views) {
  for (const MadeView& view : views) {
    for (const std::string& change : view.changes)
      certificate.changes.push_back({quoted(view.id), change, ""});
    if (!view.is_new)
      certificate.warnings.push_back("view " + quoted(view.id) +
                                     " was there already and stays as it is");
  }
}

void end_certificate(Certificate& certificate, const StatusBoard& board) {
  for (std::string& warning : board.warnings()) certificate.warnings.push_back(std::move(warning));
  certificate.finished = std::chrono::system_clock::now();
}

}  // namespace tideway::recipe
