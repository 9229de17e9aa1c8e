#include "sql/text_edit.h"

#include <algorithm>

#include "base/check.h"

namespace tideway {

void TextEdit::replace(std::size_t begin, std::size_t end, std::string with) {
  CHECK(begin <= end && end <= text_.size());
  replacements_.push_back({begin, end, std::move(with)});
}

void TextEdit::remove(std::size_t begin, std::size_t end) {
  while (begin > 0 && (text_[begin - 1] == ' ' || text_[begin - 1] == '\n')) --begin;
  replace(begin, end, {});
}

std::string TextEdit::apply() const {
  std::vector<const Replacement*> sorted;
  for (const Replacement& replacement : replacements_) sorted.push_back(&replacement);
  // What is inserted where a replaced range begins stands before it, not in it.
  const auto is_inserted = [](const Replacement* each) { return each->begin == each->end; };
  std::ranges::stable_sort(sorted, [&](const Replacement* a, const Replacement* b) {
    if (a->begin != b->begin) return a->begin < b->begin;
    if (is_inserted(a) != is_inserted(b)) return is_inserted(a);
    return a->end > b->end;
  });
  std::string out;
  std::size_t at = 0;
  for (const Replacement* replacement : sorted) {
    if (replacement->begin < at) continue;  // in an outer one
    out += text_.substr(at, replacement->begin - at);
    out += replacement->with;
    at = replacement->end;
  }
  return out + std::string(text_.substr(at));
}

}  // namespace tideway
