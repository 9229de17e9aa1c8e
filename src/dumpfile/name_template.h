#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tideway {

// What a template can ask for: {{.DB}} {{.Table}} {{.Policy}} {{.Index}} {{.ChunkIndex}}
// {{.FileIndex}}. Index is the formatted text; printf's %d takes it as well.
struct NameFields {
  std::string database, table, policy, index;
  std::uint64_t chunk_index = 0, file_index = 0;
};

// File names without extension, made by a subset of Go's text/template: {{field}}, pipelines,
// parentheses, {{- trim -}},
// {{/* comments */}}, variables, if / else if / else / end, define, template, and the functions fn
// printf print println len index slice eq ne lt le gt ge and or not. Immutable after parse(); any
// thread.
//
// The set of templates is data, schema, table, view, sequence, placement-policy, event, function,
// procedure, trigger and objectName, each with the exporter's default. The text given is `data`; a
// {{define "…"}} in it redefines another one. As in Go, a body of nothing but blanks redefines
// nothing.
class NameTemplate {
 public:
  NameTemplate();  // the defaults
  // Error bad_value: `failed to parse output filename template: …` with the byte at which it went
  // wrong.
  static Result<NameTemplate> parse(std::string_view text);

  // Error bad_value: an unknown template or field, a function that was given something it cannot
  // take, a name that would be longer than 4096 bytes.
  Result<std::string> render(std::string_view name, const NameFields& fields) const;

  struct Node;  // name_template.cc
  using Body = std::vector<std::shared_ptr<const Node>>;
  using Set = std::map<std::string, Body, std::less<>>;

 private:
  Set templates_;
};

}  // namespace tideway
