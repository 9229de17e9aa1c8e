#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <stop_token>
#include <utility>
#include <vector>

#include "base/result.h"
#include "mysql/endpoint.h"
#include "mysql/session.h"

namespace tideway {

// Sessions to one endpoint, opened when they are wanted and used again. Bounded: no more than
// `most` are out or idle at a time. Any thread may take one; a leased session belongs to the thread
// that took it. Outlives its leases.
class Pool {
 public:
  Pool(Endpoint endpoint, SessionOptions options, std::size_t most)
      : endpoint_(std::move(endpoint)), options_(options), most_(most) {}
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // One session, given back on destruction; one that is not clean then (Session::is_clean: broken,
  // in a transaction, or soiled by an error) is closed instead of used again.
  class Lease {
   public:
    Lease(Lease&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)),
          session_(std::move(other.session_)),
          is_condemned_(other.is_condemned_) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    Session& operator*() const { return *session_; }
    Session* operator->() const { return session_.get(); }
    // However clean it looks, it is closed and not used again.
    void condemn() { is_condemned_ = true; }

   private:
    friend class Pool;
    Lease(Pool* pool, std::unique_ptr<Session> session)
        : pool_(pool), session_(std::move(session)) {}
    Pool* pool_;
    std::unique_ptr<Session> session_;
    bool is_condemned_ = false;
  };

  // Waits while all are out. TW106: stopping; otherwise what Session::open() says, and the turn is
  // free again.
  Result<Lease> take(const std::stop_token& stop);

  const Endpoint& endpoint() const { return endpoint_; }

 private:
  void give_back(std::unique_ptr<Session> session);

  const Endpoint endpoint_;
  const SessionOptions options_;
  const std::size_t most_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::size_t out_ = 0;
  std::vector<std::unique_ptr<Session>> idle_;
};

}  // namespace tideway
