#include "recipe/cutover.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"

namespace tideway::recipe {
namespace {

constexpr Duration rest = std::chrono::seconds(1);  // without a change: the writers have stopped
constexpr std::size_t most_named = 5;

}  // namespace

Result<std::string> Cutover::order(const std::string& argument) {
  if (argument == "cancel") {
    if (!is_ordered_.exchange(false)) return std::string("no cutover was under way");
    return std::string("the cutover is cancelled; following goes on");
  }
  if (!argument.empty() && argument != "anyway") {
    return fail(Error(ErrorCode::usage, Side::local, Retry::never,
                      "a cutover is ordered without more words, or with anyway or cancel"));
  }
  if (parts_.board.control().gate().is_paused()) {
    return fail(Error(ErrorCode::usage, Side::local, Retry::after_operator,
                      "the job is paused, and the target would never catch up: tideway resume, "
                      "then tideway cutover"));
  }
  is_anyway_ = argument == "anyway";
  if (is_ordered_.exchange(true)) return std::string("the cutover is under way");
  say("waiting for the target to catch up");
  interrupted_.with([](std::stop_source& work) { work.request_stop(); });
  return std::string(
      "the cutover begins: once the target has caught up and nobody writes to the source any more, "
      "both sides are compared and the job ends");
}

void Cutover::interrupts(std::stop_source work) {
  interrupted_.with([&](std::stop_source& current) {
    current = std::move(work);
    if (is_ordered_) current.request_stop();
  });
}

void Cutover::say(std::string text) {
  saying_.with([&](std::string& saying) { saying = std::move(text); });
}

void Cutover::describe(Status& status) const {
  if (is_ordered_) status.phase = "cutover";
  saying_.with([&](const std::string& saying) {
    if (!saying.empty()) status.cutover = saying;
  });
}

Result<bool> Cutover::rests(const std::stop_token& stop) {
  const std::uint64_t before = parts_.changes();
  const Instant began = real_clock().now();
  if (!real_clock().wait(rest, stop)) return false;
  TRY(parts_.catch_up(stop));
  const std::uint64_t changes = parts_.changes() - before;
  if (changes == 0) return true;
  const double seconds = std::chrono::duration<double>(real_clock().now() - began).count();
  say(fmt::format("waiting for the source's writers to stop: {} changes in the last {:.1f} s",
                  changes, seconds));
  return false;
}

bool Cutover::holds_up(const LivePass& pass) {
  std::vector<std::string> different;
  for (const LiveReport& table : pass.tables) {
    if (table.report.state == ComparisonState::different)
      different.push_back(difference_text(table.report));
  }
  if (different.empty() || is_anyway_) return false;
  const std::size_t count = different.size();
  different.resize(std::min(count, most_named));
  const std::string sentence = fmt::format(
      "the cutover is refused, {} table{} not hold what the source does: {}{}. Following goes on; "
      "somebody else may have written to the target. tideway verify names the rows; tideway "
      "cutover --anyway cuts over all the same",
      count, count == 1 ? " does" : "s do", fmt::join(different, "; "),
      count > most_named ? "; …" : "");
  say(sentence);
  parts_.board.warn(sentence);
  return true;
}

Result<std::optional<CutPoint>> Cutover::attempt(const std::stop_token& stop) {
  TRY(parts_.catch_up(stop));
  while (is_ordered_ && !stop.stop_requested()) {
    if (!TRY(rests(stop))) continue;
    const std::uint64_t before = parts_.changes();
    say("comparing both sides");
    LivePass pass = TRY(parts_.verify.pass(1.0, parts_.threads, stop));
    LogStart end = TRY(parts_.catch_up(stop));
    if (parts_.changes() != before) {
      say("the source was written to while both sides were compared: once more");
      continue;
    }
    if (!is_ordered_ || holds_up(pass)) break;
    return CutPoint{std::move(end), std::move(pass)};
  }
  return std::nullopt;
}

std::optional<CutPoint> Cutover::run(const std::stop_token& stop) {
  auto point = attempt(stop);
  is_ordered_ = false;
  if (!point && point.error().code() != ErrorCode::stopped) {
    const std::string sentence =
        fmt::format("the cutover failed, following goes on: {}", point.error().to_line());
    say(sentence);
    parts_.board.warn(sentence);
  }
  if (!point || !*point) return std::nullopt;
  say(fmt::format("ending at {}", (*point)->end.to_text()));
  return *std::move(point);
}

}  // namespace tideway::recipe
