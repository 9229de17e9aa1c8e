#include "storage/compression.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <random>

#include "storage/fault_storage.h"
#include "storage/memory_storage.h"

namespace tideway {
namespace {

std::string text_of(std::size_t bytes, unsigned seed) {
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < bytes)
    text += "('row " + std::to_string(random() % 100000) + "',x'00ff'),\n";
  text.resize(bytes);
  return text;
}

std::string noise_of(std::size_t bytes) {
  std::mt19937 random(7);
  std::string noise(bytes, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  return noise;
}

Result<std::string> unpack(Storage& storage, std::string_view path, std::size_t piece) {
  auto reader = TRY(open_unpacked(storage, path));
  std::string all, buffer(piece, '\0');
  while (true) {
    const std::size_t got = TRY(reader->read(buffer.data(), piece));
    if (got == 0) return all;
    all.append(buffer, 0, got);
  }
}

void pack(Storage& storage, const std::string& path, Compression compression,
          std::string_view bytes, std::size_t piece) {
  auto writer = compressed(compression, storage.open_write(path, {}).value());
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    ASSERT_TRUE(writer->write(bytes.substr(at, piece), {}));
  ASSERT_TRUE(writer->publish({}));
  EXPECT_EQ(writer->stored_bytes(), storage.size(path)->value());
}

class CompressionTest : public ::testing::TestWithParam<Compression> {
 protected:
  std::string path() const { return "file.sql" + std::string(suffix_of(GetParam())); }
  MemoryStorage storage_;
};

TEST_P(CompressionTest, reads_back_what_was_written_in_any_pieces) {
  const std::string three_members = text_of((2U << 20U) + 12345, 1);
  for (const std::string& bytes : {std::string(), std::string("x"), text_of(65536, 2),
                                   text_of(1U << 20U, 3), noise_of(200000), three_members}) {
    for (const std::size_t piece : {std::size_t{1000}, std::size_t{65536}, std::size_t{3} << 20U}) {
      pack(storage_, path(), GetParam(), bytes, piece);
      for (const std::size_t read_piece : {std::size_t{777}, std::size_t{1} << 20U}) {
        const auto back = unpack(storage_, path(), read_piece);
        ASSERT_TRUE(back) << back.error().to_line();
        EXPECT_TRUE(*back == bytes) << bytes.size() << " bytes in pieces of " << piece;
      }
    }
  }
}

class PackedTest : public CompressionTest {};

TEST_P(PackedTest, a_file_cut_anywhere_is_corrupt_and_never_a_short_file) {
  pack(storage_, path(), GetParam(), text_of((1U << 20U) + 5000, 4), 1U << 20U);
  const std::string whole = storage_.files().at(path());
  std::vector<std::size_t> cuts = {
      0, 1, 9, 10, 20, 30, whole.size() / 2, whole.size() - 9, whole.size() - 1};
  if (GetParam() == Compression::gzip) {  // exactly between its two members
    const std::size_t second = whole.find(std::string_view("\x1F\x8B\x08\x04", 4), 1);
    ASSERT_NE(second, std::string::npos);
    cuts.push_back(second);
  }
  for (const std::size_t cut : cuts) {
    storage_.put(path(), whole.substr(0, cut));
    const auto back = unpack(storage_, path(), 65536);
    ASSERT_FALSE(back) << "cut at " << cut;
    EXPECT_EQ(back.error().code(), ErrorCode::file_corrupt);
    EXPECT_TRUE(back.error().evidence().position.starts_with(path() + ":"));
  }
}

TEST_P(PackedTest, a_flipped_bit_is_noticed) {
  const std::string bytes = text_of(300000, 5);
  pack(storage_, path(), GetParam(), bytes, 1U << 20U);
  const std::string whole = storage_.files().at(path());
  std::mt19937 random(9);
  for (int i = 0; i < 200; ++i) {
    std::string damaged = whole;
    const std::size_t at = random() % damaged.size();
    damaged[at] = static_cast<char>(damaged[at] ^ 1 << (random() % 8));
    storage_.put(path(), damaged);
    const auto back = unpack(storage_, path(), 65536);
    // A few bits mean nothing (a time, an operating system): then the bytes must be right.
    EXPECT_TRUE(!back || *back == bytes) << "flip at " << at;
  }
}

TEST_P(CompressionTest, a_failing_disk_is_an_error_wherever_it_fails) {
  testing::FaultStorage faulty(storage_);
  const std::string bytes = text_of(400000, 6);
  const auto all = [&]() -> Result<void> {
    auto writer = compressed(GetParam(), TRY(faulty.open_write(path(), {})));
    TRY(writer->write(bytes, {}));
    TRY(writer->publish({}));
    if (TRY(unpack(faulty, path(), 50000)) != bytes) ADD_FAILURE() << "other bytes";
    return {};
  };
  ASSERT_TRUE(all());
  const std::uint64_t calls = faulty.calls();
  ASSERT_GT(calls, 4U);
  for (std::uint64_t call = 1; call <= calls; ++call) {
    faulty.fail_at(call);
    EXPECT_FALSE(all()) << "call " << call;
  }
}

std::string test_name(const ::testing::TestParamInfo<Compression>& form) {
  return form.param == Compression::none ? "plain" : std::string(suffix_of(form.param).substr(1));
}
INSTANTIATE_TEST_SUITE_P(All, CompressionTest,
                         ::testing::Values(Compression::none, Compression::gzip,
                                           Compression::snappy, Compression::zstd),
                         test_name);
INSTANTIATE_TEST_SUITE_P(All, PackedTest,
                         ::testing::Values(Compression::gzip, Compression::snappy,
                                           Compression::zstd),
                         test_name);

TEST(GzipTest, zlib_reads_our_members_one_after_another) {
  MemoryStorage storage;
  const std::string bytes = text_of((1U << 20U) + 100, 8);
  pack(storage, "a.gz", Compression::gzip, bytes, 1U << 20U);
  std::string packed = storage.files().at("a.gz"), back(bytes.size() + 10, '\0');
  z_stream stream{};
  stream.next_in = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(back.data());
  stream.avail_out = static_cast<uInt>(back.size());
  while (stream.avail_in != 0) {
    ASSERT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
    ASSERT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
    inflateEnd(&stream);
  }
  back.resize(back.size() - stream.avail_out);
  EXPECT_TRUE(back == bytes);
}

std::string zlib_gzip(std::string bytes) {
  std::string packed(bytes.size() + 1000, '\0');
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  return packed;
}

TEST(GzipTest, reads_members_of_other_makers_and_zero_padding) {
  MemoryStorage storage;
  const std::string first = text_of(700000, 10), second = text_of(1000, 11);
  storage.put("a.gz", zlib_gzip(first) + zlib_gzip(second) + std::string(1000, '\0'));
  EXPECT_TRUE(unpack(storage, "a.gz", 10000).value() == first + second);
  storage.put("a.gz", zlib_gzip(first).substr(0, 5000));
  EXPECT_EQ(unpack(storage, "a.gz", 10000).error().code(), ErrorCode::file_corrupt);
  storage.put("a.gz", zlib_gzip(first) + "garbage");
  EXPECT_EQ(unpack(storage, "a.gz", 10000).error().code(), ErrorCode::file_corrupt);
}

TEST(ZstdTest, reads_several_frames) {
  MemoryStorage storage;
  const std::string first = text_of(700000, 12), second = text_of(1000, 13);
  std::string all;
  for (const std::string& bytes : {first, second}) {
    std::string packed(ZSTD_compressBound(bytes.size()), '\0');
    packed.resize(ZSTD_compress(packed.data(), packed.size(), bytes.data(), bytes.size(), 3));
    all += packed;
  }
  storage.put("a.zst", all);
  EXPECT_TRUE(unpack(storage, "a.zst", 5000).value() == first + second);
}

TEST(CompressionNamesTest, are_the_originals) {
  EXPECT_EQ(parse_compression("gz").value(), Compression::gzip);
  EXPECT_EQ(parse_compression("zst").value(), Compression::zstd);
  EXPECT_EQ(parse_compression("").value(), Compression::none);
  EXPECT_EQ(parse_compression("GZIP").error().message().find("unknown compress type GZIP"), 0U);
  EXPECT_EQ(compression_of("a/b.sql.GZ"), Compression::gzip);
  EXPECT_EQ(compression_of("a.gz/b"), Compression::none);
  EXPECT_EQ(compression_of("b.sql"), Compression::none);
  MemoryStorage storage;
  storage.put("a.xz", "x");
  EXPECT_EQ(open_unpacked(storage, "a.xz").error().code(), ErrorCode::not_supported);
}

}  // namespace
}  // namespace tideway
