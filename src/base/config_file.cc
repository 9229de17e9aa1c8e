#include "base/config_file.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>

#include "base/file.h"
#include "base/text.h"

namespace tideway {
namespace {

using Kind = OptionSpec::Kind;

class Reader {
 public:
  Reader(const std::string& path, const BoundOptions& options, ParsedOptions& parsed)
      : path_(path), options_(options), parsed_(parsed) {}

  Result<void> read(const YAML::Node& root) {
    if (root.IsNull()) return {};  // an empty file sets nothing
    if (!root.IsMap())
      return fail(error(ErrorCode::config_syntax, root.Mark(),
                        "the file is not a map of option names to values"));
    std::set<std::string> seen;
    for (const auto& pair : root) {
      if (!pair.first.IsScalar())
        return fail(
            error(ErrorCode::config_syntax, pair.first.Mark(), "a key is not a plain word"));
      const std::string& key = pair.first.Scalar();
      if (!seen.insert(key).second) {
        return fail(error(ErrorCode::config_syntax, pair.first.Mark(),
                          fmt::format("the key '{}' stands here a second time", key)));
      }
      TRY(set_key(key, pair.first.Mark(), pair.second));
    }
    return {};
  }

  Error error(ErrorCode code, const YAML::Mark& mark, std::string_view message) const {
    Evidence evidence;
    // yaml-cpp counts from 0, editors from 1; a mark of an empty node is null.
    evidence.position =
        mark.is_null() ? path_ : fmt::format("{}:{}:{}", path_, mark.line + 1, mark.column + 1);
    std::string text = fmt::format("{}: {}", evidence.position, message);
    return {code, Side::local, Retry::never, std::move(evidence), std::move(text)};
  }

 private:
  Result<void> set_key(const std::string& key, const YAML::Mark& at, const YAML::Node& value) {
    const auto found = std::ranges::find_if(options_, [&key](const BoundOption& option) {
      return is_key(option.spec) &&
             (option.spec.name == key ||
              std::ranges::find(option.spec.aliases, key) != option.spec.aliases.end());
    });
    if (found == options_.end()) return fail(unknown(key, at));
    const BoundOption* option = &*found;
    if (option->spec.kind == Kind::retired) {
      option = successor_of(option->spec, key);
      if (option == nullptr) return {};
    }
    if (value.IsNull())
      return fail(error(ErrorCode::config_syntax, at, fmt::format("'{}' has no value", key)));
    if (value.IsMap())
      return fail(error(ErrorCode::config_syntax, value.Mark(),
                        fmt::format("'{}' takes a value, not a map", key)));
    if (value.IsSequence() && !option->spec.takes_many) {
      return fail(error(ErrorCode::config_syntax, value.Mark(),
                        fmt::format("'{}' takes one value, not a list", key)));
    }
    if (option->spec.takes_many) option->clear();
    if (value.IsScalar()) TRY(set_value(*option, key, value));
    for (const auto& item : value) {  // nothing for a scalar
      if (!item.IsScalar())
        return fail(error(ErrorCode::config_syntax, item.Mark(),
                          fmt::format("'{}' takes a list of plain values", key)));
      TRY(set_value(*option, key, item));
    }
    parsed_.given.insert(option->spec.name);
    return {};
  }

  Result<void> set_value(const BoundOption& option, const std::string& key,
                         const YAML::Node& value) {
    if (auto set = option.set(value.Scalar()); !set) {
      return fail(error(set.error().code(), value.Mark(),
                        fmt::format("{}: {}", key, set.error().message())));
    }
    return {};
  }

  static bool is_key(const OptionSpec& spec) {
    return spec.kind != Kind::word && !spec.is_config_file;
  }

  Error unknown(const std::string& key, const YAML::Mark& at) const {
    std::vector<std::string_view> known;
    for (const BoundOption& option : options_) {
      if (is_key(option.spec) && option.spec.kind != Kind::retired)
        known.push_back(option.spec.name);
    }
    const std::string_view near = nearest(key, known);
    return error(ErrorCode::config_unknown_key, at,
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
  Reader reader(path, options, parsed);
  try {
    const auto documents = YAML::LoadAll(text);
    if (documents.empty()) return {};
    if (documents.size() > 1) {
      return fail(reader.error(ErrorCode::config_syntax, documents[1].Mark(),
                               "the file holds more than one document"));
    }
    return reader.read(documents.front());
  } catch (const YAML::Exception& error) {
    return fail(reader.error(ErrorCode::config_syntax, error.mark, error.msg));
  }
}

}  // namespace tideway
