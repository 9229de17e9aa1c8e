// The endpoint that a pasted `mysql -h … -P … -u … -p…` line means.
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "mysql/endpoint_parts.h"

namespace tideway {
namespace {

constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Words as a POSIX shell would make them of text without expansions; one that would expand
// something is refused.
class ShellWords {
 public:
  static Result<std::vector<std::string>> split(std::string_view text) {
    return ShellWords(text).run();
  }

 private:
  explicit ShellWords(std::string_view text) : text_(text) {}

  Result<std::vector<std::string>> run() {
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (is_blank(c)) {
        end_word();
      } else if (c == '\'') {
        TRY(single_quoted());
      } else if (c == '"') {
        TRY(double_quoted());
      } else if (c == '\\') {
        if (at_ == text_.size()) return fail(bad_endpoint("the line ends with a lone backslash"));
        if (text_[at_] != '\n') add(text_[at_]);  // backslash, newline: the line goes on
        ++at_;
      } else if (c == '$' || c == '`') {
        return fail(unexpanded());
      } else if (c == ';' || c == '|' || c == '&' || c == '<' || c == '>' || c == '(' || c == ')') {
        return fail(bad_endpoint(
            fmt::format("the line has a '{}' outside quotes; paste only the mysql command", c)));
      } else {
        add(c);
      }
    }
    end_word();
    return std::move(words_);
  }

  Result<void> single_quoted() {
    const std::size_t close = text_.find('\'', at_);
    if (close == std::string_view::npos)
      return fail(bad_endpoint("the line has a ' that is not closed"));
    word_ = word_.value_or("") + std::string(text_.substr(at_, close - at_));
    at_ = close + 1;
    return {};
  }

  Result<void> double_quoted() {
    word_ = word_.value_or("");
    while (at_ < text_.size() && text_[at_] != '"') {
      char c = text_[at_++];
      if (c == '$' || c == '`') return fail(unexpanded());
      if (c == '\\' && at_ < text_.size() &&
          std::string_view("\"\\$`").find(text_[at_]) != std::string_view::npos)
        c = text_[at_++];
      add(c);
    }
    if (at_ == text_.size()) return fail(bad_endpoint("the line has a \" that is not closed"));
    ++at_;
    return {};
  }

  static Error unexpanded() {
    return bad_endpoint(
        "the line has a $ or ` that a shell would replace; paste the value itself, in single "
        "quotes");
  }
  void add(char c) {
    if (!word_) word_.emplace();
    *word_ += c;
  }
  void end_word() {
    if (word_) words_.push_back(std::move(*word_));
    word_.reset();
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  std::optional<std::string> word_;
  std::vector<std::string> words_;
};

enum class Takes : std::uint8_t {
  nothing,
  a_value,
  perhaps_a_value
};  // perhaps: only glued on, as of -p

struct Flag {
  char letter;  // 0: only the long form
  std::string_view name;
  Takes takes;
  Result<void> (*set)(Endpoint&, const std::optional<std::string>&);
};

Result<void> ignore(Endpoint&, const std::optional<std::string>&) { return {}; }

template <std::string TlsFiles::* file>
Result<void> set_file(Endpoint& endpoint, const std::optional<std::string>& value) {
  endpoint.tls_files.*file = *value;
  return {};
}
Result<void> set_host(Endpoint& endpoint, const std::optional<std::string>& value) {
  endpoint.host = *value;
  endpoint.is_host_given = true;
  return {};
}
Result<void> set_port(Endpoint& endpoint, const std::optional<std::string>& value) {
  endpoint.port = TRY(parse_port(*value));
  endpoint.is_port_given = true;
  return {};
}
Result<void> set_user(Endpoint& endpoint, const std::optional<std::string>& value) {
  endpoint.user = *value;
  return {};
}
Result<void> set_password(Endpoint& endpoint, const std::optional<std::string>& value) {
  if (value) endpoint.password = Secret(*value);
  return {};
}
Result<void> set_socket(Endpoint& endpoint, const std::optional<std::string>& value) {
  endpoint.socket = *value;
  return {};
}
Result<void> set_database(Endpoint& endpoint, const std::optional<std::string>& value) {
  endpoint.database = *value;
  return {};
}
Result<void> set_tls(Endpoint& endpoint, const std::optional<std::string>& value) {
  endpoint.tls = TRY(parse_tls_mode(*value));
  return {};
}
Result<void> set_verify(Endpoint& endpoint, const std::optional<std::string>&) {
  endpoint.tls = TlsMode::verify_host;
  return {};
}
Result<void> set_no_tls(Endpoint& endpoint, const std::optional<std::string>&) {
  endpoint.tls = TlsMode::off;
  return {};
}
Result<void> set_timeout(Endpoint& endpoint, const std::optional<std::string>& value) {
  endpoint.connect_timeout = TRY(parse_duration(*value));
  return {};
}
Result<void> refuse_statement(Endpoint&, const std::optional<std::string>&) {
  return fail(bad_endpoint("the line runs a statement (-e); paste it without"));
}

// What of the client's options says where and as whom to connect. The others that are common in
// pasted lines change what the client prints, not where it goes.
constexpr std::array flags = {
    Flag{'h', "host", Takes::a_value, set_host},
    Flag{'P', "port", Takes::a_value, set_port},
    Flag{'u', "user", Takes::a_value, set_user},
    Flag{'p', "password", Takes::perhaps_a_value, set_password},
    Flag{'S', "socket", Takes::a_value, set_socket},
    Flag{'D', "database", Takes::a_value, set_database},
    Flag{0, "ssl-mode", Takes::a_value, set_tls},
    Flag{0, "ssl-ca", Takes::a_value, set_file<&TlsFiles::ca>},
    Flag{0, "ssl-cert", Takes::a_value, set_file<&TlsFiles::cert>},
    Flag{0, "ssl-key", Takes::a_value, set_file<&TlsFiles::key>},
    Flag{0, "ssl-verify-server-cert", Takes::nothing, set_verify},
    Flag{0, "skip-ssl", Takes::nothing, set_no_tls},
    Flag{0, "connect-timeout", Takes::a_value, set_timeout},
    Flag{'e', "execute", Takes::a_value, refuse_statement},
    Flag{0, "protocol", Takes::a_value, ignore},
    Flag{0, "default-character-set", Takes::a_value, ignore},
    Flag{0, "enable-cleartext-plugin", Takes::nothing, ignore},
    Flag{0, "comments", Takes::nothing, ignore},
    Flag{0, "no-auto-rehash", Takes::nothing, ignore},
    Flag{'A', "skip-auto-rehash", Takes::nothing, ignore},
    Flag{'B', "batch", Takes::nothing, ignore},
    Flag{'N', "skip-column-names", Takes::nothing, ignore},
    Flag{'C', "compress", Takes::nothing, ignore},
    Flag{'q', "quick", Takes::nothing, ignore},
    Flag{'s', "silent", Takes::nothing, ignore},
    Flag{'t', "table", Takes::nothing, ignore},
    Flag{'v', "verbose", Takes::nothing, ignore},
    Flag{'c', "", Takes::nothing, ignore},
};

Result<const Flag*> find_flag(std::string_view name) {
  std::vector<std::string_view> known;
  for (const Flag& flag : flags) {
    if (!flag.name.empty() && flag.name == name) return &flag;
    known.push_back(flag.name);
  }
  const std::string_view near = nearest(name, known);
  return fail(bad_endpoint(
      near.empty()
          ? fmt::format("the line has an option --{} that says nothing known about a connection",
                        name)
          : fmt::format("the line has an option --{} that is not known; --{} is", name, near)));
}

class CommandLine {
 public:
  CommandLine(std::vector<std::string> words, Endpoint& endpoint)
      : words_(std::move(words)), endpoint_(endpoint) {}

  Result<void> run() {
    for (at_ = 1; at_ < words_.size(); ++at_) {
      const std::string& word = words_[at_];
      if (word.starts_with("--")) {
        TRY(long_option(std::string_view(word).substr(2)));
      } else if (word.starts_with('-') && word.size() > 1) {
        TRY(short_options(std::string_view(word).substr(1)));
      } else if (endpoint_.database.empty()) {
        endpoint_.database = word;
      } else {
        // Not shown: after `-p secret` this is what somebody meant as the password.
        return fail(bad_endpoint(
            "the line names more than one database; a password follows -p without a blank"));
      }
    }
    return {};
  }

 private:
  Result<void> long_option(std::string_view text) {
    const std::size_t equal = text.find('=');
    std::string name(text.substr(0, equal));
    for (char& c : name) {
      if (c == '_') c = '-';
    }
    const Flag* flag = TRY(find_flag(name));
    std::optional<std::string> value;
    if (equal != std::string_view::npos) value = std::string(text.substr(equal + 1));
    return apply(*flag, std::move(value), "--" + name);
  }

  Result<void> short_options(std::string_view letters) {
    while (!letters.empty()) {
      const Flag* found = nullptr;
      for (const Flag& flag : flags) {
        if (flag.letter == letters[0]) found = &flag;
      }
      if (found == nullptr)
        return fail(bad_endpoint(fmt::format(
            "the line has an option -{} that says nothing known about a connection", letters[0])));
      const std::string name = fmt::format("-{}", letters[0]);
      letters.remove_prefix(1);
      if (found->takes == Takes::nothing) {
        TRY(apply(*found, std::nullopt, name));
        continue;
      }
      std::optional<std::string> glued;
      if (!letters.empty()) glued = std::string(letters);
      return apply(*found, std::move(glued), name);
    }
    return {};
  }

  Result<void> apply(const Flag& flag, std::optional<std::string> value, const std::string& name) {
    if (flag.takes == Takes::a_value && !value) {
      if (at_ + 1 == words_.size())
        return fail(bad_endpoint(fmt::format("the line ends after {}, which wants a value", name)));
      value = words_[++at_];
    }
    return flag.set(endpoint_, value);
  }

  const std::vector<std::string> words_;
  Endpoint& endpoint_;
  std::size_t at_ = 0;
};

// The mysql client takes "localhost" (and no host) for its socket; where that is differs by
// distribution.
void use_default_socket(Endpoint& endpoint) {
  const bool is_local = !endpoint.is_host_given || endpoint.host == "localhost";
  if (!is_local || endpoint.is_port_given || !endpoint.socket.empty()) return;
  for (const char* path :
       {"/var/run/mysqld/mysqld.sock", "/tmp/mysql.sock", "/var/lib/mysql/mysql.sock"}) {
    std::error_code ignored;
    if (!std::filesystem::is_socket(path, ignored)) continue;
    endpoint.socket = path;
    return;
  }
}

}  // namespace

bool looks_like_command_line(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  std::string_view word = text.substr(0, text.find_first_of(" \t\n\r"));
  if (const std::size_t slash = word.rfind('/'); slash != std::string_view::npos)
    word.remove_prefix(slash + 1);
  return word == "mysql" || word == "mariadb";
}

Result<Endpoint> parse_command_line(std::string_view text, Side side) {
  Endpoint endpoint;
  endpoint.side = side;
  std::vector<std::string> words = TRY(ShellWords::split(text));
  TRY(CommandLine(std::move(words), endpoint).run());
  settle_tls(endpoint, endpoint.tls != TlsMode::attempt);
  use_default_socket(endpoint);
  TRY(check_endpoint(endpoint));
  return endpoint;
}

}  // namespace tideway
