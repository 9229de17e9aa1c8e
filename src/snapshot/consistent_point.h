#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "mysql/endpoint.h"
#include "mysql/session.h"
#include "snapshot/object_list.h"
#include "snapshot/snapshot_point.h"

namespace tideway {

// The user's wish. `automatic` never locks.
enum class Consistency : std::uint8_t { automatic, flush, lock, none };

struct SnapshotOptions {
  std::size_t readers = 4;
  Consistency consistency = Consistency::automatic;
  Duration wait = std::chrono::seconds(10);       // --snapshot-wait: how long to try for `exact`
  Duration lock_wait = std::chrono::seconds(10);  // how long a lock may make others wait behind it
  bool keeps_lock = false;  // until release_lock(), for engines that take no part in a snapshot
  std::uint64_t history_cap =
      5'000'000;  // undo entries the source may pile up for us; 0: any number
};

// Reader sessions that all see the source at one point of its log, and hold no lock. Owned by the
// recipe; it outlives every lease. Any thread may take a lease; a leased session belongs to one.
//
// How it is opened (docs/consistency.md): `low`, then XA RECOVER, which must be empty, then
// START TRANSACTION WITH CONSISTENT SNAPSHOT on all sessions at once, then `high`; the log between
// says which tables were touched. While one of `tables` was, it is tried again for `wait`, with
// fewer readers, at last with one; kept is the try that left the fewest of them touched.
class Snapshot {
 public:
  // `tables`: those of `objects` that will be read, and must be exact. TW403: XA transactions
  // stayed prepared for all of `wait`. TW301, TW306: the lock asked for was refused, or not had in
  // time. Not reaching `exact` is no error: point() says so.
  static Result<std::unique_ptr<Snapshot>> open(
      const Endpoint& endpoint, const SessionOptions& session_options, const ObjectList& objects,
      std::span<const TableId> tables, const SnapshotOptions& options, const std::stop_token& stop);
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  // Points in the order they were opened; the last one is what new leases read. Grows by reopen().
  // A point, once there, stays as it is.
  std::size_t point_count() const;
  PointPtr point(std::size_t index) const;
  PointPtr first_point() const { return point(0); }
  std::size_t readers() const;  // sessions that can be leased at a time

  // One reader session, given back on destruction; a broken one is lost to the snapshot.
  class Lease {
   public:
    Lease(Lease&& other) noexcept;
    Lease& operator=(Lease&& other) noexcept;
    ~Lease();
    Session& session() const { return *session_; }
    std::size_t point() const { return point_; }

   private:
    friend class Snapshot;
    Lease(Snapshot& owner, std::unique_ptr<Session> session, std::size_t point)
        : owner_(&owner), session_(std::move(session)), point_(point) {}
    Snapshot* owner_;
    std::unique_ptr<Session> session_;
    std::size_t point_;
  };
  // TW402: none is left. With rung `none` a lost session is replaced by a new one.
  Result<Lease> lease(const std::stop_token& stop);

  // Whether the source's history list is longer than the cap. Asks at most every 10 s; false where
  // it may not be asked (PROCESS), which is logged once.
  bool is_too_old(Session& session, const std::stop_token& stop);
  // Gives up the sessions and opens new ones with a point of their own; tables read before and
  // after stand at both points. No lease may be out.
  Result<void> reopen(const std::stop_token& stop);

  // With keeps_lock: TW402 if the lock's session was lost meanwhile.
  Result<void> release_lock(const std::stop_token& stop);

 private:
  struct State;
  explicit Snapshot(std::unique_ptr<State> state);
  void give_back(std::unique_ptr<Session> session, std::size_t point);
  std::unique_ptr<State> state_;
};

}  // namespace tideway
