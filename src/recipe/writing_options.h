#pragma once

#include <cstdint>

#include "apply/copy_sink.h"
#include "base/option_table.h"
#include "model/common_options.h"

namespace tideway::recipe {

// How rows get into a target, wherever they come from: options of every recipe that fills one.
struct WritingOptions {
  std::uint64_t batch_bytes = 1ULL << 20U;
  OnDuplicate on_duplicate = OnDuplicate::error;
  bool infile = true;
  static const OptionTable<WritingOptions>& table();
};

tideway::CopyOptions sink_options(const CommonOptions& common, const WritingOptions& writing,
                                  DigestStrength strength);

}  // namespace tideway::recipe
