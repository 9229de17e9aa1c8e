# add_room, add_program, room_tests, room_test_helpers, add_fuzz_target: every target of this project is made by one of these.

# tideway_room_number(OUT ROOM): the number of a room, or a configure error for a name that cmake/rooms.cmake does not have.
function(tideway_room_number out room)
  foreach(entry IN LISTS TIDEWAY_ROOMS)
    if(entry MATCHES "^${room}:([0-9]+)$")
      set(${out} ${CMAKE_MATCH_1} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "'${room}' is no room: cmake/rooms.cmake does not list it")
endfunction()

# tideway_refuse_leftovers(WHO PREFIX): a misspelt keyword must not silently become a file name or vanish.
macro(tideway_refuse_leftovers who prefix)
  if(${prefix}_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "${who}: what is '${${prefix}_UNPARSED_ARGUMENTS}'?")
  endif()
endmacro()

# add_room(NAME HEADERS … SOURCES … USES rooms… LIBS private targets… PUBLIC_LIBS targets its headers need…)
# makes the static library tideway_NAME, alias tideway::NAME. Paths are relative to src/NAME; includes start at src/
# ("base/error.h"). No globs: a file that is not listed is not built.
function(add_room name)
  cmake_parse_arguments(room "" "" "HEADERS;SOURCES;USES;LIBS;PUBLIC_LIBS" ${ARGN})
  tideway_refuse_leftovers("add_room(${name})" room)
  tideway_room_number(number ${name})
  foreach(used IN LISTS room_USES)
    tideway_room_number(used_number ${used})
    if(used_number GREATER number OR used STREQUAL name)
      message(FATAL_ERROR "add_room(${name}): USES ${used}, but room ${name} is ${number} and ${used} is ${used_number}")
    endif()
  endforeach()

  # Only .h files stand alone; an X-macro list (.def) is part of whoever includes it.
  set(headers ${room_HEADERS})
  list(FILTER headers INCLUDE REGEX "\\.h$")
  set(lists ${room_HEADERS})
  list(FILTER lists EXCLUDE REGEX "\\.h$")

  add_library(tideway_${name} STATIC ${room_SOURCES} ${lists})
  add_library(tideway::${name} ALIAS tideway_${name})
  set_target_properties(tideway_${name} PROPERTIES LINKER_LANGUAGE CXX VERIFY_INTERFACE_HEADER_SETS ON)
  target_sources(tideway_${name}
    PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/src FILES ${headers})
  # PUBLIC, because the header check compiles with the interface's requirements only.
  target_compile_features(tideway_${name} PUBLIC cxx_std_20)
  list(TRANSFORM room_USES PREPEND tideway::)
  target_link_libraries(tideway_${name}
    PUBLIC ${room_USES} ${room_PUBLIC_LIBS}
    PRIVATE ${room_LIBS} tideway_flags)
endfunction()

# add_program(NAME SOURCES … USES rooms… LIBS targets…): an executable in build/PRESET/bin, installed.
function(add_program name)
  cmake_parse_arguments(program "" "" "SOURCES;USES;LIBS" ${ARGN})
  tideway_refuse_leftovers("add_program(${name})" program)
  add_executable(${name} ${program_SOURCES})
  list(TRANSFORM program_USES PREPEND tideway::)
  target_link_libraries(${name} PRIVATE ${program_USES} ${program_LIBS} tideway_flags)
  install(TARGETS ${name} RUNTIME)
endfunction()

# room_test_helpers(ROOM sources… [LIBS …]): tideway_testing_ROOM, for the tests of ROOM and of rooms above it (scripted
# sessions, builders of packets). Reached as HELPERS ROOM in room_tests, included as "ROOM/file.h" from tests/.
function(room_test_helpers room)
  cmake_parse_arguments(helpers "" "" "LIBS" ${ARGN})
  if(NOT BUILD_TESTING)
    return()
  endif()
  add_library(tideway_testing_${room} STATIC ${helpers_UNPARSED_ARGUMENTS})
  set_target_properties(tideway_testing_${room} PROPERTIES LINKER_LANGUAGE CXX)
  target_link_libraries(tideway_testing_${room} PUBLIC tideway::${room} tideway_testing ${helpers_LIBS} PRIVATE tideway_flags)
endfunction()

# room_tests(ROOM sources… [USES rooms…] [HELPERS rooms…] [LIBS …]): test_ROOM, each of its GoogleTest cases a ctest test labelled ROOM.
function(room_tests room)
  cmake_parse_arguments(tests "" "" "USES;HELPERS;LIBS" ${ARGN})
  if(NOT BUILD_TESTING)
    return()
  endif()
  add_executable(test_${room} ${tests_UNPARSED_ARGUMENTS})
  list(TRANSFORM tests_USES PREPEND tideway::)
  list(TRANSFORM tests_HELPERS PREPEND tideway_testing_)
  target_link_libraries(test_${room} PRIVATE
    tideway::${room} ${tests_USES} ${tests_HELPERS} tideway_testing ${tests_LIBS} GTest::gtest_main tideway_flags)
  # Asked when ctest runs, not when the binary is linked: a build must not depend on running what it built.
  gtest_discover_tests(test_${room}
    TEST_PREFIX ${room}.
    DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS ${room} TIMEOUT 120)
endfunction()

# add_fuzz_target(NAME ROOM file.cc): fuzz_NAME with libFuzzer; does nothing outside the fuzz preset.
function(add_fuzz_target name room source)
  if(NOT TIDEWAY_FUZZ)
    return()
  endif()
  add_executable(fuzz_${name} ${source})
  target_link_libraries(fuzz_${name} PRIVATE tideway::${room} tideway_flags)
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  set_property(GLOBAL APPEND PROPERTY TIDEWAY_FUZZ_TARGETS fuzz_${name})
endfunction()
