#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "app/pace.h"

namespace tideway {

struct BlockStyle {
  std::size_t columns = 80;
  bool colour = true;
  bool unicode = true;  // else the bar is made of # and -
};

// The live status block, line by line, none wider than the style's columns. Pure.
std::vector<std::string> status_block(const Figures& figures, std::string_view command,
                                      std::string_view warning, const BlockStyle& style);

// The same on one line, for a log or a pipe.
std::string status_line(const Figures& figures);

// "45s", "12m", "3h20m", "2d4h": as exact as an estimate may look.
std::string rough_duration(Duration duration);

// What of the text fits, ending in … (or ~) when something was cut; counts UTF-8 characters, one
// column each.
std::string cut_to(std::string_view text, std::size_t columns, bool unicode);
std::size_t columns_of(std::string_view text);

}  // namespace tideway
