#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"

namespace tideway {

// The terminal of whoever started the process, whatever standard input and output are. Questions
// are asked before anything is drawn there. One thread.
class Terminal {
 public:
  static std::optional<Terminal> open();  // nullopt: there is none
  Terminal(Terminal&& other) noexcept;
  Terminal& operator=(Terminal&&) = delete;
  ~Terminal();

  enum class Echo : std::uint8_t { on, off };  // off: what is typed is not shown
  // The line typed after `question`, without its end. nullopt: the input ended instead (Ctrl-D).
  // TW106 at once when stop is requested. The terminal is afterwards as it was.
  Result<std::optional<std::string>> ask(const std::string& question, Echo echo,
                                         const std::stop_token& stop);

 private:
  explicit Terminal(int descriptor) : descriptor_(descriptor) {}
  Result<std::optional<std::string>> read_line(const std::stop_token& stop) const;
  int descriptor_;
};

}  // namespace tideway
