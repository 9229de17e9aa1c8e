#include "apply/method_choice.h"

#include <gtest/gtest.h>

namespace tideway {
namespace {

using std::chrono::milliseconds;

void measure(MethodChoice& choice, int batches, int insert_ms, int infile_ms) {
  for (int i = 0; i < batches; ++i) {
    const Method method = choice.next();
    choice.record(method, 1000, milliseconds(method == Method::insert ? insert_ms : infile_ms));
  }
}

TEST(MethodChoiceTest, tries_both_and_keeps_the_faster) {
  for (const bool infile_is_faster : {true, false}) {
    MethodChoice choice(true);
    EXPECT_FALSE(choice.settled());
    measure(choice, 12, infile_is_faster ? 20 : 10, infile_is_faster ? 10 : 20);
    EXPECT_EQ(choice.settled(), infile_is_faster ? Method::infile : Method::insert);
  }
}

TEST(MethodChoiceTest, looks_again_and_changes_its_mind) {
  MethodChoice choice(true);
  measure(choice, 12, 20, 10);
  ASSERT_EQ(choice.settled(), Method::infile);
  measure(choice, 2000, 20, 40);
  EXPECT_EQ(choice.settled(), Method::insert);
}

TEST(MethodChoiceTest, small_batches_say_nothing) {
  MethodChoice choice(true);
  for (int i = 0; i < 100; ++i) choice.record(choice.next(), 5, milliseconds(1));
  EXPECT_FALSE(choice.settled());
}

TEST(MethodChoiceTest, after_three_bent_batches_only_statements_are_used) {
  MethodChoice choice(true);
  measure(choice, 12, 20, 10);
  for (int i = 0; i < 3; ++i) choice.distrust_infile();
  for (int i = 0; i < 200; ++i) ASSERT_EQ(choice.next(), Method::insert);
}

TEST(MethodChoiceTest, where_files_are_not_allowed_there_is_nothing_to_measure) {
  MethodChoice choice(false);
  for (int i = 0; i < 200; ++i) ASSERT_EQ(choice.next(), Method::insert);
  MethodChoice forbidden(true);
  forbidden.forbid_infile();
  EXPECT_EQ(forbidden.settled(), Method::insert);
}

}  // namespace
}  // namespace tideway
