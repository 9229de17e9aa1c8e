#pragma once

#include <cstdint>
#include <string>

#include "base/option_table.h"

namespace tideway::recipe {

enum class VerifyWhen : std::uint8_t { continuously, at_end, never };

// How following a log is watched over and ends; of every recipe that follows one.
struct FollowingOptions {
  std::string until;  // empty: until a cutover or a stop
  VerifyWhen verify = VerifyWhen::continuously;
  std::uint32_t verify_share = 25;  // percent of one session's time

  static const OptionTable<FollowingOptions>& table();
};

}  // namespace tideway::recipe
