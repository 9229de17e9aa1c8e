// Any bytes as CREATE TABLE: it parses or the error names a place; what parsed is a table that its
// users can rely on. Rewriting it for any target ends, and its name is then the one that was asked
// for. As a schema file its statements lie in it.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "sql/create_table.h"
#include "sql/rewrite.h"
#include "sql/schema_file.h"

namespace {

using tideway::TargetTraits;

TargetTraits traits(TargetTraits::Kind kind, std::uint32_t version) {
  TargetTraits target;
  target.kind = kind;
  target.version = version;
  target.charsets = {{"utf8mb4", "utf8mb4_bin"}, {"latin1", "latin1_bin"}, {"utf8", "utf8_bin"}};
  target.collations = {"utf8mb4_bin", "utf8mb4_general_ci", "latin1_bin", "utf8_bin"};
  return target;
}

void check_parsed(std::string_view sql) {
  const auto table = tideway::parse_create_table(sql, "db");
  if (!table) {
    CHECK(table.error().code() == tideway::ErrorCode::sql_syntax);
    CHECK(table.error().evidence().position.find(':') != std::string::npos);
    return;
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
}

void check_rewritten(std::string_view sql, const TargetTraits& target) {
  const tideway::TableId name{"d`b", "t"};
  const auto once = rewrite_create_table(sql, name, target);
  if (once) {
    if (const auto table = tideway::parse_create_table(once->text, "other"))
      CHECK(table->id == name);
  }
  static_cast<void>(rewrite_create_database(sql, "x", target));
  static_cast<void>(rewrite_create_view(sql, name, target, tideway::Definer::drop));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view sql(reinterpret_cast<const char*>(data), size);
  check_parsed(sql);
  check_rewritten(sql, traits(TargetTraits::Kind::mysql, 50719));
  check_rewritten(sql, traits(TargetTraits::Kind::mysql, 80030));
  check_rewritten(sql, traits(TargetTraits::Kind::mariadb, 101100));
  check_rewritten(sql, traits(TargetTraits::Kind::tidb, 80501));
  if (const auto statements = tideway::read_schema_file(sql)) {
    for (const tideway::SchemaStatement& statement : *statements) {
      CHECK(!statement.text.empty() &&
            sql.substr(statement.offset, statement.text.size()) == statement.text);
    }
  }
  return 0;
}
