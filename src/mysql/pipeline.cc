// Many statements on the wire at once.
#include <optional>

#include "mysql/session_state.h"

namespace tideway {
namespace {

// In flight: the server stops reading when nobody reads its answers, and then we would wait to send
// for ever. Answers are some tens of bytes, so statements of this size leave far fewer bytes of
// answers than either socket buffer holds.
constexpr std::size_t flight_bytes = 256 * 1024, flight_statements = 256;

}  // namespace

Result<std::vector<Affected>> Session::pipeline(std::span<const std::string> statements,
                                                const std::stop_token& stop) {
  std::vector<Affected> answers;
  answers.reserve(statements.size());
  std::optional<Error> first_error;
  std::size_t sent = 0, read = 0, bytes = 0;
  while (read < statements.size()) {
    const bool has_room =
        sent == read ||
        (bytes + (sent < statements.size() ? statements[sent].size() : 0) <= flight_bytes &&
         sent - read < flight_statements);
    if (!first_error && sent < statements.size() && has_room) {
      Call call(*state_, statements[sent], stop);
      if (auto result = call.send(statements[sent]); !result) {
        first_error =
            std::move(result)
                .error();  // nothing more is sent; what was, is still read when the session lives
        if (state_->is_broken) break;
        continue;
      }
      bytes += statements[sent++].size();
      continue;
    }
    if (read == sent) break;
    const std::string& statement = statements[read++];
    bytes -= statement.size();
    Call call(*state_, statement, stop);
    auto answer = call.read_answer();
    if (answer) answers.push_back(call.affected());
    if (answer) answer = call.take_rows().map([](const ResultTable&) {});
    if (!answer && !first_error) first_error = std::move(answer).error();
    if (state_->is_broken) break;
  }
  if (first_error) return fail(std::move(*first_error));
  return answers;
}

}  // namespace tideway
