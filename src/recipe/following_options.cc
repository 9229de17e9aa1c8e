#include "recipe/following_options.h"

namespace tideway::recipe {

const OptionTable<FollowingOptions>& FollowingOptions::table() {
  static const OptionTable<FollowingOptions> options{
      option("until", &FollowingOptions::until)
          .value_name("PLACE")
          .group("Log")
          .help("Where to end: caught-up (where the log ends when following begins), FILE:OFFSET, "
                "a set of GTIDs, or a time in UTC: before what was committed then or later. Not "
                "given: follow until tideway cutover, or until stopped."),
      option("verify", &FollowingOptions::verify)
          .names({{"continuously", VerifyWhen::continuously},
                  {"at-end", VerifyWhen::at_end},
                  {"never", VerifyWhen::never}})
          .group("Proof")
          .help("When both sides are compared: all the time while the log is followed and at its "
                "end, only at its end (--until), or never. A cutover always compares."),
      option("verify-share", &FollowingOptions::verify_share)
          .range(1, 100)
          .value_name("PERCENT")
          .group("Proof")
          .help("How much of its time the session that compares beside the log may be busy."),
  };
  return options;
}

}  // namespace tideway::recipe
