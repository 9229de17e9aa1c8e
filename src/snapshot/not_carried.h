#pragma once

#include <span>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "model/table_filter.h"
#include "mysql/session.h"
#include "snapshot/object_list.h"

namespace tideway {

// Counts and names what no job carries over. What may not be asked is logged and stays empty; the
// error is a lost connection or a stop.
Result<ObjectList::NotCarried> list_not_carried(Session& session, const TableFilter& filter,
                                                std::span<const ListedDatabase> databases,
                                                const std::stop_token& stop);

// ('a','b') for IN; ('') when there is none.
std::string name_list(std::span<const ListedDatabase> databases);

}  // namespace tideway
