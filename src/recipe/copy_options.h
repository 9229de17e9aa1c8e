#pragma once

#include <string>

#include "progress/job_progress.h"
#include "recipe/copy.h"

namespace tideway::recipe {

// What a start of the job must share with the start that began it.
JobOptions job_options(const CopyOptions& options, const std::string& job);

}  // namespace tideway::recipe
