// Tracks what tests/cases/test_ddl_server.py runs on a server and says where the two differ.
// Commands and answers end with a NUL; fields of a command are parted by \x01:
//   session VERSION SQL_MODE DATABASE EXPLICIT_TIMESTAMPS UTF8MB4_COLLATION SERVER_COLLATION -> ok
//   database NAME CHARSET COLLATION -> ok
//   apply STATEMENT -> ok, or the error's line
//   compare DATABASE NAME SHOW_CREATE_TABLE -> ok, or both descriptions
//   text DATABASE NAME -> CREATE TABLE of what is tracked
//   rewrite -> the statements of the last change for database mirror in place of d, parted by \x01
//   tables DATABASE -> the names of its tables, each with a newline
#include <charconv>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "sql/create_table.h"
#include "sql/described.h"
#include "sql/rewrite_ddl.h"
#include "sql/track_ddl.h"

namespace tideway::testing {
namespace {

std::uint64_t number(const std::string& text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

class Driver {
 public:
  std::string answer(const std::vector<std::string>& command) {
    const std::string& what = command.at(0);
    if (what == "session") return set_session(command);
    if (what == "database") {
      definitions_.put(DatabaseDef{command.at(1), command.at(2), command.at(3)});
      return "ok";
    }
    if (what == "apply") {
      auto change = definitions_.apply(command.at(1), session_);
      if (!change) return change.error().to_line();
      change_ = *std::move(change);
      return "ok";
    }
    if (what == "rewrite") return rewritten();
    if (what == "tables") {
      std::string names;
      for (const TablePtr& table : definitions_.tables_of(command.at(1)))
        names += table->id.name + "\n";
      return names;
    }
    const TablePtr tracked = definitions_.find({command.at(1), command.at(2)});
    if (!tracked) return "not tracked";
    return what == "text" ? tracked->create_text : compare(*tracked, command.at(3));
  }

 private:
  std::string set_session(const std::vector<std::string>& command) {
    session_.server_version = static_cast<std::uint32_t>(number(command.at(1)));
    session_.sql_mode = number(command.at(2));
    session_.database = command.at(3);
    session_.explicit_defaults_for_timestamp = command.at(4) == "1";
    session_.utf8mb4_collation.reset();
    if (!command.at(5).empty())
      session_.utf8mb4_collation = static_cast<std::uint16_t>(number(command.at(5)));
    session_.server_collation = static_cast<std::uint16_t>(number(command.at(6)));
    return "ok";
  }

  static std::string compare(const TableDef& tracked, const std::string& shown) {
    const auto of_server = parse_create_table(shown, tracked.id.database);
    if (!of_server) return "the server's: " + of_server.error().to_line();
    const std::string ours = described(tracked), theirs = described(*of_server);
    if (ours != theirs) return "tracked:\n" + ours + "server:\n" + theirs;
    const auto again = parse_create_table(tracked.create_text, tracked.id.database);
    if (!again) return "our text: " + again.error().to_line() + "\n" + tracked.create_text;
    if (described(*again) != ours)
      return "our text:\n" + tracked.create_text + "\nreads as:\n" + described(*again) +
             "tracked:\n" + ours;
    return "ok";
  }

  std::string rewritten() const {
    DdlTarget target;
    target.traits.version = session_.server_version;
    target.traits.keeps_engines = true;
    target.tag = "a tag";
    target.splits_tables = true;
    target.renaming = [](const TableId& table) {
      return TableId{table.database == "d" ? "mirror" : table.database, table.name};
    };
    target.is_wanted = [](const TableId& table) { return table.database == "d"; };
    const auto statements = rewrite_ddl(*change_, target);
    if (!statements) return "error: " + statements.error().to_line();
    std::string out;
    for (const TargetStatement& each : *statements) out += each.text + "\1";
    return out;
  }

  Definitions definitions_;
  SessionContext session_;
  std::shared_ptr<const SchemaChange> change_;
};

int run() {
  Driver driver;
  std::string line;
  while (std::getline(std::cin, line, '\0')) {
    std::vector<std::string> fields;
    std::istringstream parts(line);
    for (std::string field; std::getline(parts, field, '\1');) fields.push_back(field);
    fields.resize(std::max<std::size_t>(fields.size(), 8));
    std::cout << driver.answer(fields) << '\0' << std::flush;
  }
  return 0;
}

}  // namespace
}  // namespace tideway::testing

int main() { return tideway::testing::run(); }
