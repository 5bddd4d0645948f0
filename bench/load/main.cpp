// The load generator of bench/run: one scenario a call, its numbers as one JSON object on standard output.
//
//   load latency PORT ROOM TOKENS N            one message at a time, sender to receiver, microseconds
//   load fanout  PORT ROOM TOKENS R W SECONDS KIND  R receivers, one sender with W messages in flight
//   load idle    PORT TOKENS ROOMS KIND        one socket a token, spread over the rooms; then waits for a line on
//   stdin load join    PORT ROOM TOKEN N             time from connect to the first frame, microseconds load storm PORT
//   ROOM TOKENS R N          R realtime clients are cut, N messages are stored, all come back at once load sync FOLDER
//   N                      what an append of 4 KiB and fdatasync cost there, microseconds
//
// KIND is room (the room's own socket) or realtime (a session of the Centrifuge protocol with one subscription).
//
// TOKENS is a file with a token a line. Every socket checks that what it gets is dense; a fault ends the run with
// status 1.
#include "load/room_client.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <vector>

using namespace load;

namespace {

std::vector<std::string> read_lines(const char* path) {
  std::ifstream in(path);
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) out.push_back(line);
  if (out.empty()) die(std::string("nothing in ") + path);
  return out;
}

double micros(Clock::duration d) { return std::chrono::duration<double, std::micro>(d).count(); }

void print_latencies(const char* name, std::vector<double> v) {
  std::sort(v.begin(), v.end());
  const auto at = [&](double q) {
    return v[std::min(v.size() - 1, static_cast<std::size_t>(q * static_cast<double>(v.size())))];
  };
  std::printf("\"%s\":{\"n\":%zu,\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"max\":%.1f}", name, v.size(), at(0.5),
              at(0.9), at(0.99), v.back());
}

// Waits for the next frame that satisfies `wanted`.
template <class F>
void await_frame(RoomClient& client, F&& wanted) {
  bool found = false;
  const auto deadline = Clock::now() + std::chrono::seconds(30);
  while (!found) {
    if (Clock::now() > deadline) die("nothing came in 30 s");
    if (!client.wait_readable(1000)) continue;
    if (!client.drain([&](std::string_view frame) {
          client.check(frame);
          found = found || wanted(frame);
        }))
      die("the connection ended");
  }
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

int latency(int port, const std::string& room, const std::vector<std::string>& tokens, int n) {
  RoomClient receiver, sender;
  receiver.open(port, room, tokens[0], "&history=0");
  sender.open(port, room, tokens[1 % tokens.size()], "&history=0");
  std::vector<double> delivered, acked;
  const std::string body(100, 'x');
  for (int i = 0; i < n; ++i) {
    const std::string id = std::to_string(::getpid()) + "-" + std::to_string(i);
    const auto start = Clock::now();
    sender.send_text("{\"content\":\"" + body + "\",\"client_id\":\"" + id + "\"}");
    await_frame(receiver, [](std::string_view f) { return has(f, "\"type\":\"message\""); });
    delivered.push_back(micros(Clock::now() - start));
    await_frame(sender, [](std::string_view f) { return has(f, "\"type\":\"ack\""); });
    acked.push_back(micros(Clock::now() - start));
  }
  std::printf("{");
  print_latencies("delivered_us", delivered);
  std::printf(",");
  print_latencies("acked_us", acked);
  std::printf("}\n");
  return 0;
}

void open_client(RoomClient& client, bool realtime, int port, const std::string& room, const std::string& token,
                 const std::string& query) {
  if (!realtime) return client.open(port, room, token, query);
  client.open_realtime(port, room, token);
  await_frame(client, [](std::string_view f) { return has(f, "\"subscribe\":{") || has(f, "\"error\""); });
}

int fanout(int port, const std::string& room, const std::vector<std::string>& tokens, std::size_t receivers, int window,
           double seconds, bool realtime) {
  std::vector<std::unique_ptr<RoomClient>> clients;
  const int epoll = ::epoll_create1(0);
  for (std::size_t i = 0; i < receivers + 1; ++i) {  // the last one sends
    clients.push_back(std::make_unique<RoomClient>());
    const bool sends = i == receivers;
    if (realtime && sends) {  // a room's sender is told its own numbers, a session's gets replies: it is in no channel
      clients.back()->open_realtime(port, {}, tokens[i % tokens.size()]);
      await_frame(*clients.back(), [](std::string_view f) { return has(f, "\"connect\":{"); });
    } else {
      open_client(*clients.back(), realtime, port, room, tokens[i % tokens.size()], "&history=0");
    }
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, clients.back()->fd, &event);
  }
  RoomClient& sender = *clients.back();
  const std::string body(100, 'x');
  std::uint64_t sent = 0, acked = 0, delivered = 0;
  const auto start = Clock::now();
  auto end = start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  bool sending = true;
  const auto fill = [&] {
    while (sending && sent - acked < static_cast<std::uint64_t>(window)) {
      sender.publish(room, sent + 2,
                     "{\"content\":\"" + body + "\",\"client_id\":\"" + std::to_string(::getpid()) + "-" +
                         std::to_string(sent) + "\"}");
      ++sent;
    }
  };
  fill();
  std::uint64_t counted = 0;
  double took = 0;
  while (delivered < sent * receivers || acked < sent) {
    epoll_event events[256];
    const int n = ::epoll_wait(epoll, events, 256, 10'000);
    if (n == 0) die("deliveries stopped: " + std::to_string(delivered) + " of " + std::to_string(sent * receivers));
    for (int e = 0; e < n; ++e) {
      RoomClient& client = *clients[events[e].data.u64];
      const bool mine = &client == &sender;
      if (!client.drain([&](std::string_view frame) {
            client.check(frame);
            if (has(frame, "\"error\"")) die("refused: " + std::string(frame));
            if (has(frame, "\"seq\":") || (mine && has(frame, "\"publish\":{}"))) ++(mine ? acked : delivered);
          }))
        die("a connection ended");
    }
    if (sending && Clock::now() >= end) {
      sending = false;
      counted = delivered;
      took = std::chrono::duration<double>(Clock::now() - start).count();
    }
    fill();
  }
  std::printf(
      "{\"receivers\":%zu,\"window\":%d,\"messages_per_s\":%.0f,\"deliveries_per_s\":%.0f,\"delivered\":%llu}\n",
      receivers, window, static_cast<double>(counted) / static_cast<double>(receivers) / took,
      static_cast<double>(counted) / took, static_cast<unsigned long long>(delivered));
  return 0;
}

int idle(int port, const std::vector<std::string>& tokens, const std::vector<std::string>& rooms, bool realtime) {
  std::vector<std::unique_ptr<RoomClient>> clients;
  const auto answer_pings = [&clients] {
    for (auto& client : clients)
      if (!client->drain([](std::string_view) {})) die("an idle connection ended");
  };
  const auto start = Clock::now();
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    clients.push_back(std::make_unique<RoomClient>());
    open_client(*clients.back(), realtime, port, rooms[i % rooms.size()], tokens[i], "");
    if (i % 500 == 499) answer_pings();  // on a loaded machine the first are pinged before the last are open
  }
  std::printf("{\"open\":%zu,\"connect_s\":%.2f}\n", clients.size(),
              std::chrono::duration<double>(Clock::now() - start).count());
  std::fflush(stdout);
  // Keeps answering pings until told to end.
  for (;;) {
    pollfd p{0, POLLIN, 0};
    if (::poll(&p, 1, 200) > 0) return 0;
    answer_pings();
  }
}

// All come back in one moment with the position they had; each must be given exactly what it missed.
int storm(int port, const std::string& room, const std::vector<std::string>& tokens, std::size_t receivers,
          int missed) {
  std::string epoch;
  std::int64_t offset = 0;
  {
    RoomClient sender;
    sender.open_realtime(port, room, tokens[0]);
    await_frame(sender, [&](std::string_view f) {
      const auto at = f.find("\"subscribe\":{");
      if (at == std::string_view::npos) return false;
      const auto e = f.find("\"epoch\":\"", at) + 9;
      epoch = f.substr(e, f.find('"', e) - e);
      if (const auto o = f.find("\"offset\":", at); o != std::string_view::npos)
        offset = std::strtoll(f.data() + o + 9, nullptr, 10);
      return true;
    });
    std::vector<std::unique_ptr<RoomClient>> there;
    for (std::size_t i = 0; i < receivers; ++i) {
      there.push_back(std::make_unique<RoomClient>());
      open_client(*there.back(), true, port, room, tokens[i % tokens.size()], {});
    }
    for (auto& client : there) ::close(client->fd);
    for (int i = 0; i < missed; ++i) {
      sender.publish(room, static_cast<std::uint64_t>(i) + 3, "{\"content\":\"" + std::string(100, 'x') + "\"}");
      await_frame(sender, [](std::string_view f) { return has(f, "\"publish\":{}"); });
    }
    ::close(sender.fd);
  }
  const std::string position = ",\"recover\":true,\"epoch\":\"" + epoch + "\",\"offset\":" + std::to_string(offset);
  const auto start = Clock::now();
  std::vector<std::unique_ptr<RoomClient>> clients;
  const int epoll = ::epoll_create1(0);
  for (std::size_t i = 0; i < receivers; ++i) {
    clients.push_back(std::make_unique<RoomClient>());
    clients.back()->open_realtime(port, room, tokens[i % tokens.size()], position);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, clients.back()->fd, &event);
  }
  std::size_t caught_up = 0;
  while (caught_up < receivers) {
    epoll_event events[256];
    const int n = ::epoll_wait(epoll, events, 256, 30'000);
    if (n == 0) die("only " + std::to_string(caught_up) + " have caught up");
    for (int e = 0; e < n; ++e) {
      if (!clients[events[e].data.u64]->drain([&](std::string_view frame) {
            if (!has(frame, "\"subscribe\":{")) return;
            int given = 0;
            for (auto at = frame.find("\"seq\":"); at != std::string_view::npos; at = frame.find("\"seq\":", at + 1)) {
              if (std::strtoll(frame.data() + at + 6, nullptr, 10) != offset + ++given) die("a hole in a recovery");
            }
            if (given != missed || !has(frame, "\"recovered\":true")) die("recovered " + std::to_string(given));
            ++caught_up;
          }))
        die("a connection ended");
    }
  }
  std::printf("{\"clients\":%zu,\"missed\":%d,\"seconds\":%.3f}\n", receivers, missed,
              std::chrono::duration<double>(Clock::now() - start).count());
  return 0;
}

int join(int port, const std::string& room, const std::string& token, int n) {
  std::vector<double> first;
  for (int i = 0; i < n; ++i) {
    RoomClient client;
    const auto start = Clock::now();
    client.open(port, room, token, "");
    bool got = false;
    client.drain_kept([&](std::string_view) { got = true; });
    while (!got) {
      if (!client.wait_readable(10'000)) die("no first frame");
      client.drain([&](std::string_view) { got = true; });
    }
    first.push_back(micros(Clock::now() - start));
    ::close(client.fd);
  }
  std::printf("{");
  print_latencies("first_frame_us", first);
  std::printf("}\n");
  return 0;
}

int sync_cost(const std::string& folder, int n) {
  const std::string path = folder + "/sync-cost";
  const int fd = ::open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) die("cannot write to " + folder);
  const std::string block(4096, 'x');
  std::vector<double> took;
  for (int i = 0; i < n; ++i) {
    const auto start = Clock::now();
    if (::write(fd, block.data(), block.size()) != 4096 || ::fdatasync(fd) != 0) die("write or fdatasync failed");
    took.push_back(micros(Clock::now() - start));
  }
  ::close(fd);
  ::unlink(path.c_str());
  std::printf("{");
  print_latencies("sync_us", took);
  std::printf("}\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  const std::vector<std::string> a(argv + 1, argv + argc);
  const auto number = [&](std::size_t i) { return std::atoi(a.at(i).c_str()); };
  try {
    if (a.at(0) == "latency") return latency(number(1), a.at(2), read_lines(a.at(3).c_str()), number(4));
    if (a.at(0) == "fanout")
      return fanout(number(1), a.at(2), read_lines(a.at(3).c_str()), static_cast<std::size_t>(number(4)), number(5),
                    std::atof(a.at(6).c_str()), a.at(7) == "realtime");
    if (a.at(0) == "idle")
      return idle(number(1), read_lines(a.at(2).c_str()), read_lines(a.at(3).c_str()), a.at(4) == "realtime");
    if (a.at(0) == "storm")
      return storm(number(1), a.at(2), read_lines(a.at(3).c_str()), static_cast<std::size_t>(number(4)), number(5));
    if (a.at(0) == "join") return join(number(1), a.at(2), a.at(3), number(4));
    if (a.at(0) == "sync") return sync_cost(a.at(1), number(2));
  } catch (const std::out_of_range&) {
  }
  die("see the head of bench/load/main.cpp for the scenarios");
}
