#include "base/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <memory>
#include <utility>

#include "base/guarded.h"

namespace tideway {
namespace {

using Taker = std::function<void(const std::string&)>;

struct Log {
  std::shared_ptr<spdlog::logger> logger;
  bool json = false;
  bool is_stderr = true;
};

Guarded<Taker>& stderr_taker() {
  static Guarded<Taker> taker;
  return taker;
}

std::shared_ptr<spdlog::logger> make_logger(spdlog::sink_ptr sink) {
  auto logger = std::make_shared<spdlog::logger>("tideway", std::move(sink));
  logger->set_pattern("%v");
  logger->set_level(spdlog::level::trace);
  logger->flush_on(spdlog::level::info);
  return logger;
}

Log& the_log() {
  static Log log{make_logger(std::make_shared<spdlog::sinks::stderr_sink_mt>())};
  return log;
}

std::atomic<LogLevel> least_level = LogLevel::warn;

constexpr std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "DEBUG";
    case LogLevel::info:
      return "INFO";
    case LogLevel::warn:
      return "WARN";
    case LogLevel::error:
      return "ERROR";
  }
  return "ERROR";
}

// Quoted when it holds blanks, quotes, brackets, '=' or control characters; JSON's escapes inside.
void append_text(std::string& out, std::string_view text, bool always_quote) {
  const auto is_plain = [](unsigned char c) {
    return c > 0x20 && c != '"' && c != '=' && c != '[' && c != ']' && c != '\\' && c != 0x7F;
  };
  bool quote = always_quote || text.empty();
  for (const char c : text) quote = quote || !is_plain(static_cast<unsigned char>(c));
  if (!quote) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string time_text() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm local{};
  localtime_r(&seconds, &local);
  const long offset = local.tm_gmtoff / 60;
  return fmt::format("{:04}/{:02}/{:02} {:02}:{:02}:{:02}.{:03} {}{:02}:{:02}",
                     local.tm_year + 1900, local.tm_mon + 1, local.tm_mday, local.tm_hour,
                     local.tm_min, local.tm_sec, ms, offset < 0 ? '-' : '+', std::abs(offset) / 60,
                     std::abs(offset) % 60);
}

std::string text_line(LogLevel level, std::string_view sentence,
                      std::initializer_list<Field> fields) {
  std::string line = fmt::format("[{}] [{}] [", time_text(), name_of(level));
  append_text(line, sentence, true);
  line += ']';
  for (const Field& field : fields) {
    line += " [";
    append_text(line, field.name, false);
    line += '=';
    append_text(line, field.value, false);
    line += ']';
  }
  return line;
}

std::string json_line(LogLevel level, std::string_view sentence,
                      std::initializer_list<Field> fields) {
  std::string line = "{\"level\":";
  append_text(line, name_of(level), true);
  line += ",\"time\":";
  append_text(line, time_text(), true);
  line += ",\"message\":";
  append_text(line, sentence, true);
  for (const Field& field : fields) {
    line += ',';
    append_text(line, field.name, true);
    line += ':';
    append_text(line, field.value, true);
  }
  return line + '}';
}

}  // namespace

Result<void> open_log(const LogOptions& options) {
  Log& log = the_log();
  const std::filesystem::path folder = std::filesystem::path(options.file).parent_path();
  std::error_code ignored;
  if (!folder.empty() && !std::filesystem::is_directory(folder, ignored)) {
    Evidence evidence;
    evidence.statement = "mkdir -p " + folder.string();
    return fail(Error(ErrorCode::storage_write, Side::local, Retry::after_operator,
                      std::move(evidence),
                      fmt::format("the log file {} cannot be opened: there is no directory {}",
                                  options.file, folder.string())));
  }
  try {
    if (options.file == "-") {
      log.logger = make_logger(std::make_shared<spdlog::sinks::stdout_sink_mt>());
    } else if (options.file.empty()) {
      log.logger = make_logger(std::make_shared<spdlog::sinks::stderr_sink_mt>());
    } else {
      log.logger = make_logger(std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.file));
    }
  } catch (const spdlog::spdlog_ex& error) {
    return fail(
        Error(ErrorCode::storage_write, Side::local, Retry::after_operator,
              fmt::format("the log file {} cannot be opened: {}", options.file, error.what())));
  }
  log.json = options.json;
  log.is_stderr = options.file.empty();
  least_level = options.level;
  return {};
}

bool log_is_on(LogLevel level) { return level >= least_level.load(std::memory_order_relaxed); }

void redirect_stderr_log(Taker taker) {
  stderr_taker().with([&taker](Taker& current) { current = std::move(taker); });
}

void write_log(LogLevel level, std::string_view sentence, std::initializer_list<Field> fields) {
  const Log& log = the_log();
  const std::string line =
      log.json ? json_line(level, sentence, fields) : text_line(level, sentence, fields);
  const bool is_taken = log.is_stderr && stderr_taker().with([&line](const Taker& taker) {
    if (taker) taker(line);
    return static_cast<bool>(taker);
  });
  if (!is_taken) log.logger->info(line);
}

}  // namespace tideway
