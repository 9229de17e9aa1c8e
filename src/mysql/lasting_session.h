#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "mysql/session.h"

namespace tideway {

// A session for questions that may simply be asked again: opened at the first one, and again when
// it was lost. One thread. Nothing may depend on what an earlier question left behind in the
// session.
class LastingSession {
 public:
  // `patience`: how long one question is asked again while its server is away or busy.
  LastingSession(Endpoint endpoint, Duration patience, SessionOptions options = {})
      : endpoint_(std::move(endpoint)), patience_(patience), options_(std::move(options)) {}

  // `ask` (which takes a Session& and returns a Result) is called until it succeeds, as long as its
  // error says that it may be tried again. Otherwise its error is the result, `during` what is
  // asked; so is the last one when patience or a stop ends the pauses.
  template <typename Ask>
  auto ask(const std::string& what, const std::stop_token& stop, Ask&& ask)
      -> std::invoke_result_t<Ask&, Session&> {
    Backoff backoff;
    const Instant give_up = real_clock().now() + patience_;
    while (true) {
      auto answer = once(stop, ask);
      if (answer) return answer;
      const Retry retry = answer.error().retry();
      const bool may_pass = retry == Retry::same_session || retry == Retry::new_session;
      if (!may_pass || real_clock().now() >= give_up || !real_clock().wait(backoff.next(), stop))
        return fail(std::move(answer).error().during(what));
      if (retry == Retry::new_session) session_.reset();
      LOG(info, "a server is asked again", {{"for", what}, {"error", answer.error().to_line()}});
      ++asked_again_;
    }
  }

  // Asks once, for a question to two servers of which either may be lost: the loop is around both.
  template <typename Ask>
  auto once(const std::stop_token& stop, Ask&& ask) -> std::invoke_result_t<Ask&, Session&> {
    if (!session_ || session_->is_broken())
      session_.emplace(TRY(Session::open(endpoint_, options_, stop)));
    return ask(*session_);
  }

  std::uint64_t asked_again() const { return asked_again_; }  // how often an answer was lost

 private:
  const Endpoint endpoint_;
  const Duration patience_;
  const SessionOptions options_;
  std::optional<Session> session_;
  std::uint64_t asked_again_ = 0;
};

}  // namespace tideway
