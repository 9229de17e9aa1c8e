#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "flow/control.h"
#include "operate/run_dir.h"
#include "operate/status_sampler.h"

namespace tideway {

// What the server lets others say in the job's name, as events of docs/events.md.
struct JobVoice {
  std::function<Told()> status;  // by one thread; may be slow, the server does not wait for it
  std::function<std::string(const Error&)> error;  // an `error` event; any thread
};

// Answers operators of one job at its socket (docs/control.md), in a thread of its own, within 50
// ms whatever the job does. Any number of clients up to a bound; none of them can make it wait, or
// hold more of its memory than a bound.
class ControlServer {
 public:
  // Waiting for the name while another process of this machine has it, it begins to listen as soon
  // as that one is gone.
  static constexpr std::size_t clients_max = 64;

  // `control` outlives it.
  ControlServer(RunDir directory, std::string job, const JobControl& control, JobVoice voice);
  // Removes the socket.
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  // Once. TW108 when another process has the name now; TW603 when there can be no socket: then it
  // is not tried again.
  Result<void> start();
  // Tells those who watch `lines`, as the last they hear, and ends. A client that does not read
  // them is waited for half a second.
  void end(const std::vector<std::string>& lines);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tideway
