#include "route/expression_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "sql/cursor.h"

namespace tideway {
namespace {

using Tree = ExpressionTree;

// Deeper than any person writes; the parser recurses.
constexpr int most_levels = 100;

class Parser {
 public:
  explicit Parser(std::string_view text) : cursor_(text) {}

  Result<Tree> parse() {
    Tree tree = TRY(expression());
    if (!cursor_.is_at_end()) return fail(cursor_.unexpected("the end of the expression"));
    return tree;
  }

 private:
  struct Level {
    std::array<std::string_view, 5> words;  // upper case, or symbols
  };
  Result<Tree> expression() {
    if (++level_ > most_levels)
      return fail(cursor_.error_at(cursor_.peek(), "the expression is nested too deeply"));
    Tree tree = TRY(disjunction());
    --level_;
    return tree;
  }
  Result<Tree> disjunction();
  Result<Tree> exclusion();
  Result<Tree> conjunction();
  Result<Tree> negation();
  Result<Tree> predicate();
  Result<Tree> test(Tree left, bool is_negated);
  Result<Tree> is_test(Tree left);
  Result<Tree> binary(std::size_t level);
  Result<Tree> unary();
  Result<Tree> operand();
  Result<Tree> name_or_call();
  Result<Tree> case_when();
  Result<std::vector<Tree>> list();

  bool at_symbol(std::string_view symbol) const {
    return cursor_.peek().kind == TokenKind::symbol && cursor_.peek().text == symbol;
  }
  bool accept_symbol(std::string_view symbol) {
    if (!at_symbol(symbol)) return false;
    cursor_.take();
    return true;
  }
  std::string place() const {
    const TextPlace at = place_of(cursor_.text(), cursor_.peek().offset);
    return fmt::format("{}:{}", at.line, at.column);
  }
  Tree call(std::string name, std::vector<Tree> arguments) const {
    Tree tree{Tree::Kind::operation, std::move(name), std::move(arguments), {}};
    tree.place = tree.arguments.empty() ? place() : tree.arguments.front().place;
    return tree;
  }
  static Tree negated(Tree tree, bool is_negated) {
    if (!is_negated) return tree;
    std::string at = tree.place;
    return {Tree::Kind::operation, "NOT", {std::move(tree)}, std::move(at)};
  }

  TokenCursor cursor_;
  int level_ = 0;
};

Result<Tree> Parser::disjunction() {
  Tree left = TRY(exclusion());
  while (cursor_.accept("OR") || accept_symbol("||"))
    left = call("OR", {std::move(left), TRY(exclusion())});
  return left;
}

Result<Tree> Parser::exclusion() {
  Tree left = TRY(conjunction());
  while (cursor_.accept("XOR")) left = call("XOR", {std::move(left), TRY(conjunction())});
  return left;
}

Result<Tree> Parser::conjunction() {
  Tree left = TRY(negation());
  while (cursor_.accept("AND") || accept_symbol("&&"))
    left = call("AND", {std::move(left), TRY(negation())});
  return left;
}

Result<Tree> Parser::negation() {
  bool is_negated = false;
  while (cursor_.accept("NOT")) is_negated = !is_negated;
  return negated(TRY(predicate()), is_negated);
}

Result<Tree> Parser::predicate() {
  static constexpr std::array<std::string_view, 8> comparisons = {
      "=", "<=>", "<>", "!=", "<=", ">=", "<", ">"};
  Tree left = TRY(binary(0));
  while (true) {
    if (cursor_.accept("IS")) {
      left = TRY(is_test(std::move(left)));
      continue;
    }
    const auto* const comparison = std::ranges::find_if(
        comparisons, [this](std::string_view each) { return at_symbol(each); });
    if (comparison != comparisons.end()) {
      cursor_.take();
      const bool is_unequal = *comparison == "!=";
      left = call(is_unequal ? "<>" : std::string(*comparison), {std::move(left), TRY(binary(0))});
      continue;
    }
    const bool is_negated = cursor_.at("NOT");
    if (is_negated || cursor_.at_one_of({"IN", "BETWEEN", "LIKE", "REGEXP", "RLIKE"})) {
      if (is_negated) cursor_.take();
      left = TRY(test(std::move(left), is_negated));
      continue;
    }
    return left;
  }
}

Result<Tree> Parser::is_test(Tree left) {
  const bool is_negated = cursor_.accept("NOT");
  for (const std::string_view word : {"NULL", "UNKNOWN", "TRUE", "FALSE"}) {
    if (!cursor_.accept(word)) continue;
    const std::string name = word == "UNKNOWN" ? "IS NULL" : fmt::format("IS {}", word);
    return negated(call(name, {std::move(left)}), is_negated);
  }
  return fail(cursor_.unexpected("NULL, TRUE, FALSE or UNKNOWN"));
}

Result<Tree> Parser::test(Tree left, bool is_negated) {
  if (cursor_.accept("IN")) {
    std::vector<Tree> arguments{std::move(left)};
    TRY(cursor_.expect('('));
    for (Tree& each : TRY(list())) arguments.push_back(std::move(each));
    if (arguments.size() == 1) return fail(cursor_.unexpected("a value"));
    return negated(call("IN", std::move(arguments)), is_negated);
  }
  if (cursor_.accept("BETWEEN")) {
    Tree low = TRY(binary(0));
    TRY(cursor_.expect("AND"));
    return negated(call("BETWEEN", {std::move(left), std::move(low), TRY(binary(0))}), is_negated);
  }
  if (cursor_.accept("LIKE")) {
    std::vector<Tree> arguments{std::move(left), TRY(binary(0))};
    if (cursor_.accept("ESCAPE")) arguments.push_back(TRY(operand()));
    return negated(call("LIKE", std::move(arguments)), is_negated);
  }
  if (cursor_.accept("REGEXP") || cursor_.accept("RLIKE"))
    return negated(call("REGEXP", {std::move(left), TRY(binary(0))}), is_negated);
  return fail(cursor_.unexpected("IN, BETWEEN, LIKE or REGEXP"));
}

// Operators from the loosest to the tightest.
Result<Tree> Parser::binary(std::size_t level) {
  static constexpr std::array<std::array<std::string_view, 5>, 6> levels = {{
      {"|"},
      {"&"},
      {"<<", ">>"},
      {"+", "-"},
      {"*", "/", "%", "DIV", "MOD"},
      {"^"},
  }};
  if (level == levels.size()) return unary();
  Tree left = TRY(binary(level + 1));
  while (true) {
    const auto found = std::ranges::find_if(levels[level], [this](std::string_view each) {
      return !each.empty() && (at_symbol(each) || cursor_.at(each));
    });
    if (found == levels[level].end()) return left;
    cursor_.take();
    const std::string name = *found == "MOD" ? "%" : std::string(*found);
    left = call(name, {std::move(left), TRY(binary(level + 1))});
  }
}

Result<Tree> Parser::unary() {
  if (++level_ > most_levels)
    return fail(cursor_.error_at(cursor_.peek(), "the expression is nested too deeply"));
  Tree tree;
  if (accept_symbol("-")) {
    tree = call("NEGATE", {TRY(unary())});
  } else if (accept_symbol("+")) {
    tree = TRY(unary());
  } else if (accept_symbol("!")) {
    tree = call("NOT", {TRY(unary())});
  } else if (accept_symbol("~")) {
    tree = call("~", {TRY(unary())});
  } else if (cursor_.at("BINARY")) {
    cursor_.take();
    tree = call("BINARY", {TRY(unary())});
  } else {
    tree = TRY(operand());
  }
  --level_;
  return tree;
}

Result<Tree> Parser::operand() {
  const std::string at = place();
  const Token token = cursor_.peek();
  const auto literal = [&](Tree::Kind kind, std::string text) {
    cursor_.take();
    return Tree{kind, std::move(text), {}, at};
  };
  switch (token.kind) {
    case TokenKind::number:
      return literal(Tree::Kind::number, std::string(token.text));
    case TokenKind::text: {
      Tree tree = literal(Tree::Kind::text, bytes_of(token));
      while (cursor_.peek().kind == TokenKind::text) tree.text += bytes_of(cursor_.take());
      return tree;
    }
    case TokenKind::hex:
    case TokenKind::bits:
      return literal(Tree::Kind::bytes, bytes_of(token));
    case TokenKind::word:
    case TokenKind::quoted_word:
      return name_or_call();
    default:
      break;
  }
  if (!cursor_.accept('(')) return fail(cursor_.unexpected("a value"));
  Tree inner = TRY(expression());
  TRY(cursor_.expect(')'));
  return inner;
}

Result<Tree> Parser::name_or_call() {
  const std::string at = place();
  for (const auto& [word, value] : {std::pair{"TRUE", "1"}, std::pair{"FALSE", "0"}}) {
    if (cursor_.at(word)) {
      cursor_.take();
      return Tree{Tree::Kind::number, value, {}, at};
    }
  }
  if (cursor_.accept("NULL")) return Tree{Tree::Kind::null, {}, {}, at};
  if (cursor_.at("CASE")) return case_when();
  const bool is_quoted = cursor_.peek().kind == TokenKind::quoted_word;
  std::string name = name_of(cursor_.take());
  if (cursor_.at('(') && !is_quoted) {
    cursor_.take();
    std::ranges::transform(name, name.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    });
    Tree tree{Tree::Kind::function, std::move(name), TRY(list()), at};
    return tree;
  }
  // `table`.`column`, with a database or without: the table is the filter's.
  while (cursor_.accept('.')) name = TRY(cursor_.expect_name("a column"));
  return Tree{Tree::Kind::column, std::move(name), {}, at};
}

// CASE [value] WHEN … THEN … [ELSE …] END becomes conditions and values in turn, with the rest
// last.
Result<Tree> Parser::case_when() {
  const std::string at = place();
  TRY(cursor_.expect("CASE"));
  std::optional<Tree> compared;
  if (!cursor_.at("WHEN")) compared = TRY(expression());
  Tree tree{Tree::Kind::operation, "CASE", {}, at};
  while (cursor_.accept("WHEN")) {
    Tree condition = TRY(expression());
    if (compared) condition = call("=", {*compared, std::move(condition)});
    TRY(cursor_.expect("THEN"));
    tree.arguments.push_back(std::move(condition));
    tree.arguments.push_back(TRY(expression()));
  }
  if (tree.arguments.empty()) return fail(cursor_.unexpected("WHEN"));
  tree.arguments.push_back(cursor_.accept("ELSE") ? TRY(expression())
                                                  : Tree{Tree::Kind::null, {}, {}, at});
  TRY(cursor_.expect("END"));
  return tree;
}

// Behind the opening parenthesis, up to and with the closing one.
Result<std::vector<Tree>> Parser::list() {
  std::vector<Tree> trees;
  if (cursor_.accept(')')) return trees;
  do {
    trees.push_back(TRY(expression()));
  } while (cursor_.accept(','));
  TRY(cursor_.expect(')'));
  return trees;
}

}  // namespace

Result<ExpressionTree> parse_expression(std::string_view text) {
  auto tree = Parser(text).parse();
  if (tree) return tree;
  return fail(Error(ErrorCode::expression_failed, Side::local, Retry::never,
                    tree.error().evidence(), tree.error().message()));
}

}  // namespace tideway
