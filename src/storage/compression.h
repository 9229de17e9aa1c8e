#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "storage/storage.h"

namespace tideway {

// How a file's bytes are packed. A reader learns it from the name's suffix and nothing else.
//   gzip    members of at most 1 MiB of input, as gzip allows; each carries its packed size
//   (docs/formats.md), so that our
//           reader unpacks it three times as fast as a stream and notices a file cut between two
//           members
//   snappy  the framing format (`sNaPpY`), never raw blocks
//   zstd    one frame with a checksum, level 1
//   lz4, xz, lzo  known by name, so that the error can say what they are; they cannot be opened
enum class Compression : std::uint8_t { none, gzip, snappy, zstd, lz4, xz, lzo };

std::string_view suffix_of(Compression compression);  // ".gz", ".snappy", ".zst"; none: ""
// What a command line says: gzip gz snappy zstd zst no-compression and the empty word. Case counts.
Result<Compression> parse_compression(std::string_view word);
// What follows the last dot of a file name: gz gzip zst zstd snappy lz4 xz lzo, any case. Anything
// else is none.
Compression compression_of(std::string_view path);

// Packs what is written into `file`, which it owns. One thread, as the writer it wraps. Holds at
// most compression_memory_bytes(). The file's bytes are those of the packed form.
std::unique_ptr<ByteWriter> compressed(Compression compression, std::unique_ptr<ByteWriter> file);
std::uint64_t compression_memory_bytes(Compression compression);

// Unpacks `file`. Errors of read(): file_corrupt with path and packed offset when the bytes are
// damaged or end too soon.
Result<std::unique_ptr<ByteReader>> decompressed(Compression compression,
                                                 std::unique_ptr<ByteReader> file,
                                                 std::string_view path);
// Opens a file and unpacks it by its suffix, from the beginning.
Result<std::unique_ptr<ByteReader>> open_unpacked(Storage& storage, std::string_view path);

}  // namespace tideway
