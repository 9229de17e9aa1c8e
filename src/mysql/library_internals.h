#pragma once

#include <cstddef>

#include "mysql/client.h"

namespace tideway {

// The one place that looks into the client library's structures, beyond its functions: NET::pvio
// (ma_pvio.h, ma_tls.h). They are those of one minor version; with another, knows_library() is
// false and nothing here may be called. Private to the room.
bool knows_library(
    MYSQL* mysql);  // connected, uncompressed, of the version whose headers we are built with

// OpenSSL's SSL of the connection, also while it is shaking hands; nullptr: there is none.
void* tls_of(const MYSQL* mysql);

// The library reads ahead up to 16 KiB. Takes what it has not used yet (at most read_ahead_bytes)
// and says how much.
inline constexpr std::size_t read_ahead_bytes = 16384;
std::size_t take_read_ahead(MYSQL* mysql, char* to);
bool has_read_ahead(const MYSQL* mysql);
// Lets the library find these bytes first. It must have nothing read ahead.
void put_read_ahead(MYSQL* mysql, const char* bytes, std::size_t count);

// A wide answer leaves the library's packet buffer as wide; between answers it may be given back.
void shrink_packet_buffer(MYSQL* mysql);

}  // namespace tideway
