#pragma once

#include "base/option_table.h"
#include "model/digest.h"

namespace tideway::recipe {

// --digest, of every recipe that proves something.
template <typename Options>
Option<Options, DigestStrength> digest_option(DigestStrength Options::* member) {
  return option("digest", member)
      .names({{"fast", DigestStrength::fast}, {"strong", DigestStrength::strong}})
      .group("Proof")
      .help("How rows are compared: sums of CRC-32, or of MD5.");
}

}  // namespace tideway::recipe
