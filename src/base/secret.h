#pragma once

#include <string>
#include <utility>

namespace tideway {

// A password or key: it can be handed on, and it cannot be printed, logged or compared by accident.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  const std::string& reveal() const { return value_; }
  bool is_empty() const { return value_.empty(); }

 private:
  std::string value_;
};

}  // namespace tideway
