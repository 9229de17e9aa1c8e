#pragma once

#include <stop_token>
#include <vector>

#include "base/result.h"
#include "dumpfile/metadata.h"
#include "mysql/session.h"

namespace tideway::recipe {

// What the source itself follows, for `metadata`. Without the right to ask
// (REPLICATION CLIENT) it is empty, and logged.
Result<std::vector<DumpMetadata::Follower>> followers_of(Session& session,
                                                         const std::stop_token& stop);

}  // namespace tideway::recipe
