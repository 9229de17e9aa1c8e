#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tideway {

// Appends a JSON document as MySQL 8 prints it: members ordered by the length of their names, then
// by their bytes; `, ` and `: ` between; of the characters only `"`, `\` and those below U+0020
// escaped; whole numbers as they are, others as the shortest text of the DOUBLE, `.0` behind one
// that has neither point nor exponent. Other servers print the same document otherwise (TiDB orders
// members by their bytes alone), and no SQL expression of theirs gives this text. What is no JSON,
// or is nested deeper than 1 000, is appended as it is: it equals nothing that MySQL prints.
void append_mysql_json(std::string& out, std::string_view document);

// A DOUBLE as MySQL prints it: the shortest text that reads back as the same value, with an
// exponent below 1e-15, and from 1e15 on where there is no fraction.
void append_mysql_double(std::string& out, double value);
// The same to where there is room for most_mysql_double bytes; returns its end.
inline constexpr std::size_t most_mysql_double = 48;
char* write_mysql_double(char* to, double value);

}  // namespace tideway
