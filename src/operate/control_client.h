#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "operate/run_dir.h"
#include "storage/local_file.h"

namespace tideway {

// The jobs of this account that have a file on this machine, running ones first, by name. Files of
// those that do not run are removed by asking. TW603: a place cannot be looked into.
Result<std::vector<RunDir::Found>> find_jobs();

// An operator's line to a running job. One thread.
class ControlClient {
 public:
  // TW117: the job does not run here.
  static Result<ControlClient> connect(const std::string& job);

  // TW116 and whatever else the job answers; TW117 when it ended before it answered; TW306 when it
  // does not answer in time (it was stopped with a signal). TW106.
  Result<std::string> ask(const std::string& verb, const std::string& argument,
                          const std::stop_token& stop);
  // The line of a status, with the same errors.
  Result<std::string> status(const std::stop_token& stop);
  // From then on next() gives a status whenever there is news, and the last lines of the job.
  Result<void> watch(const std::stop_token& stop);
  // nullopt: the job is gone. TW106.
  Result<std::optional<std::string>> next(const std::stop_token& stop);

 private:
  ControlClient(std::string job, FileHandle socket)
      : job_(std::move(job)), socket_(std::move(socket)) {}
  Result<void> say(const std::string& line, const std::stop_token& stop);
  Result<std::string> answer(const std::stop_token& stop);
  Result<std::optional<std::string>> line_until(Instant give_up, const std::stop_token& stop);

  std::string job_;
  FileHandle socket_;
  std::string unread_;
};

}  // namespace tideway
