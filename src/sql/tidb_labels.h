#pragma once

#include <string>
#include <string_view>

namespace tideway {

// What SHOW CREATE TABLE of TiDB gives, as a statement that any server reads. TiDB prints the
// labels of ENUM and SET with their quotes doubled and their backslashes as they are:
// `set('x\','y')` has the two labels `x\` and `y`. Here they are doubled. TiDB prints a newline, a
// carriage return and a NUL as \n, \r and \0, and a backslash before one of these letters just so:
// it is taken for the former. Pure; text without labels comes back as it was.
std::string with_readable_labels(std::string_view create_text);

}  // namespace tideway
