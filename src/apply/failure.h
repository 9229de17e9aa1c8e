#pragma once

#include <cstdint>

#include "base/error.h"

namespace tideway {

// What a writer does about an error of its target.
enum class Failure : std::uint8_t {
  fenced,     // stop: the job belongs to somebody else
  duplicate,  // find the row, fail with TW801
  row,        // find the row, fail with TW800 (or TW305: it is too large)
  again,      // roll back and try again: deadlock, lock wait, write conflict
  lost,       // the connection is gone: open another, find out what was decided
  busy,       // short of memory or overloaded: smaller batches, fewer writers, again
  space,      // its disk is full: wait until it is not
  fatal,      // anything else: fail with it
};
Failure failure_of(const Error& error);

}  // namespace tideway
