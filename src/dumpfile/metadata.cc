#include "dumpfile/metadata.h"

#include <fmt/core.h>

#include <array>

namespace tideway {
namespace {

constexpr std::string_view started_head = "Started dump at: ", finished_head = "Finished dump at: ",
                           source_head = "SHOW MASTER STATUS:",
                           follower_head = "SHOW SLAVE STATUS:",
                           after_head =
                               "SHOW MASTER STATUS: /* AFTER CONNECTION POOL ESTABLISHED */";

std::string lines_of(const DumpMetadata::Position& at) {
  return fmt::format("\tLog: {}\n\tPos: {}\n\tGTID:{}\n", at.file, at.position, at.gtid_set);
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  Result<DumpMetadata> parse() {
    while (!rest_.empty()) {
      ++line_number_;
      const std::string_view line = take_line();
      auto taken = take(line);
      if (!taken) return fail(std::move(taken).error());
    }
    if (made_.started.empty())
      return fail(error("there is no '" + std::string(started_head) + "'"));
    return made_;
  }

 private:
  Error error(std::string message) const {
    Evidence evidence;
    evidence.position = fmt::format("{}:{}", metadata_path, line_number_);
    return {ErrorCode::file_syntax, Side::local, Retry::never, std::move(evidence),
            fmt::format("metadata, line {}: {}", line_number_, message)};
  }

  std::string_view take_line() {
    const std::size_t end = rest_.find('\n');
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

  Result<void> take(std::string_view line) {
    if (line.starts_with('\t')) return take_field(line.substr(1));
    if (line.empty()) {
      // The line of a source without a log stands where the block would begin.
      if (position_ == nullptr && made_.log == DumpMetadata::Log::unknown)
        made_.log = DumpMetadata::Log::no_log;
      position_ = nullptr;
      last_ = nullptr;
      return {};
    }
    if (line.starts_with(started_head)) {
      made_.started = line.substr(started_head.size());
    } else if (line.starts_with(finished_head)) {
      made_.finished = line.substr(finished_head.size());
    } else if (line == after_head) {
      position_ = &made_.after_connect.emplace();
    } else if (line.starts_with(source_head)) {
      made_.log = DumpMetadata::Log::known;
      position_ = &made_.source;
    } else if (line.starts_with(follower_head)) {
      made_.followers.emplace_back();
      position_ = &made_.followers.back().at;
      is_follower_ = true;
      last_ = nullptr;
      return {};
    } else if (last_ != nullptr && last_ == &position_->gtid_set) {
      last_->append("\n").append(line);  // a GTID set goes on
      return {};
    } else {
      return fail(error("cannot be understood: " + std::string(line)));
    }
    is_follower_ = false;
    last_ = nullptr;
    return {};
  }

  Result<void> take_field(std::string_view field) {
    if (position_ == nullptr) return fail(error("a value without a heading"));
    const std::size_t colon = field.find(':');
    if (colon == std::string_view::npos) return fail(error("no ':'"));
    const std::string_view name = field.substr(0, colon);
    std::string_view value = field.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "Log") {
      last_ = &position_->file;
    } else if (name == "Pos") {
      last_ = &position_->position;
    } else if (name == "GTID") {
      last_ = &position_->gtid_set;
    } else if (name == "Host" && is_follower_) {
      last_ = &made_.followers.back().host;
    } else if (name == "Connection name" && is_follower_) {
      last_ = &made_.followers.back().connection.emplace();
    } else {
      return fail(error("a value of no known name: " + std::string(name)));
    }
    *last_ = value;
    return {};
  }

  std::string_view rest_;
  DumpMetadata made_;
  int line_number_ = 0;
  DumpMetadata::Position* position_ = nullptr;  // of the block being read
  std::string* last_ = nullptr;                 // the value read last
  bool is_follower_ = false;
};

}  // namespace

std::string to_text(const DumpMetadata& metadata) {
  std::string text = fmt::format("{}{}\n", started_head, metadata.started);
  if (metadata.log == DumpMetadata::Log::known)
    text += fmt::format("{}\n{}", source_head, lines_of(metadata.source));
  if (metadata.log != DumpMetadata::Log::unknown) text += '\n';
  for (const auto& follower : metadata.followers) {
    text += fmt::format("{}\n", follower_head);
    if (follower.connection) text += fmt::format("\tConnection name: {}\n", *follower.connection);
    text += fmt::format("\tHost: {}\n{}\n", follower.host, lines_of(follower.at));
  }
  if (metadata.after_connect)
    text += fmt::format("{}\n{}\n", after_head, lines_of(*metadata.after_connect));
  if (!metadata.finished.empty()) text += fmt::format("{}{}\n", finished_head, metadata.finished);
  return text;
}

Result<DumpMetadata> parse_metadata(std::string_view text) { return Parser(text).parse(); }

std::string local_time_text(std::time_t time) {
  std::tm parts{};
  ::localtime_r(&time, &parts);
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
  return {text.data(), length};
}

}  // namespace tideway
