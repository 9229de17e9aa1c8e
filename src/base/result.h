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

// The value of a Result, or return its error from the enclosing function. A statement expression:
// GCC and Clang both have it.
#define TRY(...)                                                                               \
  __extension__({                                                                              \
    auto try_result = (__VA_ARGS__);                                                           \
    if (!try_result) return ::tl::unexpected<::tideway::Error>(std::move(try_result).error()); \
    ::tideway::internal::unwrap(std::move(try_result));                                        \
  })

// The same, saying what was being done.
#define TRY_DURING(what, ...)                                                                \
  __extension__({                                                                            \
    auto try_result = (__VA_ARGS__);                                                         \
    if (!try_result) {                                                                       \
      return ::tl::unexpected<::tideway::Error>(std::move(try_result).error().during(what)); \
    }                                                                                        \
    ::tideway::internal::unwrap(std::move(try_result));                                      \
  })
