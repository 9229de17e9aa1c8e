#pragma once

#include <string>

#include "app/pace.h"
#include "flow/status.h"
#include "operate/status_sampler.h"

namespace tideway {

// What a running job says of itself to whoever asks at its socket: docs/control.md. One thread.
class JobReport {
 public:
  // The board outlives it.
  JobReport(const StatusBoard& board, std::string command, std::string job);
  Told status();

 private:
  const StatusBoard& board_;
  const std::string command_, job_, started_;
  Pace pace_;
};

}  // namespace tideway
