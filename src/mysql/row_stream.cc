#include "mysql/session_state.h"
namespace tideway {
Result<std::unique_ptr<RowStream>> Session::stream(std::string_view, const std::stop_token&) {
  return fail(Error(ErrorCode::not_supported, Side::local, Retry::never, ""));
}
}  // namespace tideway
