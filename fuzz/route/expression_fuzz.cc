// Any text is an expression or an error; one that binds has an answer for a row of NULLs.
#include <cstdint>
#include <string_view>

#include "route/expression.h"

namespace {

tideway::TablePtr table() {
  auto made = std::make_shared<tideway::TableDef>();
  made->id = {"s", "t"};
  for (const auto& [name, kind] :
       {std::pair{"i", tideway::TypeKind::big_int}, std::pair{"d", tideway::TypeKind::decimal},
        std::pair{"t", tideway::TypeKind::datetime},
        std::pair{"x", tideway::TypeKind::var_binary}}) {
    tideway::Column column;
    column.name = name;
    column.type.kind = kind;
    made->columns.push_back(std::move(column));
  }
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const tideway::TablePtr shared = table();
  static const tideway::Block block(std::make_shared<tideway::Stream>(), {});
  const auto tree =
      tideway::parse_expression(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!tree) return 0;
  std::string unknown;
  const auto bound = tideway::Expression::bind(*tree, shared, 90, unknown);
  if (!bound || !*bound) return 0;
  const tideway::Cell nulls[4];
  const std::int32_t places[4] = {0, 1, 2, 3};
  tideway::ExpressionScratch scratch;
  tideway::ExpressionRow row{&block, nulls, places, &scratch, {}};
  static_cast<void>((*bound)->holds(row));
  return 0;
}
