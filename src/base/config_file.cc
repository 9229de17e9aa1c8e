#include "base/config_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/config_tree.h"
#include "base/file.h"
#include "base/text.h"

namespace tideway {
namespace {

using Kind = OptionSpec::Kind;
using TreeKind = ConfigTree::Kind;

class Reader {
 public:
  Reader(const std::string& path, const BoundOptions& options, ParsedOptions& parsed)
      : path_(path), options_(options), parsed_(parsed) {}

  Result<void> read(const ConfigTree& root) {
    if (!root.is_given()) return {};  // an empty file sets nothing
    if (root.kind != TreeKind::map)
      return fail(config_error(ErrorCode::config_syntax, root.place,
                               "the file is not a map of option names to values"));
    for (const ConfigTree& member : root.children) TRY(set_key(member));
    return {};
  }

 private:
  Result<void> set_key(const ConfigTree& value) {
    const std::string& key = value.key;
    const auto found = std::ranges::find_if(options_, [&key](const BoundOption& option) {
      return is_key(option.spec) &&
             (option.spec.name == key ||
              std::ranges::find(option.spec.aliases, key) != option.spec.aliases.end());
    });
    if (found == options_.end()) return fail(unknown(key, value.key_place));
    const BoundOption* option = &*found;
    if (option->spec.kind == Kind::retired) {
      option = successor_of(option->spec, key);
      if (option == nullptr) return {};
    }
    if (!value.is_given())
      return fail(config_error(ErrorCode::config_syntax, value.key_place,
                               fmt::format("'{}' has no value", key)));
    TRY(option->spec.kind == Kind::tree ? option->set_tree(value) : set_words(*option, key, value));
    parsed_.given.insert(option->spec.name);
    return {};
  }

  Result<void> set_words(const BoundOption& option, const std::string& key,
                         const ConfigTree& value) {
    if (value.kind == TreeKind::map)
      return fail(config_error(ErrorCode::config_syntax, value.place,
                               fmt::format("'{}' takes a value, not a map", key)));
    if (value.kind == TreeKind::list && !option.spec.takes_many) {
      return fail(config_error(ErrorCode::config_syntax, value.place,
                               fmt::format("'{}' takes one value, not a list", key)));
    }
    if (option.spec.takes_many) option.clear();
    if (value.kind == TreeKind::word) return set_word(option, key, value);
    for (const ConfigTree& item : value.children) {
      if (item.kind != TreeKind::word)
        return fail(config_error(ErrorCode::config_syntax, item.place,
                                 fmt::format("'{}' takes a list of plain values", key)));
      TRY(set_word(option, key, item));
    }
    return {};
  }

  static Result<void> set_word(const BoundOption& option, const std::string& key,
                               const ConfigTree& value) {
    if (auto set = option.set(value.word); !set) {
      return fail(config_error(set.error().code(), value.place,
                               fmt::format("{}: {}", key, set.error().message())));
    }
    return {};
  }

  static bool is_key(const OptionSpec& spec) {
    return spec.kind != Kind::word && !spec.is_config_file;
  }

  Error unknown(const std::string& key, const std::string& at) const {
    std::vector<std::string_view> known;
    for (const BoundOption& option : options_) {
      if (is_key(option.spec) && option.spec.kind != Kind::retired)
        known.push_back(option.spec.name);
    }
    const std::string_view near = nearest(key, known);
    return config_error(ErrorCode::config_unknown_key, at,
                        fmt::format("unknown key '{}'{}", key,
                                    near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
  }

  const BoundOption* successor_of(const OptionSpec& spec, const std::string& key) {
    if (spec.successor.empty()) {
      parsed_.warnings.push_back(
          fmt::format("{}: '{}' has no effect any more: {}", path_, key, spec.help));
      return nullptr;
    }
    parsed_.warnings.push_back(
        fmt::format("{}: '{}' is now '{}'; the old name goes with version {}", path_, key,
                    spec.successor, spec.gone_in));
    const auto found = std::ranges::find(
        options_, spec.successor, [](const BoundOption& option) { return option.spec.name; });
    return found == options_.end() ? nullptr : &*found;
  }

  const std::string& path_;
  const BoundOptions& options_;
  ParsedOptions& parsed_;
};

}  // namespace

Result<void> read_config_file(const std::string& path, const BoundOptions& options,
                              ParsedOptions& parsed) {
  const auto text = read_small_file(path);
  if (!text) {
    return fail(
        Error(ErrorCode::bad_value, Side::local, Retry::never,
              fmt::format("the configuration file cannot be read: {}", text.error().message())));
  }
  return read_config_text(*text, path, options, parsed);
}

Result<void> read_config_text(const std::string& text, const std::string& path,
                              const BoundOptions& options, ParsedOptions& parsed) {
  const ConfigTree tree = TRY(parse_config_tree(text, path));
  return Reader(path, options, parsed).read(tree);
}

}  // namespace tideway
