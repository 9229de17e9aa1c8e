#pragma once

#include "assess/assessment.h"
#include "assess/facts.h"

namespace tideway {

// What a source's settings, log and account mean for what is going to be done. Pure.
void judge_source(const SourceFacts& source, const Purpose& purpose, Assessment& assessment);

}  // namespace tideway
