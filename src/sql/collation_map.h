#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sql/rewrite.h"

namespace tideway {

// The collation that a target has for one of the source. Part of rewrite.h.
struct MappedCollation {
  std::string charset, collation;  // as the target spells them
  std::string why;                 // empty: it is the same collation under the same name
};

// `charset` is that of the collation where the collation's name does not say it. Without lists in
// `target` the collation stays as it is.
MappedCollation map_collation(std::string_view charset, std::string_view collation,
                              const TargetTraits& target);

// Would the target give a column of this character set, and no COLLATE, the collation that the
// source gave it?
bool defaults_to(std::string_view charset, std::string_view collation, const TargetTraits& target);

}  // namespace tideway
