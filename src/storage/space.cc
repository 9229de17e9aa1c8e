#include "storage/space.h"

#include <cerrno>

#include "base/log.h"
#include "base/text.h"

namespace tideway {
namespace {

bool is_shortage(int error) { return error == ENOSPC || error == EDQUOT; }

void tell(const SpacePolicy& policy, const SpaceShortage& shortage) {
  if (policy.observer != nullptr) {
    policy.observer->waiting(shortage);
  } else {
    LOG(warn, "waiting for space", {{"shortage", to_text(shortage)}});
  }
}

}  // namespace

std::string to_text(const SpaceShortage& shortage) {
  std::string text = "need " + human_bytes(shortage.need_bytes) + ", have " +
                     human_bytes(shortage.have_bytes) + " for " + shortage.path;
  if (shortage.have_bytes >= shortage.need_bytes)
    text += " (not bytes are short but files: see df -i, or a quota)";
  return text;
}

Result<void> DiskBudget::take(std::uint64_t bytes, std::string_view path) {
  const std::uint64_t used = used_.fetch_add(bytes) + bytes;
  if (used <= limit_) return {};
  used_ -= bytes;
  Evidence evidence;
  evidence.position = std::string(path);
  return fail(Error(ErrorCode::not_enough_space, Side::local, Retry::after_operator,
                    std::move(evidence),
                    "need " + human_bytes(used) + " with what is about to be written, have " +
                        human_bytes(limit_) + " by --disk"));
}

std::uint64_t DiskBudget::left() const {
  const std::uint64_t used = used_;
  return used < limit_ ? limit_ - used : 0;
}

Result<int> retry_for_space(const SpacePolicy& policy, std::string_view path,
                            std::uint64_t need_bytes,
                            const std::function<std::uint64_t()>& have_bytes,
                            const std::function<int()>& attempt, const std::stop_token& stop) {
  int error = attempt();
  if (!is_shortage(error)) return error;
  while (is_shortage(error)) {
    const SpaceShortage shortage{std::string(path), need_bytes, have_bytes()};
    tell(policy, shortage);
    if (!policy.clock->wait(policy.look_again, stop)) {
      return fail(Error(ErrorCode::stopped, Side::local, Retry::after_operator,
                        "stopped while waiting for space: " + to_text(shortage)));
    }
    error = attempt();
  }
  if (policy.observer != nullptr) {
    policy.observer->resumed(path);
  } else {
    LOG(info, "there is space again", {{"file", path}});
  }
  return error;
}

}  // namespace tideway
