#include "mysql/library_internals.h"

#include <cstdlib>
#include <cstring>

#include "base/check.h"

// These headers are made for the library itself, with these names around them.
using uchar = unsigned char;  // NOLINT(readability-identifier-naming): the library's word
#define HAVE_TLS 1
#include <ma_pvio.h>

namespace tideway {

static_assert(read_ahead_bytes == PVIO_READ_AHEAD_CACHE_SIZE);

bool knows_library(MYSQL* mysql) {
  const bool is_known = mysql_get_client_version() / 100 == MARIADB_PACKAGE_VERSION_ID / 100;
  const NET& net = mysql->net;
  return is_known && net.pvio != nullptr && net.compress == 0 && net.fd == mysql_get_socket(mysql);
}

void* tls_of(const MYSQL* mysql) {
  const MARIADB_PVIO* pvio = mysql->net.pvio;
  return pvio == nullptr || pvio->ctls == nullptr ? nullptr : pvio->ctls->ssl;
}

std::size_t take_read_ahead(MYSQL* mysql, char* to) {
  MARIADB_PVIO* pvio = mysql->net.pvio;
  const unsigned char* const end = pvio->cache + pvio->cache_size;
  if (pvio->cache_pos >= end) return 0;
  const auto count = static_cast<std::size_t>(end - pvio->cache_pos);
  CHECK(count <= read_ahead_bytes);
  std::memcpy(to, pvio->cache_pos, count);
  pvio->cache_pos += count;
  return count;
}

bool has_read_ahead(const MYSQL* mysql) {
  const MARIADB_PVIO* pvio = mysql->net.pvio;
  return pvio->cache_pos < pvio->cache + pvio->cache_size;
}

void put_read_ahead(MYSQL* mysql, const char* bytes, std::size_t count) {
  MARIADB_PVIO* pvio = mysql->net.pvio;
  CHECK(count <= read_ahead_bytes && pvio->cache_pos >= pvio->cache + pvio->cache_size);
  std::memcpy(pvio->cache, bytes, count);
  pvio->cache_pos = pvio->cache;
  pvio->cache_size = count;
}

void shrink_packet_buffer(MYSQL* mysql) {
  constexpr unsigned long keep_bytes = 1UL << 20U, packet_bytes = 16384;
  NET& net = mysql->net;
  if (net.max_packet <= keep_bytes || !knows_library(mysql)) return;
  // 7: the library's room for headers
  auto* smaller = static_cast<unsigned char*>(std::realloc(net.buff, packet_bytes + 7));
  if (smaller == nullptr) return;
  net.buff = net.write_pos = net.read_pos = smaller;
  net.max_packet = packet_bytes;
  net.buff_end = smaller + packet_bytes;
}

}  // namespace tideway
