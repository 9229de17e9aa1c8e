#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/table_def.h"

namespace tideway {

// What of a key's value decides whether the target takes it for equal to another (exactness §9).
//   bytes    as they are; zeros at the end of BINARY(n) do not count
//   bits     as a number
//   number   as written, without zeros and signs that do not count
//   text     as they are, but for blanks at the end: collations that compare characters by code
//   folded   ASCII letters in lower case: what differs otherwise differs in these collations; a
//            value with anything but printable ASCII in it may equal another one
//   opaque   any value may equal any other: collations that know languages, columns whose types
//            differ between source and target
enum class KeyForm : std::uint8_t { bytes, bits, number, text, folded, opaque };

KeyForm key_form(const ColumnType& source, const ColumnType& target);
bool folds_ascii_only(std::string_view collation);

// Appends the value so that equal ones are appended alike. false: it may equal another one that is
// not. prefix: of a key over the beginning of a column, in characters or bytes; 0: the whole.
bool append_key_value(std::string& out, KeyForm form, std::uint32_t prefix, std::string_view text);

}  // namespace tideway
