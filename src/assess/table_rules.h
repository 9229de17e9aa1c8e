#pragma once

#include <span>

#include "apply/schema.h"
#include "assess/assessment.h"
#include "assess/facts.h"
#include "assess/read_source.h"
#include "snapshot/object_list.h"

namespace tideway {

// What is known of the objects that are going to be moved.
struct ObjectFacts {
  const ObjectList& objects;
  std::span<const UnreadableTable> unreadable;
  std::span<const TableToMake> tables;  // those of `objects`, where they go; empty without a target
};

// What the source's tables and other objects mean for a job, by themselves and for the target
// (nullptr: none was named). Pure.
void judge_objects(const ObjectFacts& facts, const SourceFacts& source, const TargetFacts* target,
                   const Purpose& purpose, Assessment& assessment);

}  // namespace tideway
