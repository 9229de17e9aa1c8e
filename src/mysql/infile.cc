// LOAD DATA LOCAL INFILE from memory.
#include <optional>

#include "mysql/session_state.h"

namespace tideway {
namespace {

// What the library's four callbacks share. It hands over buffers of 4 KiB; the server takes what
// comes.
struct Feed {
  const InfileProducer& producer;
  MYSQL* mysql;
  Call& call;
  std::optional<Error> error;
};

int feed_open(void** handle, const char* /*name*/, void* feed) {
  *handle = feed;
  static_cast<Feed*>(feed)->call.set_sending(true);
  return 0;
}

int feed_read(void* handle, char* buffer, unsigned size) {
  auto* feed = static_cast<Feed*>(handle);
  auto count = feed->producer(std::span<char>(buffer, size));
  if (count) return static_cast<int>(*count);
  // The library would now tell the server that the file ended here, and the server would keep the
  // rows so far. Without that word, and without a connection, it cannot commit them.
  feed->error = std::move(count).error();
  cut(feed->mysql);
  return -1;
}

void feed_close(void* handle) {
  auto* feed = static_cast<Feed*>(handle);
  if (!feed->error) feed->call.set_sending(false);
}

int feed_error(void* /*handle*/, char* text, unsigned size) {
  constexpr std::string_view sentence = "the rows to load ended with an error";
  text[sentence.copy(text, size - 1)] = '\0';
  return 2000;
}

int refuse_open(void** handle, const char* /*name*/, void* /*nothing*/) {
  *handle = nullptr;
  return 1;
}
int refuse_read(void* /*handle*/, char* /*buffer*/, unsigned /*size*/) { return -1; }
void refuse_close(void* /*handle*/) {}
int refuse_error(void* /*handle*/, char* text, unsigned size) {
  constexpr std::string_view sentence = "the server asked for a file that nobody offered";
  text[sentence.copy(text, size - 1)] = '\0';
  return 2000;
}

}  // namespace

void refuse_files(MYSQL* mysql) {
  mysql_set_local_infile_handler(mysql, refuse_open, refuse_read, refuse_close, refuse_error,
                                 nullptr);
}

Result<Affected> Session::load_infile(std::string_view sql, const InfileProducer& producer,
                                      const std::stop_token& stop) {
  Call call(*state_, sql, stop);
  TRY(call.ready());
  Feed feed{producer, state_->mysql(), call, std::nullopt};
  mysql_set_local_infile_handler(state_->mysql(), feed_open, feed_read, feed_close, feed_error,
                                 &feed);
  auto answer = call.send(sql);
  if (answer) answer = call.read_answer();
  refuse_files(state_->mysql());
  if (feed.error) {
    abandon(*state_);
    call.set_sending(false);
    return fail(std::move(*feed.error));
  }
  if (!answer) return fail(std::move(answer).error());
  Affected affected = call.affected();
  TRY(call.drain());
  return affected;
}

}  // namespace tideway
