#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tideway {

enum class LogLevel : std::uint8_t { debug, info, warn, error };

// One fact of a log line. Secrets have no constructor here, and row values are not logged.
struct Field {
  template <typename T>
  Field(std::string_view field_name, const T& field_value)
      : name(field_name), value(fmt::format("{}", field_value)) {}
  std::string_view name;
  std::string value;
};

struct LogOptions {
  std::string file;  // empty: stderr; "-": stdout
  LogLevel level = LogLevel::info;
  bool json = false;
};

// Opens the process's log; call once, before threads. Without it warnings and errors go to stderr.
// [2024/01/02 03:04:05.678 +08:00] [INFO] ["constant sentence"] [key=value] ["key with
// blank"="value"]
Result<void> open_log(const LogOptions& options);
// Takes the lines that would go to stderr, so that they do not fall into a status block; an empty
// function gives them back to it. Any thread; the one taken down is not running when this returns.
void redirect_stderr_log(std::function<void(const std::string& line)> taker);
bool log_is_on(LogLevel level);
void write_log(LogLevel level, std::string_view sentence,
               std::initializer_list<Field> fields = {});  // any thread

}  // namespace tideway

// A constant sentence and fields, formatted only if the level is on: LOG(info, "chunk done",
// {{"table", name}, {"rows", n}}).
#define LOG(level, sentence, ...)                                                            \
  do {                                                                                       \
    if (::tideway::log_is_on(::tideway::LogLevel::level))                                    \
      ::tideway::write_log(::tideway::LogLevel::level, sentence __VA_OPT__(, ) __VA_ARGS__); \
  } while (false)
