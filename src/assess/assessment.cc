#include "assess/assessment.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace tideway {

std::string_view to_text(Finding::Level level) {
  switch (level) {
    case Finding::Level::blocker:
      return "blocker";
    case Finding::Level::warning:
      return "warning";
    case Finding::Level::note:
      return "note";
  }
  return "note";
}

void Assessment::add(Finding finding) {
  const auto same = std::ranges::find_if(findings, [&](const Finding& other) {
    return other.level == finding.level && other.side == finding.side &&
           other.name == finding.name && other.sentence == finding.sentence;
  });
  if (same == findings.end()) {
    findings.push_back(std::move(finding));
    return;
  }
  std::ranges::move(finding.subjects, std::back_inserter(same->subjects));
  for (std::string& statement : finding.mend) {
    if (std::ranges::find(same->mend, statement) == same->mend.end())
      same->mend.push_back(std::move(statement));
  }
}

std::size_t Assessment::count(Finding::Level level) const {
  return static_cast<std::size_t>(std::ranges::count(findings, level, &Finding::level));
}

std::optional<Error> Assessment::refusal() const {
  std::vector<const Finding*> blockers;
  for (const Finding& finding : findings)
    if (finding.level == Finding::Level::blocker) blockers.push_back(&finding);
  if (blockers.empty()) return std::nullopt;
  const Finding& first = *blockers.front();
  Evidence evidence;
  if (!first.mend.empty()) evidence.statement = first.mend.front();
  std::string message = to_text(first);
  for (const Finding* blocker : blockers) {
    if (blocker != &first) message += "\n  " + to_text(*blocker);
    if (blockers.size() == 1) continue;
    for (const std::string& statement : blocker->mend) message += "\n    mended by: " + statement;
  }
  return Error(first.error, first.side, Retry::after_operator, std::move(evidence),
               std::move(message));
}

std::string to_text(const Finding& finding) {
  constexpr std::size_t most = 10;
  std::string text;
  for (std::size_t i = 0; i < std::min(finding.subjects.size(), most); ++i)
    text += (i == 0 ? "" : ", ") + finding.subjects[i];
  if (finding.subjects.size() > most)
    text += fmt::format(" and {} more", finding.subjects.size() - most);
  return text.empty() ? finding.sentence : text + ": " + finding.sentence;
}

}  // namespace tideway
