#include "progress/job_claim.h"

#include <gtest/gtest.h>

namespace tideway {
namespace {

TEST(FirstDifferenceTest, names_the_setting_that_changed) {
  EXPECT_EQ(first_difference("filter=shop.*\nthreads=4\n", "filter=*.*\nthreads=4\n"),
            "filter was 'shop.*', is '*.*'");
}

TEST(FirstDifferenceTest, names_the_setting_that_came_or_went) {
  EXPECT_EQ(first_difference("a=1", "a=1\nwhere=id > 5"), "where was not given, is 'id > 5'");
  EXPECT_EQ(first_difference("a=1\nb=", "a=1"), "b was '', is not given");
}

TEST(FirstDifferenceTest, order_and_the_last_line_end_do_not_matter) {
  EXPECT_EQ(first_difference("a=1\nb=2", "b=2\na=1\n"), "");
}

}  // namespace
}  // namespace tideway
