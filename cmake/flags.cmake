# tideway_flags: how our own code is compiled. Linked PRIVATE everywhere, so that nobody who uses a room inherits it;
# what the sanitizers need when linking still travels with a static library.
option(TIDEWAY_WARNINGS_ARE_ERRORS "Stop at the first warning" ON)
option(TIDEWAY_FUZZ "Build the libFuzzer targets (needs clang)" OFF)
set(TIDEWAY_SANITIZERS "" CACHE STRING "Value of -fsanitize= for our code, or empty")

add_library(tideway_flags INTERFACE)
target_compile_features(tideway_flags INTERFACE cxx_std_20)
target_compile_options(tideway_flags INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion)
if(TIDEWAY_WARNINGS_ARE_ERRORS)
  target_compile_options(tideway_flags INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # False in GCC 12 at -O2 wherever text is inserted into a std::string (its bug 105651).
  target_compile_options(tideway_flags INTERFACE -Wno-restrict)
endif()
target_link_libraries(tideway_flags INTERFACE Threads::Threads)

if(TIDEWAY_SANITIZERS)
  target_compile_options(tideway_flags INTERFACE
    -fsanitize=${TIDEWAY_SANITIZERS} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(tideway_flags INTERFACE -fsanitize=${TIDEWAY_SANITIZERS})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # The instrumentation hides from GCC 12 what it needs to know for this one: every report seen was false.
    target_compile_options(tideway_flags INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()

# Worktrees and fresh clones of the same sources share one cache: paths below the source directory count as relative.
find_program(TIDEWAY_CCACHE ccache)
if(TIDEWAY_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
    env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${TIDEWAY_CCACHE})
endif()
