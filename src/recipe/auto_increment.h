#pragma once

#include <span>
#include <stop_token>
#include <vector>

#include "base/result.h"
#include "model/certificate.h"
#include "model/table_id.h"
#include "mysql/session.h"

namespace tideway::recipe {

struct CountedTable {
  TableId source, target;
};

// AUTO_INCREMENT counters of the target's tables are raised to the source's, where rows that are
// gone have used up numbers: no number is given twice. What was raised; a counter that is ahead
// stays.
Result<std::vector<Change>> raise_auto_increment(Session& source, Session& target,
                                                 std::span<const CountedTable> tables,
                                                 const std::stop_token& stop);

}  // namespace tideway::recipe
