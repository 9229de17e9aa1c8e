#include "app/assess_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "model/certificate.h"

namespace tideway {
namespace {

using Json = nlohmann::ordered_json;
using Level = Finding::Level;

constexpr std::array<Level, 3> levels = {Level::blocker, Level::warning, Level::note};

std::string counted(const Assessment& assessment, Level level) {
  const std::size_t count = assessment.count(level);
  return fmt::format("{} {}{}", human_count(count), to_text(level), count == 1 ? "" : "s");
}

void add_finding(std::string& text, const Finding& finding) {
  constexpr std::size_t most = 10;
  text +=
      fmt::format("  {}  {}: {}\n", to_text(finding.side), finding.name, visible(to_text(finding)));
  for (std::size_t i = 0; i < std::min(finding.mend.size(), most); ++i)
    text += "            mended by: " + visible(finding.mend[i]) + "\n";
  if (finding.mend.size() > most)
    text += fmt::format("            and {} more\n", finding.mend.size() - most);
}

}  // namespace

std::string assess_text(const recipe::AssessReport& report) {
  std::string text = fmt::format("Assessment\n  source  {}\n", report.source);
  if (!report.target.empty()) text += fmt::format("  target  {}\n", report.target);
  for (const Level level : levels) {
    if (report.assessment.count(level) == 0) continue;
    text += "\n" + counted(report.assessment, level) + "\n";
    for (const Finding& finding : report.assessment.findings)
      if (finding.level == level) add_finding(text, finding);
  }
  return text + (report.assessment.is_blocked()
                     ? "\n  BLOCKED: a migration does not begin before the blockers are mended\n"
                     : "\n  A migration can begin\n");
}

std::string assess_event(const recipe::AssessReport& report) {
  Json findings = Json::array();
  for (const Level level : levels) {
    for (const Finding& finding : report.assessment.findings) {
      if (finding.level != level) continue;
      Json one{{"level", to_text(level)},      {"side", to_text(finding.side)},
               {"name", finding.name},         {"subjects", finding.subjects},
               {"sentence", finding.sentence}, {"mend", finding.mend}};
      if (level == Level::blocker) one["code"] = to_text(finding.error);
      findings.push_back(std::move(one));
    }
  }
  const Json event{{"event", "assessment"},
                   {"time", to_text(std::chrono::system_clock::now())},
                   {"source", report.source},
                   {"target", report.target},
                   {"blockers", report.assessment.count(Level::blocker)},
                   {"warnings", report.assessment.count(Level::warning)},
                   {"notes", report.assessment.count(Level::note)},
                   {"findings", std::move(findings)}};
  return event.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tideway
