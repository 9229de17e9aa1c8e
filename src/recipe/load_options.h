#pragma once

#include <string>

#include "dumpfile/part_source.h"
#include "progress/job_progress.h"
#include "recipe/load.h"

namespace tideway::recipe {

// What a start of the job must share with the start that began it.
JobOptions job_options(const LoadOptions& options, const std::string& input,
                       const std::string& job);
PartSourceOptions source_options(const LoadOptions& options);

}  // namespace tideway::recipe
