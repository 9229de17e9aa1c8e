#pragma once

#include <span>
#include <string>
#include <vector>

#include "apply/proof.h"
#include "apply/schema.h"
#include "flow/status.h"
#include "model/certificate.h"
#include "model/table_def.h"
#include "progress/job_progress.h"
#include "recipe/rounds.h"
#include "snapshot/object_list.h"
#include "verify/report.h"

namespace tideway::recipe {

// The steps in which a certificate is filled.
Certificate begin_certificate(const std::string& recipe, const std::string& source,
                              const std::string& target);
void describe_objects(Certificate& certificate,
                      const ObjectList& objects);  // what is not carried over, and why
// Tables that an earlier start began and the source has no more.
void describe_left_over(Certificate& certificate, std::span<const FilledTable> filled,
                        const ObjectList& objects);
void describe_rounds(Certificate& certificate, const RoundsResult& rounds);  // position and rung
// What a comparison said of a table.
TableCertificate compared(const TableReport& report);
void describe_changes(Certificate& certificate, std::span<const MadeTable> tables);
// A table is proven when the target's digest is that of the rows sent and the rows stand at the
// common position.
void describe_proofs(Certificate& certificate, std::span<const MadeTable> tables,
                     const RoundsResult& rounds, std::span<const TableProof> proofs,
                     DigestStrength strength);
void describe_views(Certificate& certificate, std::span<const MadeView> views);
void end_certificate(Certificate& certificate, const StatusBoard& board);  // warnings, and the time

}  // namespace tideway::recipe
