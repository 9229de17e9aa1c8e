#pragma once

#include <string>

#include "base/guarded.h"

namespace tideway {

// Whether a server answered when a session to it was last wanted: what a status block says while
// everything waits for one to come back. Every Session::open() to an endpoint that carries one
// tells it. Any thread.
class Reachability {
 public:
  void is_away(std::string why) {
    why_.with([&](std::string& current) { current = std::move(why); });
  }
  void is_back() {
    why_.with([](std::string& current) { current.clear(); });
  }
  // Why it could not be reached; empty: it could, or nobody tried.
  std::string why_away() const {
    return why_.with([](const std::string& current) { return current; });
  }

 private:
  Guarded<std::string> why_;
};

}  // namespace tideway
