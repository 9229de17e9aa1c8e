#include "base/text.h"

#include <gtest/gtest.h>

#include <limits>

namespace tideway {
namespace {

TEST(HumanText, bytes_counts_and_durations_read_well) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(1536), "1.5 KiB");
  EXPECT_EQ(human_bytes(1U << 30U), "1.0 GiB");
  EXPECT_EQ(human_bytes((1U << 20U) - 1), "1.0 MiB") << "never 1024.0 of a unit";
  EXPECT_EQ(human_bytes(std::numeric_limits<std::uint64_t>::max()), "16384.0 PiB");
  EXPECT_EQ(human_count(0), "0");
  EXPECT_EQ(human_count(999), "999");
  EXPECT_EQ(human_count(1234567), "1 234 567");
  EXPECT_EQ(human_duration(std::chrono::milliseconds(12345)), "12.3s");
  EXPECT_EQ(human_duration(std::chrono::milliseconds(59960)), "1m00s") << "never 60.0s";
  EXPECT_EQ(human_duration(std::chrono::seconds(3725)), "1h02m05s");
}

TEST(ParseBytes, units_are_binary_and_exact) {
  EXPECT_EQ(parse_bytes("256"), 256U);
  EXPECT_EQ(parse_bytes("64MiB"), 64U << 20U);
  EXPECT_EQ(parse_bytes("64mb"), 64U << 20U);
  EXPECT_EQ(parse_bytes("1K"), 1024U);
  EXPECT_EQ(parse_bytes("1.5 GB"), 3ULL << 29U);
  EXPECT_EQ(parse_bytes("512B"), 512U);
  EXPECT_EQ(parse_bytes("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(parse_bytes("9007199254740993"), 9007199254740993U);
}

TEST(ParseBytes, what_is_no_size_is_refused) {
  for (const char* text :
       {"", " ", "M", "-1", "-0", "1X", "1MM", "1 2", "1MiBs", "nan", "inf", "infinity", "1e3",
        "0x10", "1.2.3", "18446744073709551616", "16384PiB", "1.5.", "."}) {
    EXPECT_FALSE(parse_bytes(text).has_value()) << text;
  }
}

TEST(ParseDuration, parts_add_up) {
  using namespace std::chrono_literals;
  EXPECT_EQ(parse_duration("15m"), 15min);
  EXPECT_EQ(parse_duration("1h30m"), 90min);
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("10"), 10s);
  EXPECT_EQ(parse_duration("2d"), 48h);
  EXPECT_EQ(parse_duration("0"), 0s);
}

TEST(ParseDuration, what_is_no_duration_is_refused) {
  for (const char* text :
       {"", "s", "-1s", "1x", "1h 30m", "nan", "inf", "nans", "1ss", "400000d", "."}) {
    EXPECT_FALSE(parse_duration(text).has_value()) << text;
  }
}

TEST(Nearest, finds_a_typing_mistake_and_not_another_word) {
  const std::vector<std::string_view> known = {"threads", "target", "source", "memory"};
  EXPECT_EQ(nearest("thread", known), "threads");
  EXPECT_EQ(nearest("tagret", known), "target");
  EXPECT_EQ(nearest("memmory", known), "memory");
  EXPECT_EQ(nearest("tread", known), "threads");
  EXPECT_EQ(nearest("upstream", known), "");
  EXPECT_EQ(nearest("", known), "");
}

TEST(Nearest, finds_the_one_word_that_begins_so) {
  const std::vector<std::string_view> known = {"source-password", "source-port", "on-duplicate"};
  EXPECT_EQ(nearest("on-dup", known), "on-duplicate");
  EXPECT_EQ(nearest("source", known), "") << "there are two";
  EXPECT_EQ(nearest("on", known), "") << "too short to mean anything";
}

TEST(Hex, round_trips_every_byte) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  EXPECT_EQ(from_hex(to_hex(bytes)), bytes);
  EXPECT_EQ(to_hex(std::string_view("\x00\xff\x1a", 3)), "00ff1a");
  EXPECT_EQ(from_hex("00FF"), std::string("\x00\xff", 2));
  EXPECT_FALSE(from_hex("0").has_value());
  EXPECT_FALSE(from_hex("0g").has_value());
}

TEST(AsciiLower, leaves_bytes_beyond_ascii_alone) {
  EXPECT_EQ(ascii_lower("AbZ\xC3\x84"), "abz\xC3\x84");
}

TEST(Text, control_characters_are_visible) {
  EXPECT_EQ(visible("a\nb\tc\x1b[2J\x7f é"), "a\\nb\\tc\\x1b[2J\\x7f é");
}

}  // namespace
}  // namespace tideway
