#pragma once

#include "assess/assessment.h"
#include "assess/facts.h"

namespace tideway {

// What a target's settings and account mean, alone and beside those of the source. Pure.
void judge_target(const TargetFacts& target, Assessment& assessment);
void judge_both(const SourceFacts& source, const TargetFacts& target, Assessment& assessment);

}  // namespace tideway
