#include "apply/target_traits.h"

namespace tideway {
namespace {

TargetTraits::Kind kind_of(ServerKind kind) {
  switch (kind) {
    case ServerKind::mariadb:
      return TargetTraits::Kind::mariadb;
    case ServerKind::tidb:
      return TargetTraits::Kind::tidb;
    case ServerKind::mysql:
    case ServerKind::aurora:
      break;
  }
  return TargetTraits::Kind::mysql;
}

}  // namespace

Result<TargetTraits> target_traits(Session& session, const std::stop_token& stop) {
  TargetTraits traits;
  traits.kind = kind_of(session.server().kind);
  traits.version = session.server().version;
  const ResultTable charsets = TRY(session.query(
      "SELECT CHARACTER_SET_NAME, DEFAULT_COLLATE_NAME FROM information_schema.CHARACTER_SETS",
      stop));
  for (const auto& row : charsets.rows)
    traits.charsets.emplace(row[0].value_or(""), row[1].value_or(""));
  const ResultTable collations =
      TRY(session.query("SELECT COLLATION_NAME FROM information_schema.COLLATIONS", stop));
  for (const auto& row : collations.rows) traits.collations.insert(row[0].value_or(""));
  return traits;
}

}  // namespace tideway
