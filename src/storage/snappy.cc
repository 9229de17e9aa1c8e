#include <snappy.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "storage/crc32c.h"
#include "storage/stream_codecs.h"

// The framing format: a stream identifier, then chunks of `type:1 length:3 (little endian)`. Data
// chunks hold the masked CRC-32C of at most 64 KiB and those bytes, packed (0x00) or as they are
// (0x01). Readers skip chunks of 0x80 to 0xFD that they do not know: ours begin with one that
// promises an end and end with it, so that a file cut between two chunks is noticed, which the
// format alone cannot do.
namespace tideway {
namespace {

constexpr std::size_t frame_bytes = 65536;
constexpr std::string_view identifier("\xFF\x06\x00\x00sNaPpY", 10);
constexpr std::string_view end_promised("\xFD\x03\x00\x00TW\x01", 7),
    end_kept("\xFD\x03\x00\x00TW\x02", 7);

std::uint32_t masked_crc(std::string_view bytes) {
  const std::uint32_t crc = crc32c(bytes);
  return (crc >> 15U | crc << 17U) + 0xA282EAD8U;
}

void put_little_endian(char* to, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) to[i] = static_cast<char>(value >> (8 * i) & 0xFFU);
}

std::uint32_t little_endian(const char* from, int bytes) {
  std::uint32_t value = 0;
  for (int i = bytes - 1; i >= 0; --i) value = value << 8U | static_cast<unsigned char>(from[i]);
  return value;
}

class SnappyWriter : public ByteWriter {
 public:
  explicit SnappyWriter(std::unique_ptr<ByteWriter> file)
      : file_(std::move(file)), packed_(8 + snappy::MaxCompressedLength(frame_bytes), '\0') {
    out_.append(identifier).append(end_promised);
  }

  Result<void> write(std::string_view bytes, const std::stop_token& stop) override {
    if (!rest_.empty()) {
      const std::size_t more = std::min(bytes.size(), frame_bytes - rest_.size());
      rest_.append(bytes.substr(0, more));
      bytes.remove_prefix(more);
      if (rest_.size() < frame_bytes) return {};
      TRY(add_frame(rest_, stop));
      rest_.clear();
    }
    for (; bytes.size() >= frame_bytes; bytes.remove_prefix(frame_bytes))
      TRY(add_frame(bytes.substr(0, frame_bytes), stop));
    rest_.append(bytes);
    return {};
  }

  Result<void> publish(const std::stop_token& stop) override {
    if (!rest_.empty()) TRY(add_frame(rest_, stop));
    out_.append(end_kept);
    TRY(file_->write(out_, stop));
    return file_->publish(stop);
  }
  std::uint64_t stored_bytes() const override { return file_->stored_bytes(); }

 private:
  Result<void> add_frame(std::string_view bytes, const std::stop_token& stop) {
    std::size_t packed_bytes = 0;
    snappy::RawCompress(bytes.data(), bytes.size(), packed_.data() + 8, &packed_bytes);
    const bool is_packed = packed_bytes < bytes.size();
    std::string_view body = is_packed ? std::string_view(packed_).substr(8, packed_bytes) : bytes;
    std::array<char, 8> head{};
    head[0] = is_packed ? '\x00' : '\x01';
    put_little_endian(head.data() + 1, static_cast<std::uint32_t>(body.size() + 4), 3);
    put_little_endian(head.data() + 4, masked_crc(bytes), 4);
    out_.append(head.data(), head.size());
    out_.append(body);
    if (out_.size() < out_bytes) return {};
    TRY(file_->write(out_, stop));
    out_.clear();
    return {};
  }

  static constexpr std::size_t out_bytes = 128 << 10U;
  std::unique_ptr<ByteWriter> file_;
  std::string rest_, packed_, out_;
};

class SnappyReader : public ByteReader {
 public:
  SnappyReader(std::unique_ptr<ByteReader> file, std::string path)
      : input_(std::move(file), std::move(path)) {}

  Result<std::size_t> read(char* to, std::size_t most) override {
    while (at_ == frame_.size()) {
      if (!TRY(next_frame())) return 0U;
    }
    const std::size_t got = std::min(most, frame_.size() - at_);
    std::memcpy(to, frame_.data() + at_, got);
    at_ += got;
    return got;
  }

 private:
  // False: the file ended where it may end.
  Result<bool> next_frame() {
    TRY(input_.want(4));
    const std::string_view head = input_.visible();
    if (head.empty() && has_identifier_) {
      if (wants_end_) return fail(input_.corrupt("the file ends before its last snappy chunk"));
      return false;
    }
    if (head.size() < 4) return fail(input_.corrupt("the file ends in the head of a snappy chunk"));
    const auto type = static_cast<unsigned char>(head[0]);
    const std::size_t length = little_endian(head.data() + 1, 3);
    if (!has_identifier_ && type != 0xFF)
      return fail(input_.corrupt("this is not snappy's framing format"));
    TRY(input_.want(4 + length));
    if (input_.visible().size() < 4 + length)
      return fail(input_.corrupt("the file ends inside a snappy chunk"));
    const std::string_view body = input_.visible().substr(4, length);
    TRY(take_chunk(type, body));
    input_.take(4 + length);
    return true;
  }

  Result<void> take_chunk(unsigned char type, std::string_view body) {
    if (type == 0xFF) {
      if (body != identifier.substr(4))
        return fail(input_.corrupt("this is not snappy's framing format"));
      has_identifier_ = true;
      return {};
    }
    if (type >= 0x80) {  // padding, what later versions may skip, and our marks
      if (type == 0xFD && (body == end_promised.substr(4) || body == end_kept.substr(4)))
        wants_end_ = body.back() == '\1';
      return {};
    }
    wants_end_ = wants_end_ && is_ours_;
    if (type > 0x01) return fail(input_.corrupt("a snappy chunk of a type that is not known"));
    if (body.size() < 4) return fail(input_.corrupt("a snappy chunk without checksum"));
    const std::uint32_t crc = little_endian(body.data(), 4);
    body.remove_prefix(4);
    at_ = 0;
    if (type == 0x01) {
      frame_.assign(body);
    } else {
      std::size_t bytes = 0;
      if (!snappy::GetUncompressedLength(body.data(), body.size(), &bytes) || bytes > frame_bytes) {
        return fail(input_.corrupt("a snappy chunk that is damaged"));
      }
      frame_.resize(bytes);
      if (!snappy::RawUncompress(body.data(), body.size(), frame_.data())) {
        return fail(input_.corrupt("a snappy chunk that is damaged"));
      }
    }
    if (frame_.size() > frame_bytes || masked_crc(frame_) != crc)
      return fail(input_.corrupt("a snappy chunk with a wrong checksum"));
    return {};
  }

  PackedInput input_;
  std::string frame_;
  std::size_t at_ = 0;
  // wants_end_ from the start: an identifier with nothing behind it is written by nobody, but left
  // by a cut.
  bool has_identifier_ = false, wants_end_ = true, is_ours_ = false;
};

}  // namespace

std::unique_ptr<ByteWriter> snappy_writer(std::unique_ptr<ByteWriter> file) {
  return std::make_unique<SnappyWriter>(std::move(file));
}
std::unique_ptr<ByteReader> snappy_reader(std::unique_ptr<ByteReader> file, std::string path) {
  return std::make_unique<SnappyReader>(std::move(file), std::move(path));
}

}  // namespace tideway
