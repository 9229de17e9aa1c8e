#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.h"

namespace tideway {

// The only place where threads start. Threads of a crew do one job together: the first error stops
// the rest, the destructor stops and joins them all. Started and joined by one thread, the owner.
class Crew {
 public:
  using Work = std::function<Result<void>(const std::stop_token&)>;

  // Stopping `parent` stops the crew; the crew's own stop never reaches the parent.
  explicit Crew(const std::stop_token& parent);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  void start(std::string_view name,
             Work work);  // the name is what top -H shows: at most 15 characters
  void stop() { source_.request_stop(); }
  std::stop_token token() const { return source_.get_token(); }

  // Waits for all. The first error of any; being stopped is not an error.
  Result<void> join();

 private:
  void record(Error error);

  std::stop_source source_;
  std::stop_callback<std::function<void()>> from_parent_;
  std::mutex mutex_;
  std::optional<Error> first_error_;
  std::vector<std::jthread> threads_;
};

}  // namespace tideway
