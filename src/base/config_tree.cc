#include "base/config_tree.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "base/text.h"

namespace tideway {
namespace {

// Files are written by people: deeper than this is an attack or an accident.
constexpr int most_levels = 32;

std::string place_of(const YAML::Mark& mark, const std::string& path) {
  // yaml-cpp counts from 0, editors from 1; a mark of an empty node is null.
  return mark.is_null() ? path : fmt::format("{}:{}:{}", path, mark.line + 1, mark.column + 1);
}

Result<ConfigTree> tree_of(const YAML::Node& node, const std::string& path, int level) {
  ConfigTree tree;
  tree.place = place_of(node.Mark(), path);
  if (level > most_levels)
    return fail(config_error(ErrorCode::config_syntax, tree.place, "this is nested too deeply"));
  if (node.IsScalar()) {
    tree.kind = ConfigTree::Kind::word;
    tree.word = node.Scalar();
  } else if (node.IsSequence()) {
    tree.kind = ConfigTree::Kind::list;
    for (const auto& item : node) tree.children.push_back(TRY(tree_of(item, path, level + 1)));
  } else if (node.IsMap()) {
    tree.kind = ConfigTree::Kind::map;
    for (const auto& member : node) {
      const std::string place = place_of(member.first.Mark(), path);
      if (!member.first.IsScalar())
        return fail(config_error(ErrorCode::config_syntax, place, "a key is not a plain word"));
      const std::string& key = member.first.Scalar();
      if (std::ranges::find(tree.children, key, &ConfigTree::key) != tree.children.end()) {
        return fail(config_error(ErrorCode::config_syntax, place,
                                 fmt::format("the key '{}' stands here a second time", key)));
      }
      ConfigTree child = TRY(tree_of(member.second, path, level + 1));
      child.key = key;
      child.key_place = place;
      tree.children.push_back(std::move(child));
    }
  }
  return tree;
}

}  // namespace

Result<ConfigTree> parse_config_tree(const std::string& text, const std::string& path) {
  try {
    const auto documents = YAML::LoadAll(text);
    if (documents.empty()) return ConfigTree{};
    if (documents.size() > 1) {
      return fail(config_error(ErrorCode::config_syntax, place_of(documents[1].Mark(), path),
                               "the file holds more than one document"));
    }
    return tree_of(documents.front(), path, 0);
  } catch (const YAML::Exception& error) {
    return fail(config_error(ErrorCode::config_syntax, place_of(error.mark, path), error.msg));
  }
}

std::string to_text(const ConfigTree& tree) {
  // Words in JSON's quotes, which YAML shares: nothing in them is special.
  const auto quoted_word = [](const std::string& word) {
    std::string text = "\"";
    for (const char c : word) {
      if (c == '"' || c == '\\') text += '\\';
      if (static_cast<unsigned char>(c) >= 0x20)
        text += c;
      else
        text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
    return text + '"';
  };
  if (tree.kind == ConfigTree::Kind::nothing) return "~";
  if (tree.kind == ConfigTree::Kind::word) return quoted_word(tree.word);
  const bool is_map = tree.kind == ConfigTree::Kind::map;
  std::string text = is_map ? "{" : "[";
  for (const ConfigTree& child : tree.children) {
    if (text.size() > 1) text += ", ";
    if (is_map) text += quoted_word(child.key) + ": ";
    text += to_text(child);
  }
  return text + (is_map ? "}" : "]");
}

Error config_error(ErrorCode code, const std::string& place, std::string_view message) {
  Evidence evidence;
  evidence.position = place;
  std::string text = fmt::format("{}: {}", place, message);
  return {code, Side::local, Retry::never, std::move(evidence), std::move(text)};
}

Result<ConfigMap> ConfigMap::of(const ConfigTree& tree, std::string_view what) {
  if (tree.kind != ConfigTree::Kind::map) {
    return fail(config_error(ErrorCode::config_syntax, tree.place,
                             fmt::format("{} is a map of keys to values", what)));
  }
  return ConfigMap(&tree, std::string(what));
}

const ConfigTree* ConfigMap::find(std::string_view key) {
  asked_.emplace(key);
  const auto found = std::ranges::find(tree_->children, key, &ConfigTree::key);
  return found == tree_->children.end() || !found->is_given() ? nullptr : &*found;
}

Result<std::string> ConfigMap::word(std::string_view key) {
  const ConfigTree* found = find(key);
  if (found == nullptr) return std::string();
  if (found->kind != ConfigTree::Kind::word) {
    return fail(config_error(ErrorCode::config_syntax, found->place,
                             fmt::format("'{}' of {} takes one value", key, what_)));
  }
  return found->word;
}

Result<std::string> ConfigMap::required_word(std::string_view key) {
  std::string text = TRY(word(key));
  if (!text.empty()) return text;
  return fail(config_error(ErrorCode::config_syntax, tree_->place,
                           fmt::format("{} has no '{}'", what_, key)));
}

Result<std::vector<std::string>> ConfigMap::words(std::string_view key) {
  std::vector<std::string> words;
  const ConfigTree* found = find(key);
  if (found == nullptr) return words;
  if (found->kind == ConfigTree::Kind::word) return std::vector{found->word};
  for (const ConfigTree& item : found->children) {
    if (found->kind != ConfigTree::Kind::list || item.kind != ConfigTree::Kind::word) {
      return fail(config_error(ErrorCode::config_syntax, item.place,
                               fmt::format("'{}' of {} takes a list of words", key, what_)));
    }
    words.push_back(item.word);
  }
  return words;
}

Result<void> ConfigMap::finish() const {
  for (const ConfigTree& member : tree_->children) {
    if (asked_.contains(member.key)) continue;
    const std::vector<std::string_view> known(asked_.begin(), asked_.end());
    const std::string_view near = nearest(member.key, known);
    return fail(
        config_error(ErrorCode::config_unknown_key, member.key_place,
                     fmt::format("{} has no key '{}'{}", what_, member.key,
                                 near.empty() ? "" : fmt::format("; did you mean '{}'?", near))));
  }
  return {};
}

}  // namespace tideway
