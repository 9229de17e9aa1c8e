// What the DDL statements of a log name.
#include <algorithm>
#include <string>
#include <string_view>

#include "snapshot/log_events.h"
#include "sql/cursor.h"

namespace tideway {
namespace {

// Reads the objects of one DDL statement. Anything unexpected makes it give up, and then the
// statement counts for everything.
class DdlReader {
 public:
  DdlReader(std::string_view statement, std::string_view database, bool fold_case)
      : cursor_(statement), database_(database), touches_(fold_case) {}

  Touches read() {
    if (!read_statement()) {
      Touches all = touches_;
      all.touched.add_all("a statement of the log is not one of those that are known");
      all.redefined.add_all(all.touched.all_because());
      return all;
    }
    return touches_;
  }

 private:
  bool read_statement() {
    if (is_quiet()) return true;
    if (cursor_.accept("CREATE")) return read_create();
    if (cursor_.accept("ALTER")) return read_alter();
    if (cursor_.accept("DROP")) return read_drop();
    if (cursor_.accept("TRUNCATE")) {
      cursor_.accept("TABLE");
      return add_table();
    }
    if (cursor_.accept("RENAME")) {
      if (cursor_.accept("USER")) return true;
      if (!cursor_.accept("TABLE") && !cursor_.accept("TABLES")) return false;
      do {
        if (!add_table() || !cursor_.accept("TO") || !add_table()) return false;
      } while (cursor_.accept(','));
      return cursor_.is_at_end() || cursor_.at(';');
    }
    return false;
  }

  // Neither rows nor definitions of tables.
  bool is_quiet() const {
    return cursor_.at_one_of({"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "GRANT",
                              "REVOKE", "ANALYZE", "FLUSH", "SET", "OPTIMIZE", "CHECK", "INSTALL",
                              "UNINSTALL"});
  }

  // Behind CREATE, ALTER or DROP: objects that hold no rows of a table.
  bool is_quiet_object() {
    if (cursor_.accept("OR") && !cursor_.accept("REPLACE")) return false;
    if (cursor_.accept("ALGORITHM")) {
      cursor_.accept('=');
      cursor_.take();
    }
    if (cursor_.accept("DEFINER")) skip_definer();
    if (cursor_.accept("SQL") && (!cursor_.accept("SECURITY") || cursor_.take().text.empty()))
      return false;
    cursor_.accept("AGGREGATE");
    return cursor_.at_one_of({"VIEW", "PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "USER", "ROLE",
                              "SERVER", "TABLESPACE", "UNDO", "LOGFILE", "RESOURCE", "SPATIAL"}) &&
           !cursor_.at_words({"SPATIAL", "INDEX"});
  }

  // = `user`@`host`, or CURRENT_USER().
  void skip_definer() {
    cursor_.accept('=');
    while (!cursor_.is_at_end() &&
           !cursor_.at_one_of({"SQL", "VIEW", "PROCEDURE", "FUNCTION", "TRIGGER", "EVENT"}))
      cursor_.take();
  }

  bool read_create() {
    const std::size_t place = cursor_.place();
    if (cursor_.accept_words({"OR", "REPLACE"}) && !cursor_.at("TABLE")) {
      cursor_.go_back_to(place);
      return is_quiet_object();
    }
    if (cursor_.at("TEMPORARY")) return true;
    if (cursor_.accept("TABLE")) {
      skip_if_exists();
      return add_table();
    }
    if (cursor_.accept("DATABASE") || cursor_.accept("SCHEMA")) {
      skip_if_exists();
      return add_database();
    }
    if (cursor_.at_one_of({"UNIQUE", "FULLTEXT"}) || cursor_.at_words({"SPATIAL", "INDEX"}))
      cursor_.take();
    if (cursor_.accept("INDEX")) {
      while (!cursor_.is_at_end() && !cursor_.at("ON")) cursor_.take();
      return cursor_.accept("ON") && add_table();
    }
    return is_quiet_object();
  }

  bool read_alter() {
    cursor_.accept("IGNORE");
    if (cursor_.accept("DATABASE") || cursor_.accept("SCHEMA")) return add_database();
    if (!cursor_.accept("TABLE")) return is_quiet_object();
    if (!add_table()) return false;
    // … RENAME [TO|AS|=] other: but RENAME COLUMN, KEY and INDEX stay inside the table. EXCHANGE
    // PARTITION p WITH TABLE other gives it other rows.
    while (!cursor_.is_at_end()) {
      if (cursor_.accept_words({"WITH", "TABLE"})) {
        if (!add_table()) return false;
        continue;
      }
      if (!cursor_.accept("RENAME")) {
        cursor_.take();
        continue;
      }
      if (cursor_.at_one_of({"COLUMN", "KEY", "INDEX"})) continue;
      if (!cursor_.accept("TO") && !cursor_.accept("AS")) cursor_.accept('=');
      if (!add_table()) return false;
    }
    return true;
  }

  bool read_drop() {
    if (cursor_.at("TEMPORARY")) return true;
    if (cursor_.accept("DATABASE") || cursor_.accept("SCHEMA")) {
      skip_if_exists();
      return add_database();
    }
    if (cursor_.accept("TABLE") || cursor_.accept("TABLES")) {
      skip_if_exists();
      do {
        if (!add_table()) return false;
      } while (cursor_.accept(','));
      return true;
    }
    if (cursor_.accept("INDEX")) {
      while (!cursor_.is_at_end() && !cursor_.at("ON")) cursor_.take();
      return cursor_.accept("ON") && add_table();
    }
    return cursor_.at("PREPARE") || is_quiet_object();
  }

  void skip_if_exists() {
    if (!cursor_.accept_words({"IF", "NOT", "EXISTS"})) cursor_.accept_words({"IF", "EXISTS"});
  }

  // `t`, `d`.`t` or .`t`
  bool add_table() {
    auto first = cursor_.at('.') ? Result<std::string>(std::string(database_))
                                 : cursor_.expect_name("a table");
    if (!first) return false;
    TableId table{std::string(database_), std::move(*first)};
    if (cursor_.accept('.')) {
      auto second = cursor_.expect_name("a table");
      if (!second) return false;
      table = {std::move(table.name), std::move(*second)};
    }
    if (table.database.empty()) return false;
    touches_.touched.add(table);
    touches_.redefined.add(table);
    return true;
  }

  // ALTER DATABASE without a name means the session's.
  bool add_database() {
    const auto named = cursor_.at_one_of({"CHARACTER", "DEFAULT", "COLLATE", "CHARSET", "READ"})
                           ? Result<std::string>(std::string(database_))
                           : cursor_.expect_name("a database");
    if (!named || named->empty()) return false;
    touches_.touched.add_database(*named);
    touches_.redefined.add_database(*named);
    return true;
  }

  TokenCursor cursor_;
  const std::string_view database_;
  Touches touches_;
};

constexpr std::size_t ddl_bytes = 4U << 20U;

// Looks at the first word only: such statements can be as large as a packet.
bool is_dml(std::string_view statement) {
  const Token first = Lexer(statement).next();
  return std::ranges::any_of(
      std::initializer_list<std::string_view>{"INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD",
                                              "CALL", "SELECT", "DO", "WITH", "TABLE", "VALUES"},
      [&first](std::string_view word) { return first.is(word); });
}

}  // namespace

Touches touches_of_statement(std::string_view statement, std::string_view database,
                             bool fold_case) {
  Touches all(fold_case);
  if (is_dml(statement)) {
    all.touched.add_all("the log holds a statement instead of rows");
    return all;
  }
  // The log keeps a statement in its client's character set and shows its bytes as they are: names
  // beyond ASCII cannot be trusted.
  const auto is_foreign = [](char c) { return (static_cast<unsigned char>(c) & 0x80U) != 0; };
  if (statement.size() <= ddl_bytes) {
    Touches touches = DdlReader(statement, database, fold_case).read();
    if (touches.touched.is_empty() || std::ranges::none_of(statement, is_foreign)) return touches;
    all.touched.add_all("a statement of the log has names that are not ASCII");
  } else {
    all.touched.add_all("the log holds a very long statement");
  }
  all.redefined.add_all(all.touched.all_because());
  return all;
}

}  // namespace tideway
