#pragma once

#include <tl/expected.hpp>
#include <utility>

#include "base/error.h"

namespace tideway {

// What touches a server, a disk, a network or somebody's input returns Result. The interface is
// std::expected's, so that a newer compiler makes the change a rename.
template <typename T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

namespace internal {
template <typename T>
T unwrap(Result<T>&& result) {
  return std::move(*result);
}
inline void unwrap(Result<void>&&) {}
}  // namespace internal

}  // namespace tideway

// Statement expressions: GCC and Clang both have them. The name is made unique so that one TRY may
// stand inside another.
#define TIDEWAY_JOIN_(a, b) a##b
#define TIDEWAY_JOIN(a, b) TIDEWAY_JOIN_(a, b)
#define TIDEWAY_TRY(name, context, ...)                                                    \
  __extension__({                                                                          \
    auto name = (__VA_ARGS__);                                                             \
    if (!name) return ::tl::unexpected<::tideway::Error>(std::move(name).error() context); \
    ::tideway::internal::unwrap(std::move(name));                                          \
  })

// The value of a Result, or return its error from the enclosing function.
#define TRY(...) TIDEWAY_TRY(TIDEWAY_JOIN(try_result_, __COUNTER__), , __VA_ARGS__)

// The same, saying what was being done.
#define TRY_DURING(what, ...) \
  TIDEWAY_TRY(TIDEWAY_JOIN(try_result_, __COUNTER__), .during(what), __VA_ARGS__)
