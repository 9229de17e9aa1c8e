#include "sql/usual_text.h"

#include "model/table_id.h"
#include "sql/literal.h"
#include "sql/text_edit.h"

namespace tideway {

std::string in_usual_mode(std::string_view text, const LexerOptions& options) {
  if (!options.ansi_quotes && !options.no_backslash_escapes) return std::string(text);
  TextEdit edit(text);
  Lexer lexer(text, options);
  for (Token token = lexer.next(); token.kind != TokenKind::end; token = lexer.next()) {
    if (token.kind == TokenKind::quoted_word && token.text.starts_with('"')) {
      edit.replace(token.offset, token.end(), quoted(name_of(token)));
    } else if (token.kind == TokenKind::text && options.no_backslash_escapes) {
      std::string literal;
      append_quoted(literal, bytes_of(token, true));
      edit.replace(token.offset, token.end(), std::move(literal));
    }
  }
  return edit.apply();
}

void to_usual_mode(TableElements& elements, const LexerOptions& options) {
  if (!options.ansi_quotes && !options.no_backslash_escapes) return;
  const auto change = [&options](std::string& text) { text = in_usual_mode(text, options); };
  for (ParsedColumn& parsed : elements.columns) {
    if (parsed.column.default_text) change(*parsed.column.default_text);
    change(parsed.column.generation);
    change(parsed.column.on_update);
    change(parsed.column.attributes);
  }
  for (ParsedKey& parsed : elements.keys) {
    change(parsed.key.options);
    for (ParsedKeyPart& part : parsed.parts) change(part.part.expression);
  }
  for (std::string& check : elements.checks) change(check);
}

}  // namespace tideway
