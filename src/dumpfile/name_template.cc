#include "dumpfile/name_template.h"

#include <fmt/core.h>

#include "base/check.h"
#include "dumpfile/name_expression.h"

namespace tideway {

// text | {{pipe}} | {{if}}…{{else}}…{{end}} | {{template "name" pipe}}
struct NameTemplate::Node {
  enum class Kind : std::uint8_t { text, action, condition, call } kind = Kind::text;
  std::string text;  // the text, or the name of the template called
  NamePipe pipe;     // action, condition; call: its dot
  bool has_dot = false;
  Body then, otherwise;
};

namespace {

using Body = NameTemplate::Body;
using Node = NameTemplate::Node;

constexpr int depth_most = 32;
constexpr std::size_t name_most = 4096;
constexpr int steps_most =
    10000;  // templates that call templates twice, thirty deep, would take a day

constexpr std::string_view defaults =
    R"({{define "objectName"}}{{fn .DB}}.{{fn .Table}}{{end}})"
    R"({{define "schema"}}{{fn .DB}}-schema-create{{end}})"
    R"({{define "table"}}{{template "objectName" .}}-schema{{end}})"
    R"({{define "view"}}{{template "objectName" .}}-schema-view{{end}})"
    R"({{define "sequence"}}{{template "objectName" .}}-schema-sequence{{end}})"
    R"({{define "event"}}{{template "objectName" .}}-schema-post{{end}})"
    R"({{define "function"}}{{template "objectName" .}}-schema-post{{end}})"
    R"({{define "procedure"}}{{template "objectName" .}}-schema-post{{end}})"
    R"({{define "trigger"}}{{template "objectName" .}}-schema-triggers{{end}})"
    R"({{define "placement-policy"}}{{fn .Policy}}-placement-policy-create{{end}})"
    R"({{template "objectName" .}}.{{.Index}})";

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

bool is_empty(const Body& body) {
  for (const auto& node : body) {
    if (node->kind != Node::Kind::text || !trimmed(node->text).empty()) return false;
  }
  return true;
}

// What a {{…}} says: its first word and the rest.
struct Action {
  std::string_view word, rest;
  std::size_t at = 0;  // of the inside, in the template
};

class TemplateParser {
 public:
  TemplateParser(std::string_view text, NameTemplate::Set& set) : text_(text), set_(set) {}

  Result<void> parse() {
    Body body = TRY(list(0, "data", nullptr));
    redefine("data", std::move(body));
    return {};
  }

 private:
  Error error(std::string_view what, std::size_t at) const {
    return name_error(fmt::format("{} at byte {}", what, at));
  }

  void redefine(std::string_view name, Body body) {
    if (is_empty(body) && set_.contains(name)) return;
    set_.insert_or_assign(std::string(name), std::move(body));
  }

  // Nodes up to {{end}} or {{else}}, which is handed out through `ended`; nullptr: up to the end of
  // the text.
  Result<Body> list(int depth, std::string_view what, Action* ended) {
    if (depth > depth_most) return fail(error("templates are nested too deeply", at_));
    Body body;
    while (true) {
      const std::size_t open = text_.find("{{", at_);
      add_text(body, text_.substr(at_, open == std::string_view::npos ? open : open - at_), open);
      if (open == std::string_view::npos) {
        at_ = text_.size();
        if (ended != nullptr)
          return fail(error(fmt::format("unexpected end of the text in {}", what), at_));
        return body;
      }
      Action action = TRY(take_action(open));
      if (action.word.starts_with("/*")) continue;
      if (action.word == "end" || action.word == "else") {
        if (ended == nullptr)
          return fail(error(fmt::format("unexpected {{{{{}}}}}", action.word), open));
        *ended = action;
        return body;
      }
      TRY(add_action(body, action, depth));
    }
  }

  // The text before an action; blanks go where a neighbour says {{- or -}}.
  void add_text(Body& body, std::string_view text, std::size_t open) {
    if (trims_) {
      while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    }
    trims_ = false;
    const bool cuts = open != std::string_view::npos && text_.substr(open).starts_with("{{-") &&
                      open + 3 < text_.size() && is_blank(text_[open + 3]);
    if (cuts) {
      while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    }
    if (text.empty()) return;
    auto node = std::make_shared<Node>();
    node->text = std::string(text);
    body.push_back(std::move(node));
  }

  Result<Action> take_action(std::size_t open) {
    std::size_t start = open + 2;
    if (text_.substr(start).starts_with("-") && start + 1 < text_.size() &&
        is_blank(text_[start + 1]))
      start += 2;
    while (start < text_.size() && is_blank(text_[start])) ++start;
    const std::size_t close = TRY(closing(start, open));
    std::size_t end = close;
    if (end >= start + 2 && text_[end - 1] == '-' && is_blank(text_[end - 2])) {
      trims_ = true;
      end -= 2;
    }
    at_ = close + 2;
    Action action;
    const std::string_view inside = trimmed(text_.substr(start, end - start));
    if (inside.starts_with("/*")) {
      if (!inside.ends_with("*/") || inside.size() < 4)
        return fail(error("a comment ends before its action does", open));
      action.word = inside;
      return action;
    }
    if (inside.empty()) return fail(error("missing value for command", open));
    std::size_t word = 0;
    while (word < inside.size() && inside[word] >= 'a' && inside[word] <= 'z') ++word;
    action.word = inside.substr(0, word);
    action.rest = inside;
    action.at = static_cast<std::size_t>(inside.data() - text_.data());
    return action;
  }

  // The place of the }} that is not inside a quoted text or a comment.
  Result<std::size_t> closing(std::size_t start, std::size_t open) const {
    if (text_.substr(start).starts_with("/*")) {
      const std::size_t end = text_.find("*/", start + 2);
      const std::size_t close = end == std::string_view::npos ? end : text_.find("}}", end);
      if (close == std::string_view::npos) return fail(error("unclosed comment", open));
      return close;
    }
    char quote = '\0';
    for (std::size_t at = start; at < text_.size(); ++at) {
      const char c = text_[at];
      if (quote != '\0') {
        if (c == '\\' && quote == '"') ++at;
        if (c == quote) quote = '\0';
      } else if (c == '"' || c == '`') {
        quote = c;
      } else if (text_.substr(at).starts_with("}}")) {
        return at;
      }
    }
    return fail(error("unclosed action", open));
  }

  Result<void> add_action(Body& body, const Action& action, int depth) {
    const std::string_view rest = trimmed(action.rest.substr(action.word.size()));
    const std::size_t rest_at =
        rest.empty() ? action.at : static_cast<std::size_t>(rest.data() - text_.data());
    if (action.word == "define") return add_define(rest, rest_at, depth);
    auto node = std::make_shared<Node>();
    if (action.word == "if") {
      node->kind = Node::Kind::condition;
      TRY(fill_condition(*node, rest, rest_at, depth));
    } else if (action.word == "template") {
      node->kind = Node::Kind::call;
      TRY(fill_call(*node, rest, rest_at));
    } else if (action.word == "range" || action.word == "with" || action.word == "block" ||
               action.word == "break" || action.word == "continue") {
      return fail(error(fmt::format("{{{{{}}}}} is not supported", action.word), action.at));
    } else {
      node->kind = Node::Kind::action;
      node->pipe = TRY(parse_name_pipe(action.rest, action.at));
    }
    body.push_back(std::move(node));
    return {};
  }

  Result<std::string_view> quoted_name(std::string_view rest, std::size_t at) const {
    const std::size_t end = rest.size() > 1 && (rest[0] == '"' || rest[0] == '`')
                                ? rest.find(rest[0], 1)
                                : std::string_view::npos;
    if (end == std::string_view::npos) return fail(error("missing template name", at));
    return rest.substr(1, end - 1);
  }

  Result<void> add_define(std::string_view rest, std::size_t at, int depth) {
    if (depth != 0) return fail(error("unexpected {{define}}", at));
    const std::string_view name = TRY(quoted_name(rest, at));
    if (name.size() + 2 != rest.size())
      return fail(error("unexpected text after the name in define", at));
    Action ended;
    Body body = TRY(list(depth + 1, "define", &ended));
    if (ended.word != "end") return fail(error("unexpected {{else}} in define", ended.at));
    redefine(name, std::move(body));
    return {};
  }

  Result<void> fill_condition(Node& node, std::string_view condition, std::size_t at, int depth) {
    node.pipe = TRY(parse_name_pipe(condition, at));
    Action ended;
    node.then = TRY(list(depth + 1, "if", &ended));
    if (ended.word == "end") return {};
    const std::string_view more = trimmed(ended.rest.substr(4));
    if (more.starts_with("if") && more.size() > 2 && is_blank(more[2])) {
      auto chained = std::make_shared<Node>();
      chained->kind = Node::Kind::condition;
      if (depth + 1 > depth_most) return fail(error("templates are nested too deeply", ended.at));
      const std::string_view next = trimmed(more.substr(2));
      TRY(fill_condition(*chained, next, static_cast<std::size_t>(next.data() - text_.data()),
                         depth + 1));
      node.otherwise.push_back(std::move(chained));
      return {};
    }
    if (!more.empty()) return fail(error("unexpected text after else", ended.at));
    node.otherwise = TRY(list(depth + 1, "else", &ended));
    if (ended.word != "end") return fail(error("unexpected {{else}}", ended.at));
    return {};
  }

  Result<void> fill_call(Node& node, std::string_view rest, std::size_t at) {
    const std::string_view name = TRY(quoted_name(rest, at));
    node.text = std::string(name);
    const std::string_view dot = trimmed(rest.substr(name.size() + 2));
    if (dot.empty()) return {};
    if (dot != "." && dot != "$")
      return fail(error("a template can be given '.' and nothing else", at));
    node.has_dot = true;
    return {};
  }

  const std::string_view text_;
  NameTemplate::Set& set_;
  std::size_t at_ = 0;
  bool trims_ = false;  // the last action ended in -}}
};

class Renderer {
 public:
  explicit Renderer(const NameTemplate::Set& set) : set_(set) {}

  Result<void> render(std::string_view name, const NameFields* fields, int depth) {
    const auto found = set_.find(name);
    if (found == set_.end())
      return fail(name_error(fmt::format("template \"{}\" not defined", name)));
    if (depth > depth_most)
      return fail(name_error(fmt::format("template \"{}\" calls itself without end", name)));
    NameScope scope{fields, {}};
    return render_body(found->second, scope, depth);
  }
  std::string take() { return std::move(out_); }

 private:
  Result<void> render_body(const Body& body, NameScope& scope, int depth) {
    for (const auto& node : body) {
      if (++steps_ > steps_most || out_.size() > name_most)
        return fail(name_error("the file name becomes too long"));
      TRY(render_node(*node, scope, depth));
    }
    return {};
  }

  Result<void> render_node(const Node& node, NameScope& scope, int depth) {
    switch (node.kind) {
      case Node::Kind::text:
        out_ += node.text;
        return {};
      case Node::Kind::action: {
        const NameValue value = TRY(evaluate(node.pipe, scope));
        if (node.pipe.declares.empty()) out_ += to_text(value);
        return {};
      }
      case Node::Kind::condition:
        return render_body(is_true(TRY(evaluate(node.pipe, scope))) ? node.then : node.otherwise,
                           scope, depth);
      case Node::Kind::call:
        return render(node.text, node.has_dot ? scope.fields : nullptr, depth + 1);
    }
    return {};
  }

  const NameTemplate::Set& set_;
  std::string out_;
  int steps_ = 0;
};

const NameTemplate::Set& default_set() {
  static const NameTemplate::Set set = [] {
    NameTemplate::Set made;
    CHECK(TemplateParser(defaults, made).parse().has_value());
    return made;
  }();
  return set;
}

}  // namespace

NameTemplate::NameTemplate() : templates_(default_set()) {}

Result<NameTemplate> NameTemplate::parse(std::string_view text) {
  NameTemplate made;
  auto parsed = TemplateParser(text, made.templates_).parse();
  if (!parsed)
    return fail(std::move(parsed).error().during(
        "failed to parse output filename template (--output-filename-template '" +
        std::string(text) + "')"));
  return made;
}

Result<std::string> NameTemplate::render(std::string_view name, const NameFields& fields) const {
  Renderer renderer(templates_);
  auto done = renderer.render(name, &fields, 0);
  if (!done)
    return fail(std::move(done).error().during(fmt::format("file name template \"{}\"", name)));
  std::string made = renderer.take();
  if (made.size() > name_most) return fail(name_error("the file name becomes too long"));
  return made;
}

}  // namespace tideway
