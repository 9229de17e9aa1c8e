#include "base/error.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace tideway {

const std::vector<ErrorPage>& error_pages() {
  static const std::vector<ErrorPage> pages = {
#define TIDEWAY_ERROR(number, name, sentence, advice) {ErrorCode::name, #name, sentence, advice},
#include "base/error_codes.def"
#undef TIDEWAY_ERROR
  };
  return pages;
}

const ErrorPage& error_page(ErrorCode code) {
  const auto& pages = error_pages();
  const auto found = std::ranges::find(pages, code, &ErrorPage::code);
  CHECK(found != pages.end());
  return *found;
}

Error::Error(ErrorCode code, Side side, Retry retry, Evidence evidence, std::string message)
    : code_(code),
      side_(side),
      retry_(retry),
      evidence_(std::move(evidence)),
      message_(std::move(message)) {}

Error::Error(ErrorCode code, Side side, Retry retry, std::string message)
    : Error(code, side, retry, Evidence{}, std::move(message)) {}

Error Error::during(std::string_view what) && {
  if (context_.empty() || context_.back() != what) context_.emplace_back(what);  // said once
  return std::move(*this);
}

Error Error::with_evidence(Evidence evidence) && {
  const auto fill = [](std::string& mine, std::string& more) {
    if (mine.empty()) mine = std::move(more);
  };
  if (evidence_.server_errno == 0) evidence_.server_errno = evidence.server_errno;
  fill(evidence_.server_text, evidence.server_text);
  fill(evidence_.table, evidence.table);
  fill(evidence_.column, evidence.column);
  fill(evidence_.key, evidence.key);
  fill(evidence_.position, evidence.position);
  fill(evidence_.statement, evidence.statement);
  return std::move(*this);
}

std::string Error::to_line() const {
  std::string line = to_text(code_) + " " + std::string(error_page(code_).name) + " (" +
                     std::string(to_text(side_)) + "): ";
  for (auto what = context_.rbegin(); what != context_.rend(); ++what) line += *what + ": ";
  line += message_;
  if (evidence_.server_errno != 0) {
    line +=
        " [server " + std::to_string(evidence_.server_errno) + ": " + evidence_.server_text + "]";
  }
  return line;
}

std::string Error::to_report() const {
  std::string report = "error: " + to_line() + "\n";
  const auto add = [&report](std::string_view name, const std::string& value) {
    if (!value.empty()) report += "  " + std::string(name) + ": " + visible(value) + "\n";
  };
  add("table", evidence_.table);
  add("column", evidence_.column);
  add("key", evidence_.key);
  add("at", evidence_.position);
  const std::string_view advice = error_page(code_).advice;
  if (!evidence_.statement.empty()) {
    report += "  next: " + evidence_.statement + "\n";
  } else {
    report += "  next: " + std::string(advice) + "\n";
  }
  report += "  more: tideway explain " + to_text(code_) + "\n";
  return report;
}

std::string_view to_text(Side side) {
  switch (side) {
    case Side::source:
      return "source";
    case Side::target:
      return "target";
    case Side::local:
      return "local";
  }
  return "local";
}

std::string_view to_text(Retry retry) {
  switch (retry) {
    case Retry::never:
      return "never";
    case Retry::same_session:
      return "same session";
    case Retry::new_session:
      return "new session";
    case Retry::after_operator:
      return "after the operator acted";
  }
  return "never";
}

std::string to_text(ErrorCode code) { return "TW" + std::to_string(static_cast<unsigned>(code)); }

}  // namespace tideway
