#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/intervals.h"

namespace tideway {

// A set of MySQL's global transaction identifiers, as @@gtid_executed prints it:
// `uuid:1-5:7,uuid:tag:1-3`, with blanks and newlines after commas. Numbers are those a server
// gives: from 1 to 2^63 - 2. A value; any thread.
class GtidSet {
 public:
  static constexpr std::uint64_t last_number = (std::uint64_t{1} << 63U) - 2;

  static Result<GtidSet> parse(std::string_view text);  // empty text: the empty set
  // @@global.gtid_owned: `uuid:4#25:5#26`, what stands behind # being the owner's thread.
  static Result<GtidSet> parse_owned(std::string_view text);
  // The binary form: the body of PREVIOUS_GTIDS, what COM_BINLOG_DUMP_GTID sends; with or without
  // tags.
  static Result<GtidSet> decode(std::string_view bytes);
  // With tags only where the set has some: servers before 8.3 do not read that form.
  std::string encode() const;

  void add(std::string_view source, std::uint64_t number);  // source: `uuid` or `uuid:tag`
  void add(std::string_view source, const Intervals& numbers);
  void add(const GtidSet& other);
  bool contains(std::string_view source, std::uint64_t number) const;
  bool contains(const GtidSet& other) const;
  GtidSet minus(const GtidSet& other) const;

  bool is_empty() const { return sources_.empty(); }
  std::uint64_t size() const;
  const std::map<std::string, Intervals, std::less<>>& sources() const { return sources_; }
  std::string to_text() const;  // sorted, merged, no blanks; parse() reads it back
  bool operator==(const GtidSet&) const = default;

 private:
  static Result<GtidSet> parse(std::string_view text, bool has_owners);

  std::map<std::string, Intervals, std::less<>> sources_;  // none of them empty; lower case
};

// 16 bytes as the log has them, as `uuid` prints: 8-4-4-4-12 hex digits in lower case.
std::string to_uuid_text(std::string_view bytes);

}  // namespace tideway
