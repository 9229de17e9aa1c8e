// Many statements on the wire at once.
#include <optional>

#include "mysql/session_state.h"

namespace tideway {
namespace {

// In flight: the server stops reading when nobody reads its answers, and then we would wait to send
// for ever. Answers are some tens of bytes, so statements of this size leave far fewer bytes of
// answers than either socket buffer holds.
constexpr std::size_t flight_bytes = 256 * 1024, flight_statements = 256;

// For questions the answers may be of any size, so what is sent must fit the server's receive
// buffer whole: then sending never waits for reading.
constexpr std::size_t question_bytes = 32 * 1024, question_statements = 128;

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

Result<std::vector<Result<ResultTable>>> Session::query_all(std::span<const std::string> statements,
                                                            const std::stop_token& stop) {
  std::vector<Result<ResultTable>> answers;
  answers.reserve(statements.size());
  std::size_t sent = 0, bytes = 0;
  while (answers.size() < statements.size()) {
    const std::size_t read = answers.size();
    const bool is_wanted = sent < statements.size();
    const bool has_room =
        is_wanted && (sent == read || (bytes + statements[sent].size() <= question_bytes &&
                                       sent - read < question_statements));
    if (has_room) {
      Call call(*state_, statements[sent], stop);
      TRY(call.send(statements[sent]));
      bytes += statements[sent++].size();
      continue;
    }
    Call call(*state_, statements[read], stop);
    auto answer = call.read_answer().and_then([&call] { return call.take_rows(); });
    if (state_->is_broken) return fail(std::move(answer).error());
    bytes -= statements[read].size();
    answers.push_back(std::move(answer));
  }
  return answers;
}

}  // namespace tideway
