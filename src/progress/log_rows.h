#pragma once

#include <cstdint>
#include <stop_token>

#include "base/result.h"
#include "mysql/session.h"
#include "progress/meta_session.h"

namespace tideway {

// What a takeover and a new beginning do to the rows of a job that follows a log; nothing where
// there are none. In a transaction of the caller. Private to the room.

// Fences the lanes and makes what they had done part of the base: waits for their transactions.
// TW802 if the job's row is not of this epoch any more.
Result<void> take_lanes(const MetaSession& control, std::uint64_t epoch, Session& session,
                        const std::stop_token& stop);

// Lane rows stay, with nothing in them.
Result<void> forget_log(const MetaSession& control, Session& session, const std::stop_token& stop);

}  // namespace tideway
