#include "binlog/log_position.h"

#include <gtest/gtest.h>

namespace tideway {
namespace {

TEST(log_position, is_ordered_as_the_log_is) {
  EXPECT_LT((LogPosition{"binlog.000009", 900}), (LogPosition{"binlog.000010", 4}));
  EXPECT_LT((LogPosition{"binlog.999999", 4}), (LogPosition{"binlog.1000000", 4}));
  EXPECT_LT((LogPosition{"binlog.000009", 4}), (LogPosition{"binlog.000009", 5}));
  EXPECT_EQ((LogPosition{"a.b.000009", 4}), (LogPosition{"a.b.000009", 4}));
}

TEST(log_position, reads_the_text_it_writes) {
  const LogPosition position{"host:1-bin.000003", 12345};
  EXPECT_EQ(to_text(position), "host:1-bin.000003:12345");
  const auto read = parse_log_position(to_text(position));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, position);
  for (const char* text : {"", "binlog.000003", ":5", "binlog.000003:", "binlog.000003:x"})
    EXPECT_FALSE(parse_log_position(text)) << text;
}

}  // namespace
}  // namespace tideway
