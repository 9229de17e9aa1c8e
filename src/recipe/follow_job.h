#pragma once

#include <optional>
#include <stop_token>

#include "base/result.h"
#include "model/certificate.h"
#include "recipe/follow.h"
#include "recipe/following_options.h"
#include "recipe/live_verify.h"

namespace tideway::recipe {

// How following ended.
struct FollowedJob {
  Followed followed;
  bool is_cut_over = false;
  std::optional<LivePass> compared;  // where it ended; nullopt: nobody was to compare
  bool source_moved = false;         // while both sides were compared
};

// Follows the log until --until, a cutover or a stop, and compares both sides beside it and where
// it ends. TW106: stopped before the end.
Result<FollowedJob> follow_job(const FollowParts& parts, const FollowOptions& options,
                               const FollowingOptions& how, DigestStrength strength,
                               const std::stop_token& stop);

// What the certificate says of following: position, tables as they were compared, parked tables,
// what rules left out; ends it. After a cutover AUTO_INCREMENT counters are raised and the job is
// finished with it.
Result<void> conclude(Certificate& certificate, const FollowParts& parts, const FollowedJob& job,
                      const std::stop_token& stop);

// The certificate of a job that ended with a cutover: it follows nothing any more. TW804: it cannot
// be read.
Result<std::optional<Certificate>> cut_over_before(const JobProgress& job, StatusBoard& board);

}  // namespace tideway::recipe
