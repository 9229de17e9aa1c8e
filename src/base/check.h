#pragma once

namespace tideway::internal {
[[noreturn]] void check_failed(const char* expression, const char* file, int line);
}

// A programmer's mistake ends the process, in every build: going on would risk somebody's rows.
#define CHECK(condition)        \
  (static_cast<bool>(condition) \
       ? static_cast<void>(0)   \
       : ::tideway::internal::check_failed(#condition, __FILE__, __LINE__))
