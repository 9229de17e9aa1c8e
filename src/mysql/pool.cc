#include "mysql/pool.h"

#include "base/check.h"

namespace tideway {

Pool::~Pool() { CHECK(out_ == 0); }

Pool::Lease::~Lease() {
  if (pool_ == nullptr) return;
  if (is_condemned_) session_.reset();
  pool_->give_back(std::move(session_));
}

Result<Pool::Lease> Pool::take(const std::stop_token& stop) {
  std::unique_ptr<Session> session;
  std::vector<std::unique_ptr<Session>> deserted;  // closed outside the lock
  {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop, [this] { return out_ < most_; }) || stop.stop_requested()) {
      return fail(Error(ErrorCode::stopped, Side::local, Retry::after_operator,
                        "stopped while waiting for a session to " + endpoint_.to_text()));
    }
    ++out_;
    while (session == nullptr && !idle_.empty()) {
      session = std::move(idle_.back());
      idle_.pop_back();
      if (session->is_deserted()) deserted.push_back(std::move(session));
    }
  }
  if (session == nullptr) {
    auto opened = Session::open(endpoint_, options_, stop);
    if (!opened) {
      give_back(nullptr);
      return fail(std::move(opened).error());
    }
    session = std::make_unique<Session>(*std::move(opened));
  }
  return Lease(this, std::move(session));
}

void Pool::give_back(std::unique_ptr<Session> session) {
  if (session != nullptr && !session->is_clean()) session.reset();  // closed outside the lock
  {
    const std::scoped_lock lock(mutex_);
    --out_;
    if (session != nullptr) idle_.push_back(std::move(session));
  }
  changed_.notify_one();
}

}  // namespace tideway
