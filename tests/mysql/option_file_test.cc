#include "mysql/option_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace tideway {
namespace {

using ::testing::HasSubstr;

class OptionFile : public ::testing::Test {
 protected:
  OptionFile() {
    std::string pattern = ::testing::TempDir() + "tideway-option-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~OptionFile() override { std::filesystem::remove_all(directory_); }

  std::string write(std::string_view text, const std::string& name = "my.cnf") const {
    std::ofstream(directory_ / name) << text;
    return directory_ / name;
  }
  // With nothing but the file to look into.
  static PasswordSources only(std::string path) {
    PasswordSources sources;
    sources.option_file = std::move(path);
    return sources;
  }

  std::filesystem::path directory_;
};

TEST_F(OptionFile, fills_what_the_endpoint_leaves_open) {
  const std::string path = write(
      "# mine\n[mysqld]\nport=1\n[client]\nuser = app  # not "
      "root\npassword=\"p#w\\\"d\"\nhost=db1\nport = 3310\n"
      "ssl_ca=/ca.pem\nloose-default-character-set=utf8\n[mysql]\nuser=other\n");
  Endpoint endpoint;
  ASSERT_TRUE(read_option_file(endpoint, path));
  EXPECT_EQ(endpoint.user, "app");
  EXPECT_EQ(endpoint.password->reveal(), "p#w\"d");
  EXPECT_EQ(endpoint.host, "db1");
  EXPECT_EQ(endpoint.port, 3310);
  EXPECT_EQ(endpoint.tls_files.ca, "/ca.pem");
  EXPECT_EQ(endpoint.tls, TlsMode::verify_ca);
}

TEST_F(OptionFile, changes_nothing_that_was_given) {
  const std::string path = write(
      "[client]\nuser=app\npassword=file\nhost=db1\nport=3310\nsocket=/tmp/"
      "x.sock\nssl-mode=REQUIRED\n");
  auto endpoint = parse_endpoint("mysql://root:given@db2/?tls=off", Side::source);
  ASSERT_TRUE(endpoint);
  ASSERT_TRUE(read_option_file(*endpoint, path));
  EXPECT_EQ(endpoint->to_text(), "root@db2:3306");
  EXPECT_EQ(endpoint->password->reveal(), "given");
  EXPECT_EQ(endpoint->tls, TlsMode::off);
  EXPECT_EQ(endpoint->socket, "");
}

TEST_F(OptionFile, uses_the_socket_only_where_no_host_is_named) {
  Endpoint endpoint;
  ASSERT_TRUE(read_option_file(endpoint, write("[client]\nsocket=/tmp/x.sock\n")));
  EXPECT_EQ(endpoint.socket, "/tmp/x.sock");
  Endpoint other;
  ASSERT_TRUE(read_option_file(other, write("[client]\nhost=db1\nsocket=/tmp/x.sock\n")));
  EXPECT_EQ(other.socket, "");
}

TEST_F(OptionFile, names_itself_when_a_value_is_wrong) {
  Endpoint endpoint;
  const std::string path = write("[client]\nport=many\n");
  const auto read = read_option_file(endpoint, path);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().to_line(), HasSubstr(path));
}

TEST_F(OptionFile, may_be_missing) {
  Endpoint endpoint;
  endpoint.user = "u";
  EXPECT_TRUE(find_password(endpoint, only(directory_ / "none.cnf")));
  EXPECT_FALSE(endpoint.password);
}

TEST_F(OptionFile, password_comes_from_the_first_source_given) {
  PasswordSources sources = only(write("[client]\npassword=from_option_file\n"));
  Endpoint endpoint;
  ASSERT_TRUE(find_password(endpoint, sources));
  EXPECT_EQ(endpoint.password->reveal(), "from_option_file");
  EXPECT_FALSE(endpoint.user.empty()) << "the login name, as of the mysql client";

  ASSERT_EQ(::setenv("TIDEWAY_TEST_PASSWORD", "from environment", 1), 0);
  sources.environment = "TIDEWAY_TEST_PASSWORD";
  ASSERT_TRUE(find_password(endpoint, sources));
  EXPECT_EQ(endpoint.password->reveal(), "from environment");

  const std::string path = write("from file \r\nand a note\n", "password");
  std::filesystem::permissions(path, std::filesystem::perms::owner_read);
  sources.file = path;
  ASSERT_TRUE(find_password(endpoint, sources));
  EXPECT_EQ(endpoint.password->reveal(), "from file ");
}

TEST_F(OptionFile, password_comes_from_a_descriptor) {
  const std::string path = write("from descriptor\n", "password");
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  PasswordSources sources = only("");
  sources.descriptor = descriptor;
  Endpoint endpoint;
  ASSERT_TRUE(find_password(endpoint, sources));
  ::close(descriptor);
  EXPECT_EQ(endpoint.password->reveal(), "from descriptor");
}

TEST_F(OptionFile, says_which_source_cannot_be_read) {
  PasswordSources sources = only("");
  sources.environment = "TIDEWAY_NO_SUCH_VARIABLE";
  Endpoint endpoint;
  auto found = find_password(endpoint, sources);
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().to_line(), HasSubstr("TIDEWAY_NO_SUCH_VARIABLE"));
  sources.file = directory_ / "none";
  found = find_password(endpoint, sources);
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().to_line(), HasSubstr((directory_ / "none").string()));
}

}  // namespace
}  // namespace tideway
