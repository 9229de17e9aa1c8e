#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tideway {

// A value that is more than a word: a map, a list or a word of a YAML text, and where it stands. A
// value.
struct ConfigTree {
  enum class Kind : std::uint8_t { nothing, word, list, map };
  Kind kind = Kind::nothing;
  std::string word;                  // of a word
  std::vector<ConfigTree> children;  // of a list or a map, in the file's order
  std::string place;                 // file:line:column
  std::string key, key_place;        // of a map's member

  bool is_given() const { return kind != Kind::nothing; }
};

// TW101: no YAML, more than one document, or a key twice in one map.
Result<ConfigTree> parse_config_tree(const std::string& text, const std::string& path);

// The value on one line, as YAML: equal values have equal texts, wherever they stand.
std::string to_text(const ConfigTree& tree);

// "file:line:column: what is wrong", with the place as evidence.
Error config_error(ErrorCode code, const std::string& place, std::string_view message);

// Takes a map apart, key by key: what nobody asked for is an error at the end. The tree outlives
// it. Errors are TW101 (another shape) and TW102 (an unknown key), with the place.
class ConfigMap {
 public:
  // `what` is for messages: "a route".
  static Result<ConfigMap> of(const ConfigTree& tree, std::string_view what);

  const ConfigTree* find(std::string_view key);  // nullptr: not there, or nothing behind the colon
  Result<std::string> word(std::string_view key);  // empty: not there
  Result<std::string> required_word(std::string_view key);
  Result<std::vector<std::string>> words(std::string_view key);  // a list of words, or one word
  Result<void> finish() const;

  const std::string& place() const { return tree_->place; }

 private:
  ConfigMap(const ConfigTree* tree, std::string what) : tree_(tree), what_(std::move(what)) {}
  const ConfigTree* tree_;
  std::string what_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace tideway
