#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/option_table.h"

namespace tideway {

enum class Wish { automatic, lock, none };

struct InnerOptions {
  std::string output;
  bool quiet = false;
  static const OptionTable<InnerOptions>& table() {
    static const OptionTable<InnerOptions> options{
        option("output", &InnerOptions::output)
            .short_name('o')
            .value_name("DIR")
            .help("Where to write.")
            .group("Files"),
        option("quiet", &InnerOptions::quiet).short_name('q').help("Say less.").group("Output"),
    };
    return options;
  }
};

// One option of every type.
struct SampleOptions {
  InnerOptions inner;
  std::uint32_t threads = 4;
  std::uint64_t memory = 512ULL << 20U;
  std::optional<std::int32_t> offset;
  double ratio = 0.5;
  Duration wait = std::chrono::seconds(10);
  Wish consistency = Wish::automatic;
  std::vector<std::string> filter = {"*.*"};
  std::vector<std::uint16_t> ports;
  Secret password;
  bool checks = true;
  std::string config;
  std::vector<std::string> words;

  static const OptionTable<SampleOptions>& table() {
    static const OptionTable<SampleOptions> options{
        include(&SampleOptions::inner, InnerOptions::table()),
        option("threads", &SampleOptions::threads).short_name('t').range(1, 256).help("Sessions."),
        option("memory", &SampleOptions::memory)
            .as_bytes()
            .range(1U << 20U, 1ULL << 40U)
            .alias("mem")
            .help("Memory."),
        option("offset", &SampleOptions::offset).help("May be negative."),
        option("ratio", &SampleOptions::ratio).range(0, 1).help("A share."),
        option("wait", &SampleOptions::wait).help("How long."),
        option("consistency", &SampleOptions::consistency)
            .names({{"auto", Wish::automatic}, {"lock", Wish::lock}, {"none", Wish::none}})
            .help("How."),
        option("filter", &SampleOptions::filter)
            .split_by_comma()
            .short_name('f')
            .value_name("RULE")
            .help("Which."),
        option("port", &SampleOptions::ports).help("Ports."),
        option("password", &SampleOptions::password).help("Better a file."),
        option("checks", &SampleOptions::checks).help("Check things."),
        option("config", &SampleOptions::config)
            .config_file()
            .value_name("FILE")
            .help("More options."),
        option("words", &SampleOptions::words).word().value_name("CODE").help("What to explain."),
        retired_option<SampleOptions>("workers", "threads", "0.9"),
        retired_option<SampleOptions>("cache", "", "0.9", "there is no cache to size"),
    };
    return options;
  }
};

}  // namespace tideway
