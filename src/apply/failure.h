#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"

namespace tideway {

// What a writer does about an error of its target.
enum class Failure : std::uint8_t {
  fenced,     // stop: the job belongs to somebody else
  duplicate,  // find the row, fail with TW801
  row,        // find the row, fail with TW800
  again,      // roll back and try again: deadlock, lock wait, write conflict
  lost,       // the connection is gone: open another, find out what was decided
  busy,       // short of memory or overloaded: smaller batches, fewer writers, again
  space,      // its disk is full: wait until it is not
  fatal,      // anything else: fail with it
};
Failure classify(const Error& error);

// The column a server's text names ("Data too long for column 'c' at row 1"), or empty.
std::string column_named_in(const std::string& server_text);

}  // namespace tideway
