#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "flow/status.h"

namespace tideway {

enum class ScreenStyle : std::uint8_t {
  live,   // a block at the bottom of the terminal, drawn anew twice a second once a phase has begun
  plain,  // a line every five seconds and at each new phase
  events,  // JSON, one object a line: docs/events.md
  silent,
};

// Shows a board to the operator from its construction to its destruction, in a thread of its own.
// Everything else that is written to the same terminal meanwhile must go through say(). Output that
// cannot be written is dropped, and write_error() says why: a job does not stop because nobody
// looks.
class StatusScreen {
 public:
  // `descriptor` is borrowed: stderr for live and plain, stdout for events.
  StatusScreen(const StatusBoard& board, std::string command, ScreenStyle style, int descriptor);
  ~StatusScreen();  // finishes
  StatusScreen(const StatusScreen&) = delete;
  StatusScreen& operator=(const StatusScreen&) = delete;

  // Ends the progress: the block is gone from the terminal, a last line or status stays in its
  // place. say() and event() still write. By the owner's thread; a second call does nothing.
  void finish();
  // A line of text above the block (an event "note" in that style). Any thread.
  void say(std::string_view line);
  // An event as it is; nothing in the other styles. Any thread.
  void event(const std::string& json_line);
  // Why something was dropped: the first errno, or 0.
  int write_error() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// live when the descriptor is a terminal that can move its cursor, else plain.
ScreenStyle usual_style(int descriptor);

}  // namespace tideway
