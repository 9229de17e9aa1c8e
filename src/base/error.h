#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tideway {

enum class ErrorCode : std::uint16_t {
#define TIDEWAY_ERROR(number, name, sentence, advice) name = number,
#include "base/error_codes.def"
#undef TIDEWAY_ERROR
};

// The first thing an operator asks: whose fault is it.
enum class Side : std::uint8_t { source, target, local };

// What may be tried after the error. Decided where the cause is known, never from text later.
enum class Retry : std::uint8_t { never, same_session, new_session, after_operator };

// What was seen, for the person who reads the error. Empty fields were not known or do not apply.
struct Evidence {
  std::uint32_t server_errno = 0;
  std::string server_text;
  std::string table;  // `db`.`table`
  std::string column;
  std::string key;       // the row's key as SQL literals
  std::string position;  // a place in a log, or file:byte, or file:line:column
  std::string
      statement;  // the command to type next, where it can be spelt out exactly (a GRANT, an ALTER)
};

// One row of error_codes.def.
struct ErrorPage {
  ErrorCode code;
  std::string_view name, sentence, advice;
};
const std::vector<ErrorPage>& error_pages();  // ascending by number
const ErrorPage& error_page(ErrorCode code);

// Why something in the world failed: a value, returned and never thrown. It says whose side failed,
// what may be tried again, what was seen and, through its code, what to do next.
class Error {
 public:
  Error(ErrorCode code, Side side, Retry retry, Evidence evidence, std::string message);
  Error(ErrorCode code, Side side, Retry retry, std::string message);

  // Adds what was being done ("reading chunk 17 of shop.orders"): outermost first when printed,
  // never parsed.
  Error during(std::string_view what) &&;
  Error with_evidence(Evidence evidence) &&;

  ErrorCode code() const { return code_; }
  Side side() const { return side_; }
  Retry retry() const { return retry_; }
  const Evidence& evidence() const { return evidence_; }
  const std::string& message() const { return message_; }
  const std::vector<std::string>& context() const { return context_; }

  // One line: `TW301 missing_privilege (source): while …: message [server 1142: text]`.
  std::string to_line() const;
  // Several lines for a terminal: the line above, the evidence, `next:` with the command to type.
  std::string to_report() const;

 private:
  ErrorCode code_;
  Side side_;
  Retry retry_;
  Evidence evidence_;
  std::string message_;
  std::vector<std::string> context_;  // innermost first
};

std::string_view to_text(Side side);
std::string_view to_text(Retry retry);
std::string to_text(ErrorCode code);  // "TW301"

}  // namespace tideway
