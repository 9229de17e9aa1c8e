#include "mysql/log_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "mysql/server/servers.h"

namespace tideway {
namespace {

using ::testing::HasSubstr;
using ::tideway::testing::encrypted;
using ::tideway::testing::endpoint_of;
using ::tideway::testing::open_session;
using ::tideway::testing::TestDatabase;
using ::tideway::testing::value;

constexpr std::size_t header_bytes = 19, type_at = 4, flags_at = 17;
constexpr char rotate = 4, heartbeat = 27;

bool is_artificial(std::string_view event) { return (event[flags_at] & 0x20) != 0; }

std::string next_event(LogStream& stream) {
  const auto event = value(stream.next({}));
  return event ? std::string(*event) : std::string();
}

struct LogEnd {
  std::string file;
  std::uint64_t offset = 0;
};

LogEnd log_end(Session& session) {
  const ResultTable status = value(session.query(session.server().binlog_status_statement(), {}));
  return {*status.rows[0][0], std::stoull(*status.rows[0][1])};
}

// A new file of the log, which nobody else writes to.
std::string begin_file(Session& session) {
  value(session.execute("FLUSH BINARY LOGS", {}));
  return log_end(session).file;
}

// The file's bytes as the server keeps them.
std::string bytes_of_file(Session& session, const std::string& name) {
  const std::string base = *value(session.query_value("SELECT @@GLOBAL.log_bin_basename", {}));
  std::ifstream file(base.substr(0, base.rfind('/') + 1) + name, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return bytes;
}

class LogOf : public ::testing::TestWithParam<std::string> {
 protected:
  Endpoint endpoint() const {
    return GetParam().starts_with("TLS") ? encrypted(GetParam().substr(3))
                                         : endpoint_of(GetParam());
  }
};
INSTANTIATE_TEST_SUITE_P(Version, LogOf, ::testing::Values("80", "57", "TLS80"));

TEST_P(LogOf, is_the_file_byte_for_byte_with_events_of_any_size) {
  const TestDatabase database(GetParam(), "log_stream");
  Session session = open_session(GetParam());
  value(session.execute("CREATE TABLE log_stream.t (id INT PRIMARY KEY, b LONGBLOB)", {}));
  const std::string file = begin_file(session);
  for (int i = 0; i < 50; ++i) {
    value(session.execute("INSERT INTO log_stream.t VALUES (" + std::to_string(i) + ", 'x')", {}));
  }
  // Events that fill packets of 16 MiB to the byte, and one more or less: what stands around the
  // value is measured with a first one.
  constexpr std::size_t packet = 0xFFFFFF;
  value(session.execute("INSERT INTO log_stream.t VALUES (1000, REPEAT('y', 10000000))", {}));
  const std::string before = bytes_of_file(session, file);
  std::size_t around = 0;
  for (std::size_t at = 4; at + header_bytes <= before.size();) {
    std::uint32_t size = 0;
    std::memcpy(&size, &before[at + 9], sizeof size);
    if (size > 10'000'000) around = size - 10'000'000;
    at += size;
  }
  ASSERT_NE(around, 0U);
  int id = 1001;
  for (const std::size_t payload : {packet - 1, packet, packet + 1, 2 * packet}) {
    // The packet has one byte before the event.
    value(session.execute("INSERT INTO log_stream.t VALUES (" + std::to_string(id++) +
                              ", REPEAT('z', " + std::to_string(payload - 1 - around) + "))",
                          {}));
  }
  const std::string expected = bytes_of_file(session, file);

  LogStream stream =
      value(LogStream::open(endpoint(), {.file = file, .offset = 4, .ends = true}, {}));
  std::string read =
      "\xfe"
      "bin";
  std::string event;
  while (!(event = next_event(stream)).empty()) {
    if (!is_artificial(event) && event[type_at] != heartbeat) read += event;
  }
  // The first event of a file tells in its flags that the file is being written; nothing sent has
  // it.
  std::string file_at_rest = expected;
  constexpr std::size_t in_use_at = 4 + flags_at;
  read[in_use_at] = file_at_rest[in_use_at];
  ASSERT_EQ(read.size(), expected.size());
  EXPECT_TRUE(read == file_at_rest);
  EXPECT_FALSE(value(stream.next({})).has_value());
}

TEST_P(LogOf, goes_on_from_an_offset_and_waits_with_heartbeats) {
  Session session = open_session(GetParam());
  const std::string file = begin_file(session);
  const LogEnd end = log_end(session);
  LogStream stream = value(LogStream::open(
      endpoint(), {.file = file, .offset = end.offset, .heartbeat = std::chrono::seconds(1)}, {}));
  const std::string first = next_event(stream);
  EXPECT_EQ(first[type_at], rotate);
  EXPECT_THAT(first, HasSubstr(file));
  std::string event;
  do {
    event = next_event(stream);
  } while (!event.empty() && event[type_at] != heartbeat);
  EXPECT_THAT(event, HasSubstr(file));
}

TEST_P(LogOf, that_is_waited_for_is_left_at_once_and_its_thread_on_the_server_ends) {
  Session session = open_session(GetParam());
  const LogEnd end = log_end(session);
  std::stop_source stop;
  auto stream = std::make_unique<LogStream>(
      value(LogStream::open(endpoint(), {.file = end.file, .offset = end.offset}, {})));
  const auto server_id = std::to_string(stream->server_id());
  while (value(session.query_value("SELECT COUNT(*) FROM information_schema.processlist WHERE "
                                   "command LIKE 'Binlog Dump%'",
                                   {})) == "0")
    std::this_thread::yield();
  std::jthread stopper([&] { stop.request_stop(); });
  while (true) {
    const auto event = stream->next(stop.get_token());
    if (event) continue;
    EXPECT_EQ(event.error().code(), ErrorCode::stopped);
    break;
  }
  stream.reset();
  // A server notices by itself only at its next heartbeat, in five seconds.
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(3);
  std::optional<std::string> left;
  do {
    left =
        value(session.query_value("SELECT COUNT(*) FROM information_schema.processlist WHERE "
                                  "command LIKE 'Binlog Dump%' AND state NOT LIKE '%illed%'",
                                  {}));
  } while (left != "0" && std::chrono::steady_clock::now() < limit);
  EXPECT_EQ(left, "0");
}

TEST_P(LogOf, says_what_is_wrong_with_a_place_that_is_not_there) {
  Session session = open_session(GetParam());
  const LogEnd end = log_end(session);
  const auto first_error = [&](const LogRequest& request) {
    LogStream stream = value(LogStream::open(endpoint(), request, {}));
    while (true) {
      const auto event = stream.next({});
      if (!event) return event.error();
      if (!*event) return Error(ErrorCode::internal, Side::local, Retry::never, "it has an end");
    }
  };
  const Error shorter =
      first_error({.file = end.file, .offset = end.offset + 100'000, .ends = true});
  EXPECT_EQ(shorter.code(), ErrorCode::log_differs) << shorter.to_line();
  const Error purged = first_error({.file = "no-such-log.000017", .ends = true});
  EXPECT_EQ(purged.code(), ErrorCode::log_purged) << purged.to_line();
  const auto beyond = LogStream::open(endpoint(), {.file = end.file, .offset = 5ULL << 30U}, {});
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().code(), ErrorCode::not_supported);
}

TEST_P(LogOf, is_refused_with_the_grant_that_is_missing) {
  const testing::TestUser user(GetParam(), "log_reader", "secret word", "");
  const auto stream = LogStream::open(user.endpoint(), {.file = "x"}, {});
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().code(), ErrorCode::missing_privilege) << stream.error().to_line();
  EXPECT_THAT(stream.error().evidence().statement, HasSubstr("REPLICATION SLAVE"));
}

}  // namespace
}  // namespace tideway
