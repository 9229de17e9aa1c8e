#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "progress/meta_session.h"

namespace tideway {

struct JobOptions;

// What a job's row said when this process took the job. Private to the room.
struct JobClaim {
  std::uint64_t epoch = 0;  // ours
  std::string state = "new", position, certificate;
};

// Takes the job (the steps of JobProgress::open) over a control that owns nothing yet.
Result<JobClaim> claim_job(MetaSession& control, const JobOptions& options,
                           const std::stop_token& stop);

// The first line of `name=value` settings in which two texts differ, as "name was a, is b"; empty:
// none.
std::string first_difference(const std::string& was, const std::string& is);

}  // namespace tideway
