#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/digest.h"
#include "model/exit_code.h"
#include "model/table_id.h"

namespace tideway {

enum class Proof : std::uint8_t {
  proven,        // source and target hold the same rows at the position, by digest
  unproven,      // it was carried over, but equality at a position could not be shown: `reason`
  different,     // it was compared and differs: `differences`
  not_compared,  // nothing was asked: `reason`
};
std::string_view to_text(Proof proof);  // "proven", "not compared"

struct TableCertificate {
  TableId source, target;
  std::uint64_t rows = 0;
  std::string digest;  // to_text(Digest)
  DigestStrength strength = DigestStrength::fast;
  std::string position;  // where in the source's log the rows stand; empty: the certificate's
  Proof proof = Proof::not_compared;
  std::string reason;                    // why not proven; empty when it is
  std::vector<std::string> differences;  // keys, as far as they were asked for
};

// Objects of one kind that the job leaves to the operator.
struct NotCarriedOver {
  std::string kind;  // "trigger", "event", "account"
  std::uint64_t count = 0;
  std::vector<std::string> names;  // all, or the first ones
  std::string advice;
};

// Something that is not in the target as it was in the source, on purpose.
struct Change {
  std::string object;  // `db`.`t`, `db`.`t`.`c`
  std::string what, why;
};

// What a finished job says of itself: a value, made by a recipe, kept with the job, printed and
// never changed.
struct Certificate {
  std::string recipe, job;
  std::string source, target;  // Endpoint::to_text(), directories
  std::string position;        // of the source, at which everything proven stands
  std::string rung;            // how consistency was reached: exact, window, timed, locked, none
  std::chrono::system_clock::time_point started, finished;
  std::vector<TableCertificate> tables;
  std::vector<NotCarriedOver> not_carried_over;
  std::vector<Change> changes;
  std::vector<std::string> warnings;
};

// proven when every table is; failed when one differs; unproven otherwise.
ExitCode exit_code_of(const Certificate& certificate);

// One JSON object on one line; its members are described in docs/events.md.
std::string to_json(const Certificate& certificate);
// TW804 for text of another form.
Result<Certificate> parse_certificate(std::string_view json);

// 2024-01-02T03:04:05Z
std::string to_text(std::chrono::system_clock::time_point time);

}  // namespace tideway
