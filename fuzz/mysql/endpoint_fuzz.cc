// Any text is an endpoint or an error that does not show it; what was understood holds together.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "mysql/endpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto endpoint = tideway::parse_endpoint(text, tideway::Side::source);
  if (!endpoint) {
    CHECK(endpoint.error().code() == tideway::ErrorCode::bad_value);
    return 0;
  }
  CHECK(endpoint->port != 0);
  CHECK(endpoint->tls_files.cert.empty() == endpoint->tls_files.key.empty());
  CHECK(endpoint->connect_timeout > tideway::Duration::zero());
  CHECK(!endpoint->to_text().empty());
  return 0;
}
