#pragma once

#include <span>
#include <vector>

#include "apply/schema.h"
#include "base/result.h"
#include "model/certificate.h"
#include "route/router.h"
#include "snapshot/object_list.h"

namespace tideway::recipe {

// A table under the name and with the columns that its route says.
TableToMake to_make(const TablePtr& table, const Route& route);
// All of a job. Errors: Router::routes()'.
Result<std::vector<TableToMake>> route_tables(const Router& router,
                                              std::span<const TablePtr> tables);

// The databases under the target's names, with those that only a table's route names.
Result<std::vector<DatabaseToMake>> route_databases(const Router& router,
                                                    std::span<const DatabaseToMake> databases,
                                                    std::span<const TableToMake> tables);

// Views, whose text names tables as the source does: where any table is moved none is made, and the
// certificate says so.
std::vector<ViewToMake> route_views(std::vector<ViewToMake> views,
                                    std::span<const TableToMake> tables, Certificate& certificate);

}  // namespace tideway::recipe
