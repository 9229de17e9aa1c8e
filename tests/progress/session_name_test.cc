#include "progress/session_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tideway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SessionNameTest, names_survive_the_form_they_are_kept_in) {
  const SessionName tcp{12, "10.0.0.7:51312"}, local{18446744073709551615U, "localhost"};
  EXPECT_THAT(parse_sessions("," + to_text(tcp) + "," + to_text(local) + ","),
              ElementsAre(tcp, local));
}

TEST(SessionNameTest, an_ipv6_client_and_an_empty_one_are_read) {
  EXPECT_THAT(parse_sessions(",7@::1:3306,8@,"),
              ElementsAre(SessionName{7, "::1:3306"}, SessionName{8, ""}));
}

TEST(SessionNameTest, what_is_no_name_is_left_out) {
  EXPECT_THAT(parse_sessions(",,x@y,12,1x@y,"), IsEmpty());
}

}  // namespace
}  // namespace tideway
