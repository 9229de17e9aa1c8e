#pragma once

#include <stop_token>

#include "assess/facts.h"
#include "base/result.h"
#include "mysql/session.h"

namespace tideway {

// Asks a target everything that the rules want to know of it. Abilities are tried: the database of
// the progress tables is made if it is not there (and stays, empty), a table of a name of its own
// is made, written and dropped in it, and a session of ours is ended. The error is a lost
// connection or a stop.
Result<TargetFacts> read_target(Session& session, const std::stop_token& stop);

}  // namespace tideway
