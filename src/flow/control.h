#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "flow/gate.h"

namespace tideway {

// What an operator may ask of a running command: the recipe offers verbs for as long as it can do
// them, the operator asks (over the job's socket). Any thread. Outlives the offers.
class JobControl {
 public:
  // Short: sets something, and says in a sentence what will happen. Called under a lock: it offers
  // and asks nothing itself.
  using Handler = std::function<Result<std::string>(const std::string& argument)>;

  // Takes the verb down on destruction: its handler is not being called then and never is again.
  class Offer {
   public:
    Offer(JobControl* control, std::uint64_t number) : control_(control), number_(number) {}
    Offer(Offer&& other) noexcept
        : control_(std::exchange(other.control_, nullptr)), number_(other.number_) {}
    Offer& operator=(Offer&&) = delete;
    ~Offer();

   private:
    JobControl* control_;
    std::uint64_t number_;
  };
  // A later offer of a verb is the one that is asked, until it goes.
  [[nodiscard]] Offer offer(std::string verb, Handler handler);

  // TW116: the verb is not offered now; the message says what is. Else the handler's errors.
  Result<std::string> ask(const std::string& verb, const std::string& argument) const;
  std::vector<std::string> verbs() const;  // in order, each once

  // For FlowOptions: what pause, resume and readers are about.
  Gate& gate() { return gate_; }
  const Gate& gate() const { return gate_; }

 private:
  struct Offered {
    std::string verb;
    Handler handler;
    std::uint64_t number;
  };
  struct Offers {
    std::vector<Offered> all;
    std::uint64_t next = 0;
  };
  Guarded<Offers> offers_;
  Gate gate_;
};

// The verbs `pause`, `resume` and `readers` (how many may read at a time: a number, or "all"),
// about the control's gate.
[[nodiscard]] std::vector<JobControl::Offer> offer_gate(JobControl& control);

}  // namespace tideway
