#include "base/crew.h"

#include <pthread.h>

#include <string>

namespace tideway {

Crew::Crew(const std::stop_token& parent)
    : from_parent_(parent, [this] { source_.request_stop(); }) {}

Crew::~Crew() {
  stop();
  threads_.clear();
}

void Crew::start(std::string_view name, Work work) {
  threads_.emplace_back([this, name = std::string(name.substr(0, 15)), work = std::move(work)] {
    pthread_setname_np(pthread_self(), name.c_str());
    if (auto result = work(source_.get_token()); !result) record(std::move(result).error());
  });
}

Result<void> Crew::join() {
  threads_.clear();
  const std::scoped_lock lock(mutex_);
  if (first_error_) return fail(std::move(*std::exchange(first_error_, std::nullopt)));
  return {};
}

void Crew::record(Error error) {
  {
    const std::scoped_lock lock(mutex_);
    if (!first_error_) first_error_ = std::move(error);
  }
  stop();
}

}  // namespace tideway
