#include "stream/xa_branches.h"

#include <utility>

namespace tideway {

Result<void> XaBranches::add(std::string_view event, const std::stop_token& stop) {
  if (is_too_large_) return {};
  if (!has_loan_) {
    auto loan = arbiter_.borrow(most_bytes_, stop);
    if (!loan) {
      return fail(
          Error(ErrorCode::stopped, Side::local, Retry::never, "stopped while reading the log"));
    }
    loan_ = *std::move(loan);
    has_loan_ = true;
  }
  // A branch that leaves no room for others is read again instead.
  if (open_.bytes.size() + event.size() > most_bytes_ / 4) {
    give_up();
    is_too_large_ = true;
    return {};
  }
  open_.bytes.append(event);
  open_.ends.push_back(open_.bytes.size());
  return {};
}

void XaBranches::give_up() {
  open_ = {};
  is_too_large_ = false;
}

std::optional<BranchEvents> XaBranches::take_open(const EventReader& reader) {
  if (std::exchange(is_too_large_, false)) return std::nullopt;
  open_.reader = reader;
  return std::exchange(open_, {});
}

void XaBranches::prepared(const std::string& xid, const LogPosition& begin,
                          const EventReader& reader) {
  forget(xid);
  auto events = take_open(reader);
  if (!events) return;
  events->begin = begin;
  events->bytes.shrink_to_fit();
  bytes_ += events->bytes.size();
  kept_.emplace(xid, *std::move(events));
  order_.push_back(xid);
  // What is open beside them has a quarter.
  while (bytes_ > most_bytes_ / 4 * 3) forget(std::string(order_.front()));
}

std::optional<BranchEvents> XaBranches::take(const std::string& xid, const LogPosition& begin) {
  const auto found = kept_.find(xid);
  if (found == kept_.end() || found->second.begin != begin) return std::nullopt;
  BranchEvents events = std::move(found->second);
  bytes_ -= events.bytes.size();
  kept_.erase(found);
  order_.remove(xid);
  return events;
}

void XaBranches::forget(const std::string& xid) {
  const auto found = kept_.find(xid);
  if (found == kept_.end()) return;
  bytes_ -= found->second.bytes.size();
  kept_.erase(found);
  order_.remove(xid);
}

Result<BranchReader> BranchReader::open(const Endpoint& source, Duration heartbeat,
                                        const std::string& server_uuid, const LogPosition& begin,
                                        const std::stop_token& stop) {
  BranchReader reader{BranchEvents{}};
  reader.log_ = std::make_unique<LogConnection>(source, heartbeat, false);
  TRY(reader.log_->open({server_uuid, std::nullopt, begin}, stop));
  reader.events_.reader = EventReader(reader.log_->has_checksums());
  return reader;
}

Result<std::optional<std::string_view>> BranchReader::next(const std::stop_token& stop) {
  if (log_) return log_->next(stop);
  if (next_ == events_.ends.size()) return std::nullopt;
  const std::size_t begin = next_ == 0 ? 0 : events_.ends[next_ - 1];
  return std::string_view(events_.bytes).substr(begin, events_.ends[next_++] - begin);
}

}  // namespace tideway
