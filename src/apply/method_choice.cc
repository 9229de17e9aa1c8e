#include "apply/method_choice.h"

#include <algorithm>

namespace tideway {
namespace {

constexpr double weight = 0.2;  // of the newest batch in the average
constexpr std::uint32_t distrust_most = 3;

}  // namespace

std::optional<Method> MethodChoice::faster(const State& state) {
  if (!state.may_use_infile) return Method::insert;
  if (state.insert.batches < tries || state.infile.batches < tries) return std::nullopt;
  return state.infile.rows_per_second > state.insert.rows_per_second ? Method::infile
                                                                     : Method::insert;
}

Method MethodChoice::next() {
  return state_.with([](State& state) {
    const std::uint64_t turn = state.asked++;
    const auto settled = faster(state);
    if (!settled) return turn % 2 == 0 ? Method::insert : Method::infile;
    if (!state.may_use_infile || turn % look_again != 0) return *settled;
    return *settled == Method::insert ? Method::infile : Method::insert;
  });
}

void MethodChoice::record(Method method, std::uint64_t rows, Duration took) {
  if (rows < rows_least || took <= Duration::zero()) return;
  const double rate = static_cast<double>(rows) / std::chrono::duration<double>(took).count();
  state_.with([&](State& state) {
    Rate& kept = method == Method::insert ? state.insert : state.infile;
    kept.rows_per_second =
        kept.batches == 0 ? rate : kept.rows_per_second + weight * (rate - kept.rows_per_second);
    ++kept.batches;
  });
}

void MethodChoice::distrust_infile() {
  state_.with([](State& state) {
    if (++state.distrusted >= distrust_most) state.may_use_infile = false;
  });
}

void MethodChoice::forbid_infile() {
  state_.with([](State& state) { state.may_use_infile = false; });
}

std::optional<Method> MethodChoice::settled() const {
  return state_.with([](const State& state) { return faster(state); });
}

}  // namespace tideway
