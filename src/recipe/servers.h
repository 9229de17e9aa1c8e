#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "model/common_options.h"
#include "mysql/endpoint.h"

namespace tideway::recipe {

// Where the options say a server is, with its password found. TW100 when nothing says where it is.
Result<Endpoint> endpoint_of(const ServerOptions& options, Side side);

// The job's name: --job, or one made from both ends, so that the same command is the same job.
std::string job_name(const CommonOptions& options, const std::string& recipe,
                     const std::string& source, const std::string& target);

// What one thread may hold of --memory besides an oversize row: with many threads and little
// memory, blocks and statements are smaller than usual, so that the largest row still fits beside
// them.
std::uint64_t share_of(const CommonOptions& options);
std::uint32_t block_bytes(const CommonOptions& options);

// Of `name=value` lines; the same on every machine and version.
std::string settings_hash(const std::string& settings);

}  // namespace tideway::recipe
