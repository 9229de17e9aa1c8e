#include "sql/rewrite.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "base/text.h"
#include "sql/charset.h"
#include "sql/collation_map.h"
#include "sql/column_parser.h"
#include "sql/rewrite_parts.h"

namespace tideway {
namespace {

using Kind = TargetTraits::Kind;

// What becomes of a version comment; `why` for one that is taken out.
struct Verdict {
  enum class Does : std::uint8_t { stay, open, go } does = Does::stay;
  std::string why;
};

std::uint32_t version_of(std::string_view mark) {
  std::uint32_t version = 0;
  const std::size_t digits = mark.find_first_of("0123456789");
  if (digits != std::string_view::npos)
    std::from_chars(mark.data() + digits, mark.data() + mark.size(), version);
  return version;
}

Verdict judge(std::string_view mark, const TargetTraits& target) {
  using Does = Verdict::Does;
  const auto older = [&target](std::string_view family, std::uint32_t version) {
    return Verdict{Does::go, fmt::format("{} has it from {} on, the target is {}", family,
                                         version_text(version), target_text(target))};
  };
  if (mark.starts_with("/*T!")) {
    if (target.kind == Kind::tidb) return {};
    return {Does::go, "only TiDB has it"};
  }
  const std::uint32_t version = version_of(mark);
  if (mark.starts_with("/*M!") || version >= 100000) {
    if (target.kind != Kind::mariadb) return {Does::go, "only MariaDB has it"};
    return version <= target.version ? Verdict{} : older("MariaDB", version);
  }
  switch (target.kind) {
    case Kind::mysql:
      return version <= target.version ? Verdict{} : older("MySQL", version);
    case Kind::mariadb:
      return version >= 50700 ? Verdict{Does::open, {}} : Verdict{};
    case Kind::tidb:
      break;  // reads them all
  }
  return {};
}

std::string shortened(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \n"), text.size());
  std::string out(text.substr(begin, 80));
  out.erase(out.find_last_not_of(" \n") + 1);
  return out;
}

// Which column or key of a CREATE TABLE a token lies in: the words from the element's begin to its
// first quoted name.
class ElementNames {
 public:
  void see(const Token& token) {
    const bool is_comment = token.kind == TokenKind::comment ||
                            token.kind == TokenKind::version_open ||
                            token.kind == TokenKind::version_close;
    if (is_comment) return;
    if (token.is('(')) ++depth_;
    if (token.is(')') && depth_ > 0) --depth_;
    const bool begins = depth_ == 1 && (token.is('(') || token.is(','));
    if (begins || depth_ == 0) {
      name_.clear();
      words_left_ = begins ? 4 : 0;
    } else if (words_left_ > 0) {
      --words_left_;
      name_ += (name_.empty() ? "" : " ") + std::string(token.text);
      if (token.kind == TokenKind::quoted_word) words_left_ = 0;
    }
  }
  std::string prefix() const { return name_.empty() ? name_ : name_ + ": "; }

 private:
  std::size_t depth_ = 0;
  int words_left_ = 0;
  std::string name_;
};

}  // namespace

std::string to_text(const StatementChange& change) { return change.what + ": " + change.why; }

std::string version_text(std::uint32_t version) {
  return fmt::format("{}.{}.{}", version / 10000, version / 100 % 100, version % 100);
}

std::string target_text(const TargetTraits& target) {
  const std::string_view family = target.kind == Kind::mysql     ? "MySQL"
                                  : target.kind == Kind::mariadb ? "MariaDB"
                                                                 : "TiDB";
  return fmt::format("{} {}", family, version_text(target.version));
}

std::string resolve_version_comments(std::string_view statement, const TargetTraits& target,
                                     std::vector<StatementChange>& changes) {
  struct Open {
    Token mark;
    Verdict verdict;
    std::string element;
  };
  ElementNames names;
  LexerOptions options;
  options.keep_comments = true;
  Lexer lexer(statement, options);
  TextEdit edit(statement);
  std::vector<Open> open;
  Token last;
  for (Token token = lexer.next(); token.kind != TokenKind::end; token = lexer.next()) {
    if (token.kind == TokenKind::version_open)
      open.push_back({token, judge(token.text, target), names.prefix()});
    names.see(token);
    if (token.kind == TokenKind::version_close) {
      const Open opened = std::move(open.back());
      open.pop_back();
      if (opened.verdict.does == Verdict::Does::open) {
        edit.replace(opened.mark.offset, opened.mark.end(), {});
        edit.replace(token.offset, token.end(), {});
      } else if (opened.verdict.does == Verdict::Does::go) {
        const std::string_view inside =
            statement.substr(opened.mark.end(), token.offset - opened.mark.end());
        edit.remove(opened.mark.offset, token.end());
        changes.push_back({opened.element + shortened(inside) + " left out", opened.verdict.why});
      }
    }
    last = token;
  }
  if (last.is(';')) edit.remove(last.offset, last.end());
  return edit.apply();
}

std::string without_empty_version_comments(std::string_view text) {
  LexerOptions options;
  options.keep_comments = true;
  Lexer lexer(text, options);
  TextEdit edit(text);
  Token last;
  for (Token token = lexer.next(); token.kind != TokenKind::end; token = lexer.next()) {
    if (token.kind == TokenKind::version_close && last.kind == TokenKind::version_open)
      edit.remove(last.offset, token.end());
    last = token;
  }
  return edit.apply();
}

Result<bool> CharsetClause::take(TokenCursor& cursor) {
  if (accept_charset_words(cursor)) {
    charset_ = TRY(parse_option_word(cursor, "a character set"));
    charset_at_ = cursor.last();
  } else if (cursor.accept("COLLATE")) {
    cursor.accept('=');
    collation_ = TRY(parse_option_word(cursor, "a collation"));
    collation_at_ = cursor.last();
  } else {
    return false;
  }
  return true;
}

void CharsetClause::rewrite(TextEdit& edit, const TargetTraits& target,
                            const std::string& inherited_charset, std::string_view what,
                            std::vector<StatementChange>& changes) const {
  if (charset_.empty() && collation_.empty()) return;
  if (target.charsets.empty() || target.collations.empty() || ascii_lower(charset_) == "binary")
    return;
  const std::string charset = charset_.empty() ? inherited_charset : charset_;
  const std::string collation = collation_.empty() ? default_collation(charset) : collation_;
  if (collation.empty() || ascii_lower(collation) == "default") return;
  const MappedCollation mapped = map_collation(charset, collation, target);
  const bool is_other_charset =
      !charset_.empty() && canonical_charset(mapped.charset) != canonical_charset(charset_);
  const bool is_other_collation =
      canonical_charset(mapped.collation) != canonical_charset(collation);
  if (is_other_charset) edit.replace(charset_at_.offset, charset_at_.end(), mapped.charset);
  if (!collation_.empty()) {
    if (!mapped.why.empty())
      edit.replace(collation_at_.offset, collation_at_.end(), mapped.collation);
  } else if (is_other_collation || !defaults_to(mapped.charset, mapped.collation, target)) {
    // What the source gives without being told, the target has to be told.
    const bool has_equals = edit.text().substr(0, charset_at_.offset).ends_with('=');
    edit.insert(charset_at_.end(), (has_equals ? " COLLATE=" : " COLLATE ") + mapped.collation);
  }
  if (is_other_collation || (!collation_.empty() && !mapped.why.empty())) {
    const std::string from = is_other_charset ? charset + " " + collation : collation;
    const std::string to =
        is_other_charset ? mapped.charset + " " + mapped.collation : mapped.collation;
    changes.push_back({fmt::format("{}: {} became {}", what, from, to), mapped.why});
  }
}

Result<Rewritten> rewrite_create_database(std::string_view statement, std::string_view name,
                                          const TargetTraits& target) {
  Rewritten rewritten;
  const std::string text = resolve_version_comments(statement, target, rewritten.changes);
  TokenCursor cursor(text);
  TextEdit edit(text);
  TRY(cursor.expect("CREATE"));
  if (!cursor.accept("SCHEMA")) TRY(cursor.expect("DATABASE"));
  const std::size_t name_begin = cursor.peek().offset;
  cursor.accept_words({"IF", "NOT", "EXISTS"});
  TRY(cursor.expect_name("the name of the database"));
  edit.replace(name_begin, cursor.last().end(), "IF NOT EXISTS " + quoted(name));
  CharsetClause charset;
  while (!cursor.is_at_end()) {
    const std::size_t begin = cursor.peek().offset;
    cursor.accept("DEFAULT");
    if (TRY(charset.take(cursor))) continue;
    const bool is_encryption = cursor.accept("ENCRYPTION");
    if (!is_encryption) {
      cursor.take();  // an option this version does not know: the server's to judge
      continue;
    }
    cursor.accept('=');
    cursor.take();
    if (target.kind != Kind::mysql) {
      edit.remove(begin, cursor.last().end());
      rewritten.changes.push_back({"ENCRYPTION left out", "only MySQL has it"});
    }
  }
  charset.rewrite(edit, target, {}, "database " + quoted(name), rewritten.changes);
  rewritten.text = without_empty_version_comments(edit.apply());
  return rewritten;
}

Result<Rewritten> rewrite_create_view(std::string_view statement, const TableId& name,
                                      const TargetTraits& target, Definer definer) {
  Rewritten rewritten;
  const std::string text = resolve_version_comments(statement, target, rewritten.changes);
  TokenCursor cursor(text);
  TextEdit edit(text);
  TRY(cursor.expect("CREATE"));
  const std::size_t replace_begin = cursor.peek().offset;
  if (cursor.accept_words({"OR", "REPLACE"})) edit.remove(replace_begin, cursor.last().end());
  while (!cursor.at("VIEW")) {
    const Token first = cursor.peek();
    if (cursor.accept_words({"SQL", "SECURITY"})) {
      cursor.take();  // DEFINER or INVOKER
      continue;
    }
    const bool is_definer = cursor.at("DEFINER");
    if (!is_definer && !cursor.at("ALGORITHM")) return fail(cursor.unexpected("VIEW"));
    cursor.take();
    // Up to the next of these words: what stands between is the value.
    while (!cursor.is_at_end() && !cursor.at_one_of({"ALGORITHM", "DEFINER", "SQL", "VIEW"}))
      cursor.take();
    if (is_definer && definer == Definer::drop) {
      edit.remove(first.offset, cursor.last().end());
      rewritten.changes.push_back(
          {std::string(cursor.text_between(first.offset, cursor.last().end())) + " left out",
           "the account that makes the view becomes its definer"});
    }
  }
  cursor.take();
  const std::size_t name_begin = cursor.peek().offset;
  cursor.accept_words({"IF", "NOT", "EXISTS"});
  TRY(cursor.expect_name("the name of the view"));
  if (cursor.accept('.')) TRY(cursor.expect_name("the name of the view"));
  edit.replace(name_begin, cursor.last().end(), quoted(name));
  while (!cursor.is_at_end()) {
    CharsetClause collation;
    if (cursor.at("COLLATE") && TRY(collation.take(cursor))) {
      collation.rewrite(edit, target, {}, "view " + quoted(name), rewritten.changes);
    } else {
      cursor.take();
    }
  }
  rewritten.text = without_empty_version_comments(edit.apply());
  return rewritten;
}

}  // namespace tideway
