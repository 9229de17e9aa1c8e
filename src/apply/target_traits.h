#pragma once

#include <stop_token>

#include "base/result.h"
#include "mysql/session.h"
#include "sql/rewrite.h"

namespace tideway {

// What rewriting a definition has to know of a target, asked of it.
Result<TargetTraits> target_traits(Session& session, const std::stop_token& stop);

}  // namespace tideway
