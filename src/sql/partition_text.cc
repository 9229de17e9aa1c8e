#include "sql/partition_text.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "sql/cursor.h"
#include "sql/settle_keys.h"
#include "sql/text_edit.h"

namespace tideway {
namespace {

using Verb = ChangePartitions::Verb;

// One definition between the parentheses of PARTITION BY.
struct Partition {
  std::string name, text;
};

struct Partitions {
  std::string head;             // up to the parentheses
  std::vector<Partition> list;  // empty: none are named one by one
};

// ( PARTITION p …, PARTITION q … ) at its parenthesis.
std::vector<Partition> read_list(TokenCursor& cursor) {
  std::vector<Partition> list;
  cursor.take();
  while (!cursor.is_at_end() && !cursor.at(')')) {
    const std::size_t begin = cursor.peek().offset;
    std::size_t end = begin;
    const std::string name = name_of(cursor.peek(1));
    while (!cursor.is_at_end() && !cursor.at(',') && !cursor.at(')')) {
      if (!cursor.at('(') || !cursor.skip_parentheses()) cursor.take();
      end = cursor.last().end();
    }
    list.push_back({name, std::string(cursor.text_between(begin, end))});
    cursor.accept(',');
  }
  return list;
}

Partitions read_partitions(std::string_view text) {
  TokenCursor cursor(text);
  Partitions partitions;
  while (!cursor.is_at_end()) {
    if (cursor.at('(') && cursor.peek(1).is("PARTITION")) {
      partitions.head = std::string(text.substr(0, cursor.peek().offset));
      partitions.list = read_list(cursor);
      return partitions;
    }
    if (!cursor.at('(') || !cursor.skip_parentheses()) cursor.take();
  }
  partitions.head = std::string(text);
  return partitions;
}

std::string to_text(const Partitions& partitions) {
  if (partitions.list.empty()) return partitions.head;
  std::string out = partitions.head + "(";
  for (std::size_t i = 0; i < partitions.list.size(); ++i) {
    if (i > 0) out += ",\n ";
    out += partitions.list[i].text;
  }
  return out + ")";
}

// PARTITIONS n of HASH and KEY, which is 1 where it is not written.
std::string with_count(std::string_view text, const ChangePartitions& change) {
  const auto number = [](std::string_view digits) {
    std::uint64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
  };
  const std::uint64_t by = number(change.definitions);
  TokenCursor cursor(text);
  for (; !cursor.is_at_end(); cursor.take()) {
    if (!cursor.at("PARTITIONS") || cursor.peek(1).kind != TokenKind::number) continue;
    const Token count = cursor.peek(1);
    const std::uint64_t now = number(count.text);
    TextEdit edit(text);
    edit.replace(count.offset, count.end(),
                 std::to_string(change.verb == Verb::add ? now + by : now - std::min(now, by)));
    return edit.apply();
  }
  return change.verb == Verb::add ? std::string(text) + " PARTITIONS " + std::to_string(1 + by)
                                  : std::string(text);
}

std::vector<Partition> definitions_of(const ChangePartitions& change) {
  TokenCursor cursor(change.definitions);
  return cursor.at('(') ? read_list(cursor) : std::vector<Partition>();
}

}  // namespace

std::string changed_partitions(std::string_view text, const ChangePartitions& change) {
  if (change.verb == Verb::split_by) return change.definitions;
  if (change.verb == Verb::remove) return {};
  Partitions partitions = read_partitions(text);
  const auto is_named = [&change](const Partition& partition) {
    return std::ranges::any_of(change.names, [&partition](const std::string& name) {
      return same_name(name, partition.name);
    });
  };
  std::vector<Partition> made = definitions_of(change);
  if (partitions.list.empty()) {
    const bool counts = change.verb == Verb::add || change.verb == Verb::coalesce;
    return counts && !text.empty() && made.empty() ? with_count(text, change) : std::string(text);
  }
  auto at = partitions.list.end();
  if (change.verb == Verb::reorganize) at = std::ranges::find_if(partitions.list, is_named);
  if (change.verb == Verb::add || change.verb == Verb::reorganize) {
    const auto ordinal = at - partitions.list.begin();
    if (change.verb == Verb::reorganize && !made.empty()) std::erase_if(partitions.list, is_named);
    partitions.list.insert(partitions.list.begin() + ordinal, made.begin(), made.end());
  } else if (change.verb == Verb::drop) {
    std::erase_if(partitions.list, is_named);
  }
  return to_text(partitions);
}

}  // namespace tideway
