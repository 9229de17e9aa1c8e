#include "flow/control.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <ranges>
#include <set>

namespace tideway {
namespace {

std::string listed(const std::vector<std::string>& verbs) {
  std::string text;
  for (const std::string& verb : verbs) text += (text.empty() ? "" : ", ") + verb;
  return text.empty() ? "nothing but its status" : text;
}

Result<std::uint32_t> parse_readers(const std::string& text) {
  if (text == "all") return Gate::all;
  std::uint32_t readers = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), readers);
  if (error == std::errc() && end == text.data() + text.size() && readers > 0) return readers;
  return fail(Error(ErrorCode::bad_value, Side::local, Retry::never,
                    "how many readers? a number from 1 on, or all; to stop all of them: pause"));
}

}  // namespace

JobControl::Offer::~Offer() {
  if (control_ == nullptr) return;
  control_->offers_.with([this](Offers& offers) {
    std::erase_if(offers.all, [this](const Offered& each) { return each.number == number_; });
  });
}

JobControl::Offer JobControl::offer(std::string verb, Handler handler) {
  const std::uint64_t number = offers_.with([&](Offers& offers) {
    offers.all.push_back({std::move(verb), std::move(handler), offers.next});
    return offers.next++;
  });
  return {this, number};
}

Result<std::string> JobControl::ask(const std::string& verb, const std::string& argument) const {
  auto answer = offers_.with([&](const Offers& offers) -> std::optional<Result<std::string>> {
    const auto latest_first = offers.all | std::views::reverse;
    const auto found = std::ranges::find(latest_first, verb, &Offered::verb);
    if (found == latest_first.end()) return std::nullopt;
    return found->handler(argument);
  });
  if (answer) return *std::move(answer);
  return fail(Error(ErrorCode::not_offered, Side::local, Retry::after_operator,
                    "the job cannot do that now; what it can be asked: " + listed(verbs())));
}

std::vector<std::string> JobControl::verbs() const {
  return offers_.with([](const Offers& offers) {
    std::set<std::string> verbs;
    for (const Offered& each : offers.all) verbs.insert(each.verb);
    return std::vector<std::string>(verbs.begin(), verbs.end());
  });
}

std::vector<JobControl::Offer> offer_gate(JobControl& control) {
  std::vector<JobControl::Offer> offers;
  Gate& gate = control.gate();
  offers.push_back(control.offer("pause", [&gate](const std::string&) -> Result<std::string> {
    gate.pause();
    return std::string("paused: nothing more is read; what was read is still written");
  }));
  offers.push_back(control.offer("resume", [&gate](const std::string&) -> Result<std::string> {
    const bool was_paused = gate.is_paused();
    gate.resume();
    return std::string(was_paused ? "goes on" : "was not paused");
  }));
  offers.push_back(
      control.offer("readers", [&gate](const std::string& text) -> Result<std::string> {
        const std::uint32_t readers = TRY(parse_readers(text));
        gate.allow(readers);
        return readers == Gate::all ? std::string("all readers may read")
                                    : "at most " + text + " may read at a time";
      }));
  return offers;
}

}  // namespace tideway
