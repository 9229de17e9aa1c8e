#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tideway {

// Lines at the bottom of a terminal that are drawn anew over themselves. Makes the text that does
// it; whoever has the terminal writes it. One thread.
class LiveBlock {
 public:
  // Erases what was drawn. A terminal made narrower may have wrapped the lines or cut them: the
  // block is taken to have as many rows as lines, so that what stands above it is never erased.
  std::string erase();
  // Erases, writes `above` (whole lines), draws; never more lines than the terminal has.
  std::string draw(const std::string& above, std::vector<std::string> lines,
                   std::size_t terminal_lines);

 private:
  std::size_t drawn_ = 0;  // lines on the terminal; the cursor stands behind the last
};

struct TerminalSize {
  std::size_t columns = 80, lines = 24;
};
TerminalSize terminal_size(int descriptor);

}  // namespace tideway
