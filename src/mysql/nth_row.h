#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mysql/session.h"

namespace tideway {

// The cells of row `n` (1: the first) of what a SELECT in an order gives; nullopt: it has fewer
// rows. This is how keys are counted off: the bound of a range is the key of its last row. Fails
// with TW307 when a cell is NULL, for no key has one.
Result<std::optional<std::vector<std::string>>> nth_row(Session& session, std::string_view select,
                                                        std::uint64_t n,
                                                        const std::stop_token& stop);

}  // namespace tideway
