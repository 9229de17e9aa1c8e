#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tideway {

// What a status that a job sent says, of which a person is shown something. Made of whatever line
// came: an older or newer version may have sent it.
struct JobStatus {
  std::string job, line, gist;     // gist: what in it counts as news
  std::vector<std::string> block;  // as the job's own screen shows it, without colours
};
JobStatus parse_job_status(std::string_view line);

// Several lines for a terminal: name, process, block, what it can be asked.
std::string job_text(std::string_view line);

// An `error` event as a person reads it; empty: it is another event.
std::string error_text(std::string_view line);

// The event that says of a job that it does not run.
std::string gone_line(const std::string& job);

}  // namespace tideway
