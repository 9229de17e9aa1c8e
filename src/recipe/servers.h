#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "model/common_options.h"
#include "mysql/endpoint.h"
#include "mysql/session.h"

namespace tideway::recipe {

// Where the options say a server is, with its password found. TW100 when nothing says where it is.
Result<Endpoint> endpoint_of(const ServerOptions& options, Side side, const std::stop_token& stop);

// TW100 when both sessions are with one server: a copy into itself would write into the tables that
// it reads. Servers that do not name themselves (server_uuid) pass.
Result<void> refuse_one_server(Session& source, Session& target, const std::stop_token& stop);

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
