#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace tideway::internal {

void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(
      stderr,
      "%s:%d: CHECK(%s) does not hold; this is a defect of Tideway, the job can be started again\n",
      file, line, expression);
  std::abort();
}

}  // namespace tideway::internal
