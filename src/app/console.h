#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "app/status_screen.h"
#include "base/guarded.h"
#include "flow/status.h"
#include "model/certificate.h"
#include "model/common_options.h"
#include "operate/control_server.h"
#include "recipe/assess.h"
#include "recipe/plan.h"

namespace tideway {

// What a command says to whoever started it: results on standard output, progress and errors on
// standard error; with
// --json everything on standard output as events. One for the process; any thread may call note()
// and warn().
class Console {
 public:
  Console() = default;
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  // Opens the log, listens for operators once the board is told the job's name, and begins to show
  // the board as the options say. Without it the console is plain, for commands that only print.
  Result<void> open(const CommonOptions& options, const std::string& command);

  StatusBoard& board() { return board_; }
  void print(std::string_view text);       // standard output, as it is; close() tells of a failure
  void note(std::string_view line);        // a line of progress
  void warn(const std::string& sentence);  // shown, and kept on the board for the certificate
  void report(const Error& error);
  void report(const Certificate& certificate);
  void report(const recipe::Plan& plan);
  void report(const recipe::AssessReport& report);
  // Asks a question on the terminal, before the first phase begins (nothing is drawn until then).
  // False also when there is no terminal, or the answer is not "yes".
  // TW106 when stop is requested meanwhile.
  Result<bool> confirm(const std::string& question, const std::stop_token& stop);
  // Ends the progress; call once, last. The code the process ends with: `code`, or environment when
  // all went well but the results could not be written.
  ExitCode close(ExitCode code);

 private:
  void end_screen();
  void keep_print_error(int error);
  bool put_event(const std::string& event);       // false: this is no --json
  bool put_last_event(const std::string& event);  // no status comes after it
  void listen(const std::string& command, const std::string& job);

  StatusBoard board_;
  Guarded<std::unique_ptr<StatusScreen>> screen_;  // the signal thread writes too
  std::unique_ptr<ControlServer> server_;          // of the thread that runs the command
  std::string last_error_;                         // an event, for those who watch
  int print_error_ = 0;
  bool is_json_ = false, is_quiet_ = false;  // set by open(), before other threads look
};

}  // namespace tideway
