#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/table_filter.h"
#include "model/table_id.h"

namespace re2 {
class RE2;
}

namespace tideway {

// A pattern of names as routing rules have them: a glob (`*`, `?`, `[a-z]`, `[!a-z]`; a bracket
// that is not closed stands for itself) that the whole name must match, or `~` and a regular
// expression of RE2 that is found anywhere in it. Immutable, cheap to copy, any thread.
class NamePattern {
 public:
  // TW112 for an empty text and for an expression that RE2 cannot read.
  static Result<NamePattern> parse(std::string_view text, FilterCase filter_case);
  static NamePattern of_name(std::string_view name, FilterCase filter_case);  // exactly this one

  bool matches(std::string_view name) const;
  const std::string& text() const { return text_; }  // as written

 private:
  NamePattern() = default;
  std::string text_;
  bool folds_ = false;
  std::string literal_;  // where nothing in it is special
  std::shared_ptr<const re2::RE2> expression_;
};

// The tables of some databases, or, without a table part, the databases themselves.
struct TablePattern {
  NamePattern schema;
  std::optional<NamePattern> table;
  bool matches(const TableId& id) const;  // false where it has a table part and `id` has none
  std::string text() const;               // "shop*.orders"
};

// TW112 with what RE2 says. `text` matches upper and lower case alike where `folds`.
Result<std::shared_ptr<const re2::RE2>> compile_expression(const std::string& text, bool folds);

Error rule_error(std::string message);  // TW112

}  // namespace tideway
