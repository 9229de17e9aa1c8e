#pragma once

#include <string>
#include <string_view>

#include "sql/lexer.h"
#include "sql/table_elements.h"

namespace tideway {

// SQL text as a session without ANSI_QUOTES and NO_BACKSLASH_ESCAPES reads it: names in back
// quotes, backslashes of texts doubled. What a definition keeps of a statement is in this form.
std::string in_usual_mode(std::string_view text, const LexerOptions& options);

// Everything that is kept as text of what a statement writes.
void to_usual_mode(TableElements& elements, const LexerOptions& options);

}  // namespace tideway
