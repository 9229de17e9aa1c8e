#include "app/certificate_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/status_block.h"
#include "base/text.h"

namespace tideway {
namespace {

std::string padded(const std::string& text, std::size_t columns) {
  const std::size_t width = columns_of(text);
  return width < columns ? text + std::string(columns - width, ' ') : text;
}

std::string name_of(const TableCertificate& table) {
  const auto name = [](const TableId& id) { return visible(id.database + "." + id.name); };
  return table.source == table.target ? name(table.source)
                                      : name(table.source) + " -> " + name(table.target);
}

// Short enough to compare two certificates by eye; the whole digest is in the JSON form.
std::string digest_of(const TableCertificate& table) {
  if (table.digest.empty()) return "-";
  Digest digest;
  if (!parse_digest(table.digest, digest)) return table.digest;
  const bool is_strong = table.strength == DigestStrength::strong;
  return fmt::format("{} {:016x}", to_text(table.strength),
                     is_strong ? digest.md5_high ^ digest.md5_low : digest.crc_sum);
}

std::string proof_of(const TableCertificate& table) {
  std::string text(to_text(table.proof));
  if (!table.reason.empty()) text += ": " + table.reason;
  if (!table.position.empty()) text += " (at " + table.position + ")";
  return text;
}

struct Counts {
  std::size_t proven = 0, tables = 0;
  std::uint64_t rows = 0;
};

Counts count(const Certificate& certificate) {
  Counts counts;
  for (const auto& table : certificate.tables) {
    ++counts.tables;
    counts.rows += table.rows;
    if (table.proof == Proof::proven) ++counts.proven;
  }
  return counts;
}

std::string table_lines(const Certificate& certificate, std::size_t tables_max) {
  const bool is_long = certificate.tables.size() > tables_max;
  std::vector<const TableCertificate*> shown;
  std::size_t proven_left_out = 0;
  for (const auto& table : certificate.tables) {
    if (is_long && table.proof == Proof::proven) {
      ++proven_left_out;
    } else {
      shown.push_back(&table);
    }
  }
  std::size_t names = 5, rows = 4, digests = 6;
  for (const auto* table : shown) {
    names = std::max(names, columns_of(name_of(*table)));
    rows = std::max(rows, human_count(table->rows).size());
    digests = std::max(digests, digest_of(*table).size());
  }
  std::string text;
  if (!shown.empty())
    text += fmt::format("\n  {}  {:>{}}  {:<{}}  proof\n", padded("table", names), "rows", rows,
                        "digest", digests);
  for (const auto* table : shown) {
    text +=
        fmt::format("  {}  {:>{}}  {:<{}}  {}\n", padded(name_of(*table), names),
                    human_count(table->rows), rows, digest_of(*table), digests, proof_of(*table));
    for (const std::string& difference : table->differences)
      text += "      " + visible(difference) + "\n";
  }
  if (proven_left_out > 0)
    text += fmt::format("  and {} tables that are proven\n", human_count(proven_left_out));
  return text;
}

std::string left_lines(const Certificate& certificate) {
  std::string text;
  for (const auto& left : certificate.not_carried_over) {
    text += fmt::format("  not carried over: {} {}{}", left.count, left.kind,
                        left.count == 1 ? "" : "s");
    if (!left.names.empty()) {
      text += fmt::format(" ({}{})", visible(fmt::format("{}", fmt::join(left.names, ", "))),
                          left.names.size() < left.count ? ", …" : "");
    }
    text += (left.advice.empty() ? "" : ": " + left.advice) + "\n";
  }
  for (const auto& change : certificate.changes) {
    text += fmt::format("  changed: {}: {}{}\n", visible(change.object), change.what,
                        change.why.empty() ? "" : " (" + change.why + ")");
  }
  for (const auto& warning : certificate.warnings) text += "  warning: " + warning + "\n";
  return text.empty() ? text : "\n" + text;
}

std::string verdict(const Certificate& certificate) {
  const Counts counts = count(certificate);
  const std::string sums =
      fmt::format("{} of {} tables proven, {} rows", human_count(counts.proven),
                  human_count(counts.tables), human_count(counts.rows));
  switch (exit_code_of(certificate)) {
    case ExitCode::proven:
      return "PROVEN: " + sums;
    case ExitCode::failed:
      return "DIFFERENT: " + sums +
             (certificate.recipe == "verify"
                  ? ""
                  : "\n  next: tideway verify names the keys that differ; the same command with "
                    "--restart does all tables anew");
    default:
      return "NOT PROVEN: " + sums;
  }
}

}  // namespace

std::string certificate_text(const Certificate& certificate, std::size_t tables_max) {
  std::string text = fmt::format("Certificate of {}{}\n", certificate.recipe,
                                 certificate.job.empty() ? "" : ", job " + certificate.job);
  const auto add = [&text](std::string_view name, const std::string& value) {
    if (!value.empty()) text += fmt::format("  {:<9} {}\n", name, value);
  };
  add("source", certificate.source);
  add("target", certificate.target);
  add("position", certificate.position);
  add("rung", certificate.rung);
  add("time",
      fmt::format("{} to {} ({})", to_text(certificate.started), to_text(certificate.finished),
                  human_duration(certificate.finished - certificate.started)));
  text += table_lines(certificate, tables_max);
  text += left_lines(certificate);
  return text + "\n  " + verdict(certificate) + "\n";
}

}  // namespace tideway
