#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "base/config_tree.h"
#include "base/option_spec.h"
#include "base/option_value.h"

namespace tideway {

// One option of a struct T: what is known of it, and how it is read, emptied and shown.
template <typename T>
struct OptionEntry {
  OptionSpec spec;
  std::function<Result<void>(T&, std::string_view)> set;
  std::function<void(T&)> clear;
  std::function<std::string(const T&)> show;
  std::function<Result<void>(T&, const ConfigTree&)> set_tree;  // of a tree only
};
template <typename T>
using OptionEntries = std::vector<OptionEntry<T>>;

// Describes one option: option("threads", &T::threads).range(1, 256).help("…"). Types: bool,
// integers, double, string, Secret, Duration, enums (with names()), std::optional or
// std::vector of these, and ConfigTree.
template <typename T, typename V>
class Option {
 public:
  using Element = typename internal::ElementOf<V>::Type;

  Option(std::string name, V T::* member) : member_(member) {
    spec_.name = std::move(name);
    spec_.takes_many = internal::ElementOf<V>::is_list;
    spec_.is_secret = std::is_same_v<Element, Secret>;
    if (std::is_same_v<Element, bool>) spec_.kind = OptionSpec::Kind::flag;
    if (spec_.takes_many) spec_.kind = OptionSpec::Kind::list;
    if (std::is_same_v<V, ConfigTree>) spec_.kind = OptionSpec::Kind::tree;
  }

  Option& help(std::string text) { return set(spec_.help, std::move(text)); }
  Option& group(std::string name) { return set(spec_.group, std::move(name)); }
  Option& short_name(char letter) { return set(spec_.short_name, letter); }
  Option& alias(std::string name) {
    spec_.aliases.push_back(std::move(name));
    return *this;
  }
  Option& value_name(std::string name) { return set(spec_.value_name, std::move(name)); }
  Option& shown_default(std::string text) { return set(spec_.default_text, std::move(text)); }
  Option& required() { return set(spec_.is_required, true); }
  Option& config_file() { return set(spec_.is_config_file, true); }
  Option& word() { return set(spec_.kind, OptionSpec::Kind::word); }
  // 64MiB; without a unit: bytes.
  Option& as_bytes() { return set(limits_.is_bytes, true); }
  // Of a list: one value holds several, see split_list().
  Option& split_by_comma() { return set(splits_by_comma_, true); }
  Option& range(Element least, Element most) {
    limits_.range.emplace(least, most);
    return *this;
  }
  Option& names(std::vector<std::pair<std::string, Element>> names) {
    return set(limits_.names, std::move(names));
  }

  // NOLINTNEXTLINE(google-explicit-constructor): the table's braces take it
  operator OptionEntries<T>() const {
    OptionEntry<T> entry;
    entry.spec = spec_;
    entry.spec.limits = internal::limits_text(limits_);
    if (spec_.value_name.empty() && spec_.kind != OptionSpec::Kind::flag) {
      entry.spec.value_name = internal::usual_value_name(limits_);
    }
    entry.set = [member = member_, limits = limits_, splits = splits_by_comma_](
                    T& object, std::string_view text) -> Result<void> {
      if constexpr (internal::ElementOf<V>::is_list) {
        const auto items =
            splits ? internal::split_list(text) : std::vector<std::string>{std::string(text)};
        for (const std::string& item : items)
          (object.*member).push_back(TRY(internal::parse<Element>(item, limits)));
      } else {
        object.*member = TRY(internal::parse<Element>(text, limits));
      }
      return {};
    };
    if constexpr (std::is_same_v<V, ConfigTree>) {
      entry.set_tree = [member = member_](T& object, const ConfigTree& tree) -> Result<void> {
        object.*member = tree;
        return {};
      };
    }
    entry.clear = [member = member_](T& object) { object.*member = V{}; };
    entry.show = [member = member_, limits = limits_](const T& object) {
      return show(object.*member, limits);
    };
    return {std::move(entry)};
  }

 private:
  template <typename Field, typename Value>
  Option& set(Field& field, Value&& value) {
    field = std::forward<Value>(value);
    return *this;
  }
  static std::string show(const Element& value, const internal::Limits<Element>& limits) {
    return internal::show(value, limits);
  }
  static std::string show(const std::optional<Element>& value,
                          const internal::Limits<Element>& limits) {
    return value ? internal::show(*value, limits) : "";
  }
  static std::string show(const std::vector<Element>& values,
                          const internal::Limits<Element>& limits) {
    std::string text;
    for (const Element& value : values)
      text += (text.empty() ? "" : ",") + internal::show(value, limits);
    return text;
  }

  OptionSpec spec_;
  V T::* member_;
  internal::Limits<Element> limits_;
  bool splits_by_comma_ = false;
};

template <typename T, typename V>
Option<T, V> option(std::string name, V T::* member) {
  return Option<T, V>(std::move(name), member);
}

// A name that is still understood: it sets `successor`, or does nothing when that is empty and
// `why` says why it may go.
template <typename T>
OptionEntries<T> retired_option(std::string name, std::string successor, std::string gone_in,
                                std::string why = {}) {
  OptionEntry<T> entry;
  entry.spec.kind = OptionSpec::Kind::retired;
  entry.spec.name = std::move(name);
  entry.spec.successor = std::move(successor);
  entry.spec.gone_in = std::move(gone_in);
  entry.spec.help = std::move(why);
  return {std::move(entry)};
}

// The options of a command, in the order in which help shows them. The default is the member's
// initialiser and nothing else. Immutable after construction; any thread.
template <typename T>
class OptionTable {
 public:
  OptionTable(std::initializer_list<OptionEntries<T>> groups) {
    for (const auto& entries : groups)
      entries_.insert(entries_.end(), entries.begin(), entries.end());
  }

  explicit OptionTable(OptionEntries<T> entries) : entries_(std::move(entries)) {}

  const OptionEntries<T>& entries() const { return entries_; }

  std::vector<OptionSpec> specs() const {
    const T defaults{};
    std::vector<OptionSpec> specs;
    for (const auto& entry : entries_) {
      OptionSpec& spec = specs.emplace_back(entry.spec);
      if (!spec.default_text.empty() || !entry.show) continue;
      spec.default_text = entry.show(defaults);
      if (spec.kind == OptionSpec::Kind::flag && spec.default_text == "false")
        spec.default_text.clear();
    }
    return specs;
  }

  BoundOptions bind(T& object) const {
    BoundOptions bound;
    auto described = specs();
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const auto* entry = &entries_[i];
      bound.push_back(
          {std::move(described[i]),
           [entry, &object](std::string_view text) { return entry->set(object, text); },
           [entry, &object] { entry->clear(object); },
           [entry, &object](const ConfigTree& tree) { return entry->set_tree(object, tree); }});
    }
    return bound;
  }

 private:
  OptionEntries<T> entries_;
};

// The options of a part of T: include(&DumpOptions::common, CommonOptions::table({…})).
template <typename T, typename Part>
OptionEntries<T> include(Part T::* part, const OptionTable<Part>& table) {
  OptionEntries<T> entries;
  for (const OptionEntry<Part>& inner : table.entries()) {
    OptionEntry<T> entry;
    entry.spec = inner.spec;
    if (inner.set) {
      entry.set = [part, set = inner.set](T& object, std::string_view text) {
        return set(object.*part, text);
      };
      entry.clear = [part, clear = inner.clear](T& object) { clear(object.*part); };
      entry.show = [part, show = inner.show](const T& object) { return show(object.*part); };
    }
    if (inner.set_tree) {
      entry.set_tree = [part, set = inner.set_tree](T& object, const ConfigTree& tree) {
        return set(object.*part, tree);
      };
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace tideway
