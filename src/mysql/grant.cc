// The GRANT that gives what the server's text says is missing.
#include <fmt/format.h>

#include <array>
#include <cctype>
#include <optional>

#include "base/text.h"
#include "model/table_id.h"
#include "mysql/errors.h"

namespace tideway {
namespace {

std::string quote_text(std::string_view text) {
  std::string literal = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') literal += c;
    literal += c;
  }
  return literal + "'";
}

// u@h, the host behind the last @.
std::string quote_account(std::string_view account) {
  const std::size_t at = account.rfind('@');
  if (at == std::string_view::npos) return quote_text(account);
  return quote_text(account.substr(0, at)) + "@" + quote_text(account.substr(at + 1));
}

struct Quoted {
  std::string name;
  std::size_t end = 0;  // behind the closing quote
};

// What stands between quotes right after `before`. Names come in ' or, from newer versions, in `
// with ` doubled.
std::optional<Quoted> quoted_after(std::string_view text, std::string_view before) {
  std::size_t at = text.find(before);
  if (at == std::string_view::npos) return std::nullopt;
  at += before.size();
  if (at >= text.size() || (text[at] != '\'' && text[at] != '`')) return std::nullopt;
  const char quote = text[at++];
  Quoted found;
  for (; at < text.size(); ++at) {
    if (text[at] == quote) {
      const bool is_doubled = quote == '`' && at + 1 < text.size() && text[at + 1] == '`';
      if (!is_doubled) return Quoted{std::move(found.name), at + 1};
      ++at;
    }
    found.name += text[at];
  }
  return std::nullopt;
}

// The database before `.table` in a statement: `d`.`t`, d.t. Empty: it names the table without one.
std::string database_of(std::string_view statement, std::string_view table) {
  const std::string in_quotes = "." + quoted(table), plain = "." + std::string(table);
  std::size_t dot = statement.find(in_quotes);
  if (dot == std::string_view::npos) dot = statement.find(plain);
  if (dot == std::string_view::npos || dot == 0) return {};
  if (statement[dot - 1] == '`') {
    std::string name;  // backwards: the quote that opens it is the first single one
    for (std::size_t at = dot - 1; at > 0; --at) {
      const char c = statement[at - 1];
      if (c == '`') {
        if (at < 2 || statement[at - 2] != '`') return {name.rbegin(), name.rend()};
        --at;
      }
      name += c;
    }
    return {};
  }
  std::size_t begin = dot;
  while (begin > 0 && (std::isalnum(static_cast<unsigned char>(statement[begin - 1])) != 0 ||
                       statement[begin - 1] == '_' || statement[begin - 1] == '$'))
    --begin;
  return std::string(statement.substr(begin, dot - begin));
}

struct Needed {
  std::string_view begins, privilege;
};
constexpr std::array needed_for_database = {
    Needed{"select", "SELECT"},
    Needed{"show create", "SELECT"},
    Needed{"show", "SELECT"},
    Needed{"use", "SELECT"},
    Needed{"lock", "LOCK TABLES"},
    Needed{"insert", "INSERT"},
    Needed{"replace", "INSERT, DELETE"},
    Needed{"load", "INSERT"},
    Needed{"update", "UPDATE"},
    Needed{"delete", "DELETE"},
    Needed{"create", "CREATE"},
    Needed{"drop", "DROP"},
    Needed{"alter", "ALTER"},
    Needed{"truncate", "DROP"},
};

std::string_view needed_by(std::string_view statement) {
  const std::string lower = ascii_lower(statement.substr(0, 32));
  for (const Needed& each : needed_for_database) {
    if (std::string_view(lower).starts_with(each.begins)) return each.privilege;
  }
  return {};
}

// "SUPER, REPLICATION CLIENT" or "SUPER or X": the smallest that does, SUPER last.
std::string_view smallest_privilege(std::string_view list) {
  std::string_view first;
  while (!list.empty()) {
    const std::size_t comma = list.find(','), word = list.find(" or ");
    const std::size_t end = comma < word ? comma : word;
    std::string_view each = list.substr(0, end);
    list = end == std::string_view::npos ? std::string_view()
                                         : list.substr(end + (end == comma ? 1 : 4));
    while (each.starts_with(' ')) each.remove_prefix(1);
    while (each.ends_with(' ')) each.remove_suffix(1);
    if (first.empty() || first == "SUPER") first = each;
  }
  return first;
}

// The text names the host that connects ('app'@'10.0.0.7'); the account that needs the privilege is
// the one that the server matched.
std::string account_in(std::string_view text, std::string_view account) {
  if (!account.empty()) return quote_account(account);
  const auto user = quoted_after(text, "user ");
  const auto host = quoted_after(text, "@");
  return user && host ? quote_text(user->name) + "@" + quote_text(host->name)
                      : std::string("CURRENT_USER()");
}

// Words of the server's that are no privilege, and the least one that does.
std::string grantable(std::string_view denied) {
  const std::string lower = ascii_lower(denied);
  if (lower == "show" || lower == "any") return "SELECT";
  if (lower == "select with locking clause") return "UPDATE";
  if (lower.starts_with("select, lock tabl")) return "SELECT, LOCK TABLES";
  std::string words;
  for (const char c : denied)
    words += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return words;
}

// "SELECT command denied to user 'u'@'h' for table 't'"; newer ones say `d`.`t`.
std::string grant_for_table(std::string_view text, std::string_view statement,
                            std::string_view account) {
  const std::string privilege(text.substr(0, text.find(" command denied")));
  const bool by_column = text.find("for column ") != std::string_view::npos;
  const std::string_view before = by_column ? "in table " : "for table ";
  auto first = quoted_after(text, before);
  if (!first || privilege.empty() || privilege.size() == text.size()) return {};
  std::string database, table = std::move(first->name);
  const std::string_view rest = text.substr(first->end);
  if (auto second = rest.starts_with('.') ? quoted_after(rest, ".") : std::nullopt) {
    database = std::move(table);
    table = std::move(second->name);
  } else {
    database = database_of(statement, table);
  }
  const std::string where =
      database.empty() ? quoted(table) : quoted(database) + "." + quoted(table);
  return fmt::format("GRANT {} ON {} TO {}", grantable(privilege), where,
                     account_in(text, account));
}

}  // namespace

std::string grant_for(std::uint32_t number, std::string_view text, std::string_view statement,
                      std::string_view account) {
  switch (number) {
    case 1044: {
      const auto database = quoted_after(text, "database ");
      const std::string_view privilege = needed_by(statement);
      if (!database) return {};
      return fmt::format("GRANT {} ON {}.* TO {}", privilege.empty() ? "ALL PRIVILEGES" : privilege,
                         quoted(database->name), account_in(text, account));
    }
    case 1045: {
      const std::string lower = ascii_lower(statement.substr(0, 4096));
      const bool is_file =
          lower.starts_with("load data") || lower.find("into outfile") != std::string::npos;
      return is_file ? fmt::format("GRANT FILE ON *.* TO {}", account_in(text, account))
                     : std::string();
    }
    case 1142:
    case 1143:
      return grant_for_table(text, statement, account);
    case 1227: {
      const std::size_t begin = text.find("of) the "), end = text.find(" privilege");
      if (begin == std::string_view::npos || end == std::string_view::npos || account.empty())
        return {};
      return fmt::format("GRANT {} ON *.* TO {}",
                         smallest_privilege(text.substr(begin + 8, end - begin - 8)),
                         quote_account(account));
    }
    case 1370: {
      const auto routine = quoted_after(text, "routine ");
      if (!routine) return {};
      return fmt::format("GRANT EXECUTE ON {}.* TO {}",
                         quoted(routine->name.substr(0, routine->name.find('.'))),
                         account_in(text, account));
    }
    case 1419:
      return "SET GLOBAL log_bin_trust_function_creators = ON";
    default:
      return {};
  }
}

}  // namespace tideway
