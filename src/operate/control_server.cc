#include "operate/control_server.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "base/crew.h"
#include "base/guarded.h"
#include "base/log.h"
#include "operate/request.h"

namespace tideway {
namespace {

using std::chrono::milliseconds;

constexpr auto patience = milliseconds(25);  // with a job that is slow to say how it is
constexpr auto watch_interval = milliseconds(950);
constexpr auto claim_interval = std::chrono::seconds(1);
constexpr auto farewell = milliseconds(500);
constexpr std::size_t unsent_bytes_max = 1UL << 20U;

struct Client {
  explicit Client(FileHandle accepted) : socket(std::move(accepted)) {}

  void say(const std::string& line) { unsent += line + "\n"; }

  FileHandle socket;
  std::string unread, unsent;
  std::optional<std::uint64_t> wants;  // a status not older than this sample; nothing else is
                                       // looked at meanwhile, so that answers come in order
  Instant wants_until{};
  bool watches = false;
  std::string gist;  // of the last status it was sent while it watches
  Instant sent_status{};
  std::uint64_t seen_sample = 0;
  Instant heard = real_clock().now();
  bool has_said_all = false;  // nothing more is read from it; it goes when it has its answers
  bool is_gone = false;
};

}  // namespace

struct ControlServer::State {
  State(RunDir run_dir, std::string name, const JobControl& asked, JobVoice told)
      : directory(std::move(run_dir)),
        job(std::move(name)),
        control(asked),
        voice(std::move(told)),
        bell(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    CHECK(bell.is_open());
  }

  void ring() const {
    const std::uint64_t one = 1;
    static_cast<void>(!::write(bell.fd(), &one, sizeof one));  // full is rung too
  }
  Result<void> listen() {
    auto claimed = TRY(directory.claim(job));
    listener = TRY(claimed.listen());
    claim.emplace(std::move(claimed));
    return {};
  }

  void serve(const std::stop_token& stop);
  void wait_for_news(Instant until);
  void accept_clients();
  void read_from(Client& client);
  void take_lines(Client& client);
  void take(Client& client, const std::string& line);
  void answer_status(Client& client, const StatusSampler::Sample& sample, Instant now);
  void tell_watcher(Client& client, const StatusSampler::Sample& sample, Instant now);
  static void write_to(Client& client);
  void say_farewell();

  const RunDir directory;
  const std::string job;
  const JobControl& control;
  const JobVoice voice;
  const FileHandle bell;
  Guarded<std::vector<std::string>> last_lines;
  // The server's thread, from start() on.
  std::optional<RunDir::Claim> claim;
  FileHandle listener;
  std::vector<Client> clients;
  Instant next_claim{};
  // The last to be made and the first to go: their threads use all the others.
  std::unique_ptr<StatusSampler> sampler;
  Crew crew{std::stop_token{}};
};

void ControlServer::State::serve(const std::stop_token& stop) {
  const std::stop_callback wake(stop, [this] { ring(); });
  while (!stop.stop_requested()) {
    Instant until = real_clock().now() + std::chrono::seconds(1);
    for (const Client& client : clients) {
      if (client.wants) until = std::min(until, client.wants_until);
    }
    wait_for_news(until);
    if (!claim && real_clock().now() >= next_claim) {
      next_claim = real_clock().now() + claim_interval;
      if (listen()) LOG(info, "the job's socket is there now", {{"job", job}});
    }
    const StatusSampler::Sample sample = sampler->last();
    const Instant now = real_clock().now();
    for (Client& client : clients) {
      answer_status(client, sample, now);
      tell_watcher(client, sample, now);
      write_to(client);
    }
    std::erase_if(clients, [](const Client& client) {
      return client.is_gone ||
             (client.has_said_all && !client.wants && !client.watches && client.unsent.empty());
    });
  }
  say_farewell();
}

// Waits until somebody has something to say, or `until`, and hears it.
void ControlServer::State::wait_for_news(Instant until) {
  std::vector<pollfd> watched = {{bell.fd(), POLLIN, 0}, {listener.fd(), POLLIN, 0}};
  for (const Client& client : clients) {
    const int reads = client.has_said_all ? 0 : POLLIN;
    const int writes = client.unsent.empty() ? 0 : POLLOUT;
    watched.push_back({client.socket.fd(), static_cast<short>(reads | writes), 0});
  }
  const auto wait_ms =
      std::chrono::ceil<milliseconds>(std::max(until - real_clock().now(), Duration(0))).count();
  if (::poll(watched.data(), watched.size(), static_cast<int>(wait_ms)) < 0) {
    CHECK(errno == EINTR);
    return;
  }
  std::uint64_t rung = 0;
  if (watched[0].revents != 0) static_cast<void>(!::read(bell.fd(), &rung, sizeof rung));
  for (std::size_t i = 0; i < clients.size(); ++i) {
    const short events = watched[i + 2].revents;
    if ((events & POLLIN) != 0) read_from(clients[i]);
    const bool is_closed = (events & (POLLHUP | POLLERR)) != 0;
    if (is_closed && ((events & POLLIN) == 0 || clients[i].has_said_all)) clients[i].is_gone = true;
  }
  if (watched[1].revents != 0) accept_clients();
}

// The one that was silent for longest makes room.
void ControlServer::State::accept_clients() {
  while (true) {
    FileHandle accepted(::accept4(listener.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!accepted.is_open()) return;
    if (clients.size() >= clients_max) {
      clients.erase(std::ranges::min_element(clients, {}, [](const Client& client) {
        return std::pair(client.watches, client.heard);
      }));
    }
    clients.emplace_back(std::move(accepted));
  }
}

void ControlServer::State::read_from(Client& client) {
  std::array<char, 16384> bytes;
  const ssize_t count = ::recv(client.socket.fd(), bytes.data(), bytes.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count < 0) {
    client.is_gone = true;
    return;
  }
  client.heard = real_clock().now();
  client.has_said_all = count == 0;
  client.unread.append(bytes.data(), static_cast<std::size_t>(count));
  take_lines(client);
}

void ControlServer::State::take_lines(Client& client) {
  while (!client.wants) {
    const std::size_t end = client.unread.find('\n');
    if (end == std::string::npos) break;
    const std::string line = client.unread.substr(0, end);
    client.unread.erase(0, end + 1);
    if (!line.empty()) take(client, line);
    if (client.unsent.size() > unsent_bytes_max) client.is_gone = true;  // it asks and never reads
    if (client.is_gone) return;
  }
  if (client.unread.size() > request_bytes_max) {
    client.say(voice.error(Error(ErrorCode::usage, Side::local, Retry::never,
                                 fmt::format("a request has at most {} bytes, and one follows when "
                                             "the other is answered",
                                             request_bytes_max))));
    client.unread.clear();
    client.has_said_all = true;
    client.watches = false;
  }
}

void ControlServer::State::take(Client& client, const std::string& line) {
  const auto request = parse_request(line);
  if (!request) {
    client.say(voice.error(request.error()));
    return;
  }
  if (request->verb == "status" || request->verb == "watch") {
    client.wants = sampler->want();
    client.wants_until = real_clock().now() + patience;
    client.watches = client.watches || request->verb == "watch";
    return;
  }
  const auto answer = control.ask(request->verb, request->argument);
  LOG(info, "an operator asked",
      {{"verb", request->verb},
       {"argument", request->argument},
       {"answer", answer ? *answer : answer.error().to_line()}});
  client.say(answer ? answer_line(request->verb, *answer) : voice.error(answer.error()));
}

// With what the job said last when it does not answer now: it said so half a second ago, or it is
// in a state in which it says nothing new.
void ControlServer::State::answer_status(Client& client, const StatusSampler::Sample& sample,
                                         Instant now) {
  if (!client.wants || sample.count == 0) return;
  if (sample.number < *client.wants && now < client.wants_until) return;
  client.wants.reset();
  client.say(sample.told.line);
  client.sent_status = now;
  client.gist = sample.told.gist;
  client.seen_sample = sample.count;
  take_lines(client);
}

// A client that has not read what it was sent gets no more of it.
void ControlServer::State::tell_watcher(Client& client, const StatusSampler::Sample& sample,
                                        Instant now) {
  if (!client.watches || client.wants || !client.unsent.empty() ||
      client.seen_sample == sample.count)
    return;
  if (client.gist == sample.told.gist && now - client.sent_status < watch_interval) return;
  client.say(sample.told.line);
  client.gist = sample.told.gist;
  client.sent_status = now;
  client.seen_sample = sample.count;
}

void ControlServer::State::write_to(Client& client) {
  while (!client.unsent.empty() && !client.is_gone) {
    const ssize_t count =
        ::send(client.socket.fd(), client.unsent.data(), client.unsent.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    client.is_gone = count < 0;
    if (count > 0) client.unsent.erase(0, static_cast<std::size_t>(count));
  }
}

void ControlServer::State::say_farewell() {
  const Instant give_up = real_clock().now() + farewell;
  listener = FileHandle();
  last_lines.with([this](const std::vector<std::string>& lines) {
    for (Client& client : clients) {
      if (!client.watches) continue;
      for (const std::string& line : lines) client.say(line);
    }
  });
  while (true) {
    std::vector<pollfd> watched;
    for (Client& client : clients) {
      write_to(client);
      if (!client.is_gone && !client.unsent.empty())
        watched.push_back({client.socket.fd(), POLLOUT, 0});
    }
    const auto left = std::chrono::ceil<milliseconds>(give_up - real_clock().now()).count();
    if (watched.empty() || left <= 0) break;
    ::poll(watched.data(), watched.size(), static_cast<int>(left));
  }
  clients.clear();
  claim.reset();
}

ControlServer::ControlServer(RunDir directory, std::string job, const JobControl& control,
                             JobVoice voice)
    : state_(std::make_unique<State>(std::move(directory), std::move(job), control,
                                     std::move(voice))) {}

ControlServer::~ControlServer() { end({}); }

Result<void> ControlServer::start() {
  auto listening = state_->listen();
  if (!listening && listening.error().code() != ErrorCode::job_owned)
    return fail(std::move(listening).error());
  state_->next_claim = real_clock().now() + claim_interval;
  state_->sampler = std::make_unique<StatusSampler>(state_->voice.status,
                                                    [state = state_.get()] { state->ring(); });
  state_->crew.start("control", [state = state_.get()](const std::stop_token& stop) {
    state->serve(stop);
    return Result<void>();
  });
  return listening;
}

void ControlServer::end(const std::vector<std::string>& lines) {
  state_->last_lines.with([&lines](auto& last) { last = lines; });
  state_->crew.stop();
  static_cast<void>(state_->crew.join());  // its work returns no error
  state_->sampler.reset();
}

}  // namespace tideway
