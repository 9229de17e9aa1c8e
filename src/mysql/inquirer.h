#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "mysql/pool.h"

namespace tideway {

// Puts questions to one server that may simply be asked again, over sessions of a pool: opened when
// they are wanted, used again for the next question of whichever thread, and replaced when they are
// lost. Any thread; `most` questions are asked at a time, the others wait for their turn. Nothing
// may depend on what an earlier question left behind in a session, and a question asks no other one
// of the same inquirer, which may have no turn left for it.
class Inquirer {
 public:
  // `patience`: how long one question is asked again while its server is away or busy.
  Inquirer(Endpoint endpoint, std::size_t most, Duration patience, SessionOptions options = {})
      : pool_(std::move(endpoint), std::move(options), most), patience_(patience) {}

  // `question` (which takes a Session& and returns a Result) is put until it succeeds, as long as
  // its error says that it may be tried again. Otherwise its error is the result, `during` what is
  // asked; so is the last one when patience or a stop ends the pauses.
  template <typename Question>
  auto ask(const std::string& what, const std::stop_token& stop, Question&& question)
      -> std::invoke_result_t<Question&, Session&> {
    Backoff backoff;
    const Instant give_up = real_clock().now() + patience_;
    while (true) {
      auto answer = once(stop, question);
      if (answer) return answer;
      const Retry retry = answer.error().retry();
      const bool may_pass = retry == Retry::same_session || retry == Retry::new_session;
      if (!may_pass || real_clock().now() >= give_up || !real_clock().wait(backoff.next(), stop))
        return fail(std::move(answer).error().during(what));
      LOG(info, "a server is asked again", {{"for", what}, {"error", answer.error().to_line()}});
      ++asked_again_;
    }
  }

  // Asks once, for a question to two servers of which either may be lost: the loop is around both.
  // Who asks two always takes the same one first.
  template <typename Question>
  auto once(const std::stop_token& stop, Question&& question)
      -> std::invoke_result_t<Question&, Session&> {
    auto lease = TRY(pool_.take(stop));
    auto answer = question(*lease);
    if (!answer && answer.error().retry() == Retry::new_session) lease.condemn();
    return answer;
  }

  std::uint64_t asked_again() const { return asked_again_; }  // how often an answer was lost

 private:
  Pool pool_;
  const Duration patience_;
  std::atomic<std::uint64_t> asked_again_ = 0;
};

}  // namespace tideway
