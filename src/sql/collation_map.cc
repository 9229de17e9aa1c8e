#include "sql/collation_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "sql/charset.h"

namespace tideway {
namespace {

// The target's spelling of a character set or collation, or nothing: utf8 and utf8mb3 are one.
std::optional<std::string> charset_in(const TargetTraits& target, std::string_view charset) {
  const std::string wanted = canonical_charset(charset);
  const auto same = [&wanted](const auto& entry) {
    return canonical_charset(entry.first) == wanted;
  };
  if (target.charsets.contains(ascii_lower(charset))) return ascii_lower(charset);
  const auto found = std::ranges::find_if(target.charsets, same);
  if (found == target.charsets.end()) return std::nullopt;
  return found->first;
}

std::optional<std::string> collation_in(const TargetTraits& target, std::string_view collation) {
  const std::string wanted = canonical_charset(collation);
  if (target.collations.contains(ascii_lower(collation))) return ascii_lower(collation);
  const auto same = [&wanted](const std::string& name) {
    return canonical_charset(name) == wanted;
  };
  const auto found = std::ranges::find_if(target.collations, same);
  if (found == target.collations.end()) return std::nullopt;
  return *found;
}

bool is_case_sensitive(std::string_view collation) {
  return collation.ends_with("_bin") || collation.ends_with("_cs") || collation == "binary" ||
         collation.ends_with("_as_cs_nopad") || collation.ends_with("_as_cs");
}

// Collations of a character set from the nearest to the farthest, by their last words.
std::vector<std::string> candidates(const std::string& charset, std::string_view collation) {
  std::vector<std::string_view> tails;
  const bool is_unicode = canonical_charset(charset).starts_with("utf") || charset == "ucs2";
  if (is_case_sensitive(collation)) {
    if (collation.find("uca1400") != std::string_view::npos) tails = {"0900_as_cs"};
    // Without padding: `a` and `a ` are two keys and must stay so.
    const bool pads = collation.find("0900") == std::string_view::npos &&
                      collation.find("nopad") == std::string_view::npos;
    if (!pads) tails.push_back("0900_bin");
    tails.insert(tails.end(), {"bin", "0900_bin", "0900_as_cs"});
  } else if (is_unicode) {
    const bool is_accent_sensitive = collation.find("_as_ci") != std::string_view::npos;
    if (is_accent_sensitive) tails.push_back("0900_as_ci");
    if (collation.ends_with("general_ci") || collation.ends_with("general_nopad_ci"))
      tails.push_back("general_ci");
    tails.insert(tails.end(), {"0900_ai_ci", "unicode_520_ci", "unicode_ci", "general_ci", "bin"});
  } else {
    tails = {"general_ci", "bin"};
  }
  std::vector<std::string> names;
  for (const std::string_view tail : tails) names.push_back(charset + "_" + std::string(tail));
  return names;
}

std::string first_in(const TargetTraits& target, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (auto found = collation_in(target, name)) return *std::move(found);
  }
  return {};
}

std::string difference(std::string_view from, std::string_view to) {
  if (is_case_sensitive(from) == is_case_sensitive(to)) return "comparisons may differ";
  return is_case_sensitive(to) ? "comparisons now tell upper from lower case"
                               : "comparisons no longer tell upper from lower case";
}

}  // namespace

MappedCollation map_collation(std::string_view charset, std::string_view collation,
                              const TargetTraits& target) {
  MappedCollation mapped{ascii_lower(charset), ascii_lower(collation), {}};
  if (const std::string own = charset_of_collation(collation); !own.empty()) mapped.charset = own;
  if (target.charsets.empty() || target.collations.empty()) return mapped;
  const std::string source_charset = mapped.charset;
  const auto same_charset = charset_in(target, source_charset);
  const auto same_collation = collation_in(target, collation);
  if (same_charset && same_collation) {
    if (ascii_lower(collation) != *same_collation)
      mapped.why = "the target's name of the same collation";
    mapped.charset = *same_charset;
    mapped.collation = *same_collation;
    return mapped;
  }
  if (same_charset) {
    mapped.charset = *same_charset;
    const std::string usual =
        is_case_sensitive(mapped.collation) ? std::string() : default_collation(source_charset);
    mapped.collation = first_in(target, candidates(mapped.charset, ascii_lower(collation)));
    const bool is_nearer = !usual.empty() && collation_in(target, usual) &&
                           !canonical_charset(source_charset).starts_with("utf");
    if (is_nearer) mapped.collation = *collation_in(target, usual);
    if (mapped.collation.empty()) mapped.collation = target.charsets.at(mapped.charset);
    mapped.why = fmt::format("the target does not have {}; {}", ascii_lower(collation),
                             difference(ascii_lower(collation), mapped.collation));
    return mapped;
  }
  const auto wide = charset_in(target, "utf8mb4");
  if (!wide) return mapped;  // a target that has neither: it will say so itself
  mapped.charset = *wide;
  const bool is_sensitive = is_case_sensitive(mapped.collation);
  mapped.collation =
      is_sensitive ? first_in(target, {"utf8mb4_bin"})
                   : first_in(target, {"utf8mb4_general_ci", "utf8mb4_unicode_ci", "utf8mb4_bin"});
  if (mapped.collation.empty()) mapped.collation = target.charsets.at(mapped.charset);
  mapped.why = fmt::format("the target does not have character set {}; {}", source_charset,
                           difference(ascii_lower(collation), mapped.collation));
  return mapped;
}

bool defaults_to(std::string_view charset, std::string_view collation, const TargetTraits& target) {
  const auto known = charset_in(target, charset);
  return known && canonical_charset(target.charsets.at(*known)) == canonical_charset(collation);
}

}  // namespace tideway
