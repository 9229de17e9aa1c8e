// Any bytes as statements of a binlog, one a line: each has a kind, and DDL is followed or its
// error names what and where. Definitions stay such that their users can rely on them, their text
// reads as they are, and rewriting a followed statement for any target ends.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "sql/create_table.h"
#include "sql/rewrite_ddl.h"
#include "sql/statement_kind.h"
#include "sql/track_ddl.h"

namespace {

using tideway::ErrorCode;
using tideway::SchemaChange;

void check_table(const tideway::TableDef& table) {
  CHECK(!table.columns.empty());
  for (const tideway::Key& key : table.keys) {
    CHECK(!key.name.empty() && !key.parts.empty());
    for (const tideway::KeyPart& part : key.parts)
      CHECK(!part.expression.empty() || part.column < table.columns.size());
  }
  static_cast<void>(tideway::ordering_key(table));
  static_cast<void>(tideway::parse_create_table(table.create_text, "d"));
}

void check_rewritten(const SchemaChange& change, tideway::TargetTraits::Kind kind,
                     std::uint32_t version) {
  tideway::DdlTarget target;
  target.traits.kind = kind;
  target.traits.version = version;
  target.traits.charsets = {{"utf8mb4", "utf8mb4_bin"}, {"latin1", "latin1_bin"}};
  target.traits.collations = {"utf8mb4_bin", "utf8mb4_general_ci", "latin1_bin"};
  target.splits_tables = version % 2 == 1;
  target.renaming = [](const tideway::TableId& table) {
    return tideway::TableId{"r" + table.database, table.name};
  };
  const auto statements = rewrite_ddl(change, target);
  if (!statements) {
    const ErrorCode code = statements.error().code();
    CHECK(code == ErrorCode::sql_syntax || code == ErrorCode::not_supported);
    return;
  }
  for (const tideway::TargetStatement& each : *statements) CHECK(!each.text.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  tideway::SessionContext session;
  session.database = "d";
  session.server_collation = 255;
  if (size > 1) {
    session.sql_mode = (data[0] & 1U ? 0x4U : 0U) | (data[0] & 2U ? 0x100000U : 0U);
    session.server_version = data[0] & 4U ? 50719 : 80030;
    text.remove_prefix(1);
  }
  tideway::Definitions definitions;
  definitions.put(tideway::DatabaseDef{"d", "utf8mb4", "utf8mb4_0900_ai_ci"});
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view statement = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    static_cast<void>(classify_statement(statement, session));
    const auto change = definitions.apply(statement, session);
    if (!change) {
      const ErrorCode code = change.error().code();
      CHECK(code == ErrorCode::sql_syntax || code == ErrorCode::definition_unknown ||
            code == ErrorCode::definition_conflict);
      continue;
    }
    for (const tideway::TableChange& each : (*change)->tables) {
      CHECK(each.before || each.after);
      if (each.after) check_table(*each.after);
    }
    static_cast<void>(tideway::events_of(**change));
    check_rewritten(**change, tideway::TargetTraits::Kind::mysql, 80031);
    check_rewritten(**change, tideway::TargetTraits::Kind::mysql, 50744);
    check_rewritten(**change, tideway::TargetTraits::Kind::tidb, 80501);
  }
  return 0;
}
