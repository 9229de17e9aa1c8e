#include "storage/compression.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "storage/stream_codecs.h"

namespace tideway {
namespace {

constexpr std::array<std::pair<std::string_view, Compression>, 8> suffixes{{
    {"gz", Compression::gzip},
    {"gzip", Compression::gzip},
    {"zst", Compression::zstd},
    {"zstd", Compression::zstd},
    {"snappy", Compression::snappy},
    {"lz4", Compression::lz4},
    {"xz", Compression::xz},
    {"lzo", Compression::lzo},
}};

}  // namespace

std::string_view suffix_of(Compression compression) {
  switch (compression) {
    case Compression::none:
      return "";
    case Compression::gzip:
      return ".gz";
    case Compression::snappy:
      return ".snappy";
    case Compression::zstd:
      return ".zst";
    case Compression::lz4:
      return ".lz4";
    case Compression::xz:
      return ".xz";
    case Compression::lzo:
      return ".lzo";
  }
  return "";
}

Result<Compression> parse_compression(std::string_view word) {
  if (word.empty() || word == "no-compression") return Compression::none;
  if (word == "gzip" || word == "gz") return Compression::gzip;
  if (word == "snappy") return Compression::snappy;
  if (word == "zstd" || word == "zst") return Compression::zstd;
  return fail(
      Error(ErrorCode::bad_value, Side::local, Retry::never,
            fmt::format("unknown compress type {}: gzip, snappy, zstd and no-compression are known",
                        word)));
}

Compression compression_of(std::string_view path) {
  const std::size_t dot = path.find_last_of("./");
  if (dot == std::string_view::npos || path[dot] == '/') return Compression::none;
  const std::string suffix = ascii_lower(path.substr(dot + 1));
  const auto found =
      std::ranges::find(suffixes, suffix, &std::pair<std::string_view, Compression>::first);
  return found == suffixes.end() ? Compression::none : found->second;
}

std::unique_ptr<ByteWriter> compressed(Compression compression, std::unique_ptr<ByteWriter> file) {
  switch (compression) {
    case Compression::none:
      return file;
    case Compression::gzip:
      return gzip_writer(std::move(file));
    case Compression::snappy:
      return snappy_writer(std::move(file));
    case Compression::zstd:
      return zstd_writer(std::move(file));
    case Compression::lz4:
    case Compression::xz:
    case Compression::lzo:
      break;
  }
  CHECK(false);  // these are known by name only, and no option asks for them
  return nullptr;
}

// gzip: a member's input and output and libdeflate's state (0.7 MiB at its level); snappy: a frame
// of each; zstd: the context of level 1 with its 512 KiB window, as ZSTD_sizeof_CStream() tells,
// and a piece of output.
std::uint64_t compression_memory_bytes(Compression compression) {
  switch (compression) {
    case Compression::gzip:
      return 3ULL << 20U;
    case Compression::snappy:
      return 512ULL << 10U;
    case Compression::zstd:
      return 2ULL << 20U;
    default:
      return 0;
  }
}

Result<std::unique_ptr<ByteReader>> decompressed(Compression compression,
                                                 std::unique_ptr<ByteReader> file,
                                                 std::string_view path) {
  switch (compression) {
    case Compression::none:
      return file;
    case Compression::gzip:
      return gzip_reader(std::move(file), std::string(path));
    case Compression::snappy:
      return snappy_reader(std::move(file), std::string(path));
    case Compression::zstd:
      return zstd_reader(std::move(file), std::string(path));
    default:
      return fail(Error(ErrorCode::not_supported, Side::local, Retry::never,
                        fmt::format("{} is packed with {}, which cannot be read: unpack it, or "
                                    "pack it with gzip, snappy or zstd",
                                    path, suffix_of(compression).substr(1))));
  }
}

Result<std::unique_ptr<ByteReader>> open_unpacked(Storage& storage, std::string_view path) {
  return decompressed(compression_of(path), TRY(storage.open_read(path)), path);
}

Error corrupt(std::string_view path, std::uint64_t offset, std::string_view what) {
  Evidence evidence;
  evidence.position = fmt::format("{}:{}", path, offset);
  return {ErrorCode::file_corrupt, Side::local, Retry::never, std::move(evidence),
          fmt::format("{}: {} at packed byte {}", path, what, offset)};
}

Result<void> PackedInput::want(std::size_t bytes) {
  if (end_ - at_ >= bytes) return {};
  if (at_ != 0) {
    std::memmove(buffer_.data(), buffer_.data() + at_, end_ - at_);
    taken_before_ += at_;
    end_ -= at_;
    at_ = 0;
  }
  constexpr std::size_t usual = 256 << 10U;
  if (buffer_.size() < std::max(bytes, usual)) buffer_.resize(std::max(bytes, usual));
  while (end_ < bytes) {
    const std::size_t got = TRY(file_->read(buffer_.data() + end_, buffer_.size() - end_));
    if (got == 0) return {};
    end_ += got;
  }
  return {};
}

}  // namespace tideway
