#include "app/live_block.h"

#include <sys/ioctl.h>

#include <utility>

namespace tideway {

std::string LiveBlock::erase() {
  const std::size_t drawn = std::exchange(drawn_, 0);
  if (drawn == 0) return "";
  return (drawn > 1 ? "\r\x1b[" + std::to_string(drawn - 1) + "A" : "\r") + "\x1b[J";
}

std::string LiveBlock::draw(const std::string& above, std::vector<std::string> lines,
                            std::size_t terminal_lines) {
  std::string text = erase() + above;
  if (lines.size() >= terminal_lines) lines.resize(terminal_lines > 1 ? terminal_lines - 1 : 1);
  for (const std::string& line : lines) {
    text += (drawn_ == 0 ? "" : "\n") + line;
    ++drawn_;
  }
  return text;
}

TerminalSize terminal_size(int descriptor) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
    return {};
  return {size.ws_col, size.ws_row};
}

}  // namespace tideway
