#include "snapshot/consistent_point.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "base/check.h"
#include "base/guarded.h"
#include "base/log.h"
#include "snapshot/point_search.h"

namespace tideway {
namespace {

constexpr Duration between_history_looks = std::chrono::seconds(10);

struct Shared {
  std::vector<PointPtr> points;
  Sessions free;
  std::size_t leased = 0;
  Instant next_history_look{};
  bool may_see_history = true;
};

}  // namespace

struct Snapshot::State {
  explicit State(PointRequest asked) : request(std::move(asked)) {}
  const PointRequest request;
  Guarded<Shared> shared;
  std::unique_ptr<Session> lock;  // of the recipe's thread
};

Snapshot::Snapshot(std::unique_ptr<State> state) : state_(std::move(state)) {}
Snapshot::~Snapshot() = default;

Result<std::unique_ptr<Snapshot>> Snapshot::open(
    const Endpoint& endpoint, const SessionOptions& session_options, const ObjectList& objects,
    std::span<const TableId> tables, const SnapshotOptions& options, const std::stop_token& stop) {
  auto state = std::make_unique<State>(PointRequest{endpoint,
                                                    session_options,
                                                    {tables.begin(), tables.end()},
                                                    objects.cascades,
                                                    objects.listed_at,
                                                    options});
  std::unique_ptr<Snapshot> snapshot(new Snapshot(std::move(state)));
  TRY(snapshot->reopen(stop));
  return snapshot;
}

Result<void> Snapshot::reopen(const std::stop_token& stop) {
  state_->shared.with([](Shared& shared) {
    CHECK(shared.leased == 0);
    shared.free.clear();
  });
  OpenedPoint opened =
      TRY_DURING("opening a consistent snapshot", open_point(state_->request, stop));
  state_->lock = std::move(opened.lock);
  LOG(info, "the snapshot is open",
      {{"rung", to_text(opened.point.rung)},
       {"position", opened.point.position_text()},
       {"readers", opened.sessions.size()},
       {"reason", opened.point.reason}});
  opened.point.listed_at = state_->request.listed_at;
  auto point = std::make_shared<const SnapshotPoint>(std::move(opened.point));
  state_->shared.with([&](Shared& shared) {
    shared.points.push_back(std::move(point));
    shared.free = std::move(opened.sessions);
  });
  return {};
}

std::size_t Snapshot::point_count() const {
  return state_->shared.with([](const Shared& shared) { return shared.points.size(); });
}

PointPtr Snapshot::point(std::size_t index) const {
  return state_->shared.with([index](const Shared& shared) {
    CHECK(index < shared.points.size());
    return shared.points[index];
  });
}

std::size_t Snapshot::readers() const {
  return state_->shared.with(
      [](const Shared& shared) { return shared.free.size() + shared.leased; });
}

Result<Snapshot::Lease> Snapshot::lease(const std::stop_token& stop) {
  std::unique_ptr<Session> session;
  PointPtr point;
  const std::size_t index = state_->shared.with([&](Shared& shared) {
    ++shared.leased;
    point = shared.points.back();
    if (!shared.free.empty()) {
      session = std::move(shared.free.back());
      shared.free.pop_back();
    }
    return shared.points.size() - 1;
  });
  if (session != nullptr) return Lease(*this, std::move(session), index);

  // Where nothing was promised, or the moment can be read again, a lost session is replaced.
  const auto replacement = [&]() -> Result<std::unique_ptr<Session>> {
    if (point->rung != Rung::none && point->timestamp.empty()) {
      return fail(Error(ErrorCode::snapshot_lost, Side::source, Retry::new_session,
                        "no session is left that sees the snapshot"));
    }
    Sessions one;
    TRY(open_readers(state_->request.endpoint, state_->request.session_options, 1, one, stop));
    if (point->timestamp.empty()) {
      TRY(one[0]->execute(start_snapshot, stop));
      TRY(one[0]->execute(set_savepoint, stop));
    } else {
      TRY(one[0]->execute(fmt::format("SET SESSION tidb_snapshot = '{}'", point->timestamp), stop));
    }
    return std::move(one[0]);
  };
  auto opened = replacement();
  if (opened) return Lease(*this, std::move(*opened), index);
  state_->shared.with([](Shared& shared) { --shared.leased; });
  return fail(std::move(opened).error());
}

void Snapshot::give_back(std::unique_ptr<Session> session, std::size_t point) {
  state_->shared.with([&](Shared& shared) {
    --shared.leased;
    if (!session->is_broken() && point + 1 == shared.points.size())
      shared.free.push_back(std::move(session));
  });
}

Snapshot::Lease::Lease(Lease&& other) noexcept = default;

Snapshot::Lease& Snapshot::Lease::operator=(Lease&& other) noexcept {
  if (session_ != nullptr) owner_->give_back(std::move(session_), point_);
  owner_ = other.owner_;
  session_ = std::move(other.session_);
  point_ = other.point_;
  return *this;
}

Snapshot::Lease::~Lease() {
  if (session_ != nullptr) owner_->give_back(std::move(session_), point_);
}

bool Snapshot::is_too_old(Session& session, const std::stop_token& stop) {
  const std::uint64_t cap = state_->request.options.history_cap;
  const bool is_due = state_->shared.with([&](Shared& shared) {
    const Instant now = real_clock().now();
    if (cap == 0 || !shared.may_see_history || !shared.points.back()->timestamp.empty() ||
        now < shared.next_history_look)
      return false;
    shared.next_history_look = now + between_history_looks;
    return true;
  });
  if (!is_due) return false;
  auto answer = session.query_value(
      "SELECT `COUNT` FROM information_schema.INNODB_METRICS WHERE NAME = 'trx_rseg_history_len'",
      stop);
  if (!answer) {
    if (session.is_broken()) return false;
    state_->shared.with([](Shared& shared) { shared.may_see_history = false; });
    // Nothing that is copied depends on it, so nobody is asked for a privilege because of it.
    LOG(info, "the source's history list cannot be watched while the snapshot is held",
        {{"error", answer.error().to_line()}});
    return false;
  }
  const std::string text = answer->value_or("0");
  std::uint64_t length = 0;
  std::from_chars(text.data(), text.data() + text.size(), length);
  if (length <= cap) return false;
  LOG(info, "the source's history list grew over its cap: the snapshot is given up for a new one",
      {{"length", length}, {"cap", cap}});
  return true;
}

Result<void> Snapshot::release_lock(const std::stop_token& stop) {
  if (state_->lock == nullptr) return {};
  const std::unique_ptr<Session> lock = std::move(state_->lock);
  auto released = lock->execute("UNLOCK TABLES", stop);
  if (released) return {};
  return fail(Error(ErrorCode::snapshot_lost, Side::source, Retry::new_session,
                    released.error().evidence(),
                    "the session that held the lock was lost while the tables were read"));
}

}  // namespace tideway
