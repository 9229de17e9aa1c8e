#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/table_def.h"

namespace tideway {

// Values that have no cell text of their own, because what a server prints for them it prints for
// others too. The reader asks for a text that no other value of the column has (cell_expression()),
// digests see it on both sides, and the literal writer turns it back into the value.

// Whether some values of the type do not come back from UTF-8 as they were: characters of a set
// that MySQL does not map one to one (bytes without a character print as '?', a backslash of sjis
// comes back as 0x815F, a thousand characters of cp932 have two codes). Not for ENUM and SET, whose
// labels are in the definition.
bool may_bend(const ColumnType& type);

// What the cell text of such a value begins with, before its bytes in upper-case hex. U+10FFFE is
// no character, so that no text in such a character set converts to it.
inline constexpr std::string_view raw_mark = "\xF4\x8F\xBF\xBE";
inline bool is_raw(std::string_view cell_text) { return cell_text.starts_with(raw_mark); }

// The cell text of an ENUM's error value 0, which prints as '': that, or where '' is a label too a
// word that is none. A session that is not strict stores the error value for either.
std::string enum_error_text(const ColumnType& type);

// How the values of a SET that has a label '' are told apart, which print alike with it and
// without: by their number, which a server takes as a string too. What stands before the number, so
// that no label is taken for it: nothing, "+", "+0", … nullopt: the labels do.
std::optional<std::string> set_number_prefix(const ColumnType& type);

}  // namespace tideway
