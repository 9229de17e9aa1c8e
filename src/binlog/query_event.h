#pragma once

#include <string_view>

#include "base/result.h"
#include "binlog/event.h"

namespace tideway {

// The body of a QUERY event. Status variables behind the first unknown one are not read: only that
// one could tell where they begin.
Result<QueryEvent> parse_query_event(const EventHeader& header, std::string_view body);

}  // namespace tideway
