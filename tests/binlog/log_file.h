#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tideway {

// The events of a file of the log: what stands behind its magic number, cut by the lengths that the
// events tell. Fails the running test where that does not come out.
std::vector<std::string_view> events_of(std::string_view log);

std::string unpacked(std::string_view gzip);  // a fixture

}  // namespace tideway
