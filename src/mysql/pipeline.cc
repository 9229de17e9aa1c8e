// Many statements on the wire at once.
#include <optional>

#include "mysql/session_state.h"

namespace tideway {
namespace {

// How much may be unanswered. A server stops reading when nobody reads its answers, and then we
// would wait to send for ever. Answers of statements are some tens of bytes, far below what either
// socket buffer holds; answers of questions are of any size, so questions must fit the server's
// receive buffer whole: then sending never waits for reading.
struct Limits {
  std::size_t bytes, statements;
};
constexpr Limits for_statements = {256 * 1024, 256}, for_questions = {32 * 1024, 128};

// Statements sent in order and answered in order. Answers that nobody read would be taken for those
// of whatever is asked next: a session that is left with some is condemned.
class Flight {
 public:
  Flight(SessionState& state, std::span<const std::string> statements, Limits limits)
      : state_(state), statements_(statements), limits_(limits) {}
  ~Flight() {
    if (is_waiting() && !state_.is_broken) abandon(state_);
  }
  Flight(const Flight&) = delete;
  Flight& operator=(const Flight&) = delete;

  bool is_over() const { return read_ == statements_.size(); }
  bool is_waiting() const { return read_ != sent_; }
  bool can_send() const {
    if (sent_ == statements_.size()) return false;
    return !is_waiting() || (bytes_ + statements_[sent_].size() <= limits_.bytes &&
                             sent_ - read_ < limits_.statements);
  }

  Result<void> send(const std::stop_token& stop) {
    Call call(state_, statements_[sent_], stop);
    TRY(call.send(statements_[sent_]));
    bytes_ += statements_[sent_++].size();
    return {};
  }

  // The oldest answer, whole: `take` makes of it what is wanted, further results of a CALL are
  // dropped.
  template <typename Take>
  auto read(const std::stop_token& stop, Take take) -> decltype(take(std::declval<Call&>())) {
    const std::string& statement = statements_[read_++];
    bytes_ -= statement.size();
    Call call(state_, statement, stop);
    TRY(call.read_answer());
    auto taken = take(call);
    if (taken) TRY(call.drain());
    return taken;
  }

 private:
  SessionState& state_;
  const std::span<const std::string> statements_;
  const Limits limits_;
  std::size_t sent_ = 0, read_ = 0, bytes_ = 0;
};

Result<Affected> take_affected(Call& call) {
  Affected affected = call.affected();
  TRY(call.take_rows());
  return affected;
}

}  // namespace

Result<std::vector<Affected>> Session::pipeline(std::span<const std::string> statements,
                                                const std::stop_token& stop) {
  std::vector<Affected> answers;
  answers.reserve(statements.size());
  std::optional<Error> first_error;
  Flight flight(*state_, statements, for_statements);
  while (!flight.is_over() && !state_->is_broken) {
    if (!first_error && flight.can_send()) {
      if (auto sent = flight.send(stop); !sent) first_error = std::move(sent).error();
      continue;
    }
    if (!flight.is_waiting()) break;  // after an error nothing more is sent
    auto answer = flight.read(stop, take_affected);
    if (answer) {
      answers.push_back(*std::move(answer));
    } else if (!first_error) {
      first_error = std::move(answer).error();
    }
  }
  if (first_error) return fail(std::move(*first_error));
  return answers;
}

Result<std::vector<Result<ResultTable>>> Session::query_all(std::span<const std::string> statements,
                                                            const std::stop_token& stop) {
  std::vector<Result<ResultTable>> answers;
  answers.reserve(statements.size());
  Flight flight(*state_, statements, for_questions);
  while (!flight.is_over()) {
    if (flight.can_send()) {
      TRY(flight.send(stop));
      continue;
    }
    answers.push_back(flight.read(stop, [](Call& call) { return call.take_rows(); }));
    if (state_->is_broken) return fail(std::move(answers.back()).error());
  }
  return answers;
}

}  // namespace tideway
