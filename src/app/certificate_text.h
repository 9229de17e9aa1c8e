#pragma once

#include <string>

#include "model/certificate.h"

namespace tideway {

// The certificate as a person reads it. With more than `tables_max` tables, proven ones are summed
// in one line; those that are not proven are always named.
std::string certificate_text(const Certificate& certificate, std::size_t tables_max = 200);

}  // namespace tideway
