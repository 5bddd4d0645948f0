// A real server that is stopped, also in the hard way, and comes back.
#include "contract/journal_world.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>

namespace chat::contract {
namespace {

using namespace std::chrono_literals;

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  (void)::bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  (void)::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

// A cluster of its own, fsync on, gone at the end. As root the server runs as user postgres, since it refuses root.
class Cluster {
 public:
  Cluster() : port_(free_port()) {
    std::string pattern = (std::filesystem::temp_directory_path() / "chatd-cluster-XXXXXX").string();
    if (!mkdtemp(pattern.data())) throw std::runtime_error("no temporary folder");
    folder_ = pattern;
    if (::geteuid() == 0) {
      as_ = "runuser -u postgres -- ";
      run("chown postgres " + folder_);
    }
    run(as_ + bin() + "/initdb -D " + folder_ + "/data -U chatd -A trust -E UTF8 --no-locale");
    start();
  }
  ~Cluster() {
    (void)std::system((as_ + bin() + "/pg_ctl -D " + folder_ + "/data -m immediate -w stop >/dev/null 2>&1").c_str());
    std::filesystem::remove_all(folder_);
  }
  void start() {
    run(as_ + bin() + "/pg_ctl -D " + folder_ + "/data -w -l " + folder_ + "/log -o '-p " + std::to_string(port_) +
        " -c listen_addresses=127.0.0.1 -k " + folder_ + "' start");
  }
  void stop(const std::string& mode) { run(as_ + bin() + "/pg_ctl -D " + folder_ + "/data -w -m " + mode + " stop"); }
  std::string url() const { return "postgresql://chatd@127.0.0.1:" + std::to_string(port_) + "/postgres"; }

 private:
  static std::string bin() {
    std::array<char, 256> line{};
    FILE* pipe = ::popen("pg_config --bindir", "r");
    if (!pipe || !std::fgets(line.data(), line.size(), pipe)) throw std::runtime_error("pg_config does not answer");
    ::pclose(pipe);
    std::string path = line.data();
    path.erase(path.find_last_not_of('\n') + 1);
    return path;
  }
  static void run(const std::string& command) {
    if (std::system((command + " >/dev/null 2>&1").c_str()) != 0) throw std::runtime_error("failed: " + command);
  }
  std::string folder_, as_;
  int port_;
};

TEST(JournalOnARestartedPostgres, KeepsThePatientThroughStopsOfEveryKindAndDoublesNothing) {
  if (kinds().back() != Kind::postgres) GTEST_SKIP() << "CHATD_TEST_NO_POSTGRES=1";
  Cluster cluster;
  auto world = World::on_postgres(cluster.url());
  Recorder recorder;
  auto journal = world->journal(recorder, {});
  const Principal ada = world->user("ada");
  const RoomId room = world->room(ada);
  std::atomic<bool> done = false;
  std::vector<Pending> pending;
  std::thread sender([&] {
    for (int i = 0; !done || i < 100; ++i) {
      AppendMessage m = text(room, ada, std::to_string(i));
      m.patient = true;
      pending.push_back(append(*journal, m));
      std::this_thread::sleep_for(3ms);
    }
  });
  for (const char* mode : {"fast", "immediate"}) {
    std::this_thread::sleep_for(200ms);
    cluster.stop(mode);
    for (int i = 0; i < 1000 && journal->health().writable; ++i) std::this_thread::sleep_for(10ms);
    EXPECT_FALSE(journal->health().writable);
    EXPECT_EQ(code(append(*journal, text(room, ada, "refused")).get()), Errc::unavailable);
    cluster.start();
    for (int i = 0; i < 1000 && !journal->health().writable; ++i) std::this_thread::sleep_for(10ms);
    EXPECT_TRUE(journal->health().writable) << journal->health().reason;
  }
  done = true;
  sender.join();
  for (auto& p : pending) EXPECT_TRUE(p.get().has_value());
  const auto events = world->replay(room);
  expect_gap_free(events);
  ASSERT_EQ(events.size(), pending.size());
  for (std::size_t i = 0; i < events.size(); ++i) EXPECT_EQ(events[i].message->content, std::to_string(i));
  EXPECT_EQ(recorder.of(room).size(), pending.size());
  EXPECT_TRUE(recorder.in_order());
  journal->stop(5s);
}

// Cancelled while it waits for its standby (a timeout does it), COMMIT answers COMMIT, and warns that nobody else has
// it.
TEST(JournalWithAStandbyThatIsGone, TakesACommitThatWasCutShortForUnsure) {
  if (kinds().back() != Kind::postgres) GTEST_SKIP() << "CHATD_TEST_NO_POSTGRES=1";
  Cluster cluster;
  auto world = World::on_postgres(cluster.url());
  Recorder recorder;
  auto journal = world->journal(recorder, {});
  const Principal ada = world->user("ada");
  const RoomId room = world->room(ada);
  AppendMessage before = text(room, ada, "before");
  const MessageId id(append(*journal, before).get().value().id);
  auto other = writers_at(world->url())().value();
  const auto standby = [&](const char* name) {
    ASSERT_TRUE(other->script(std::string("ALTER SYSTEM SET synchronous_standby_names = '") + name + "'").has_value());
    ASSERT_TRUE(other->script("SELECT pg_reload_conf()").has_value());
  };
  static constexpr sql::Query kCut(
      "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query NOT LIKE 'UPDATE "
      "data%'");
  const auto cut_commits_short = [&](const Pending& pending) {
    std::int64_t cut = 0;
    for (int i = 0; i < 300 && cut < 3; ++i) {  // the first, and the look-ups after it
      cut += other->execute(kCut).value();
      std::this_thread::sleep_for(10ms);
    }
    EXPECT_GE(cut, 2);
    EXPECT_EQ(pending.wait_for(0s), std::future_status::timeout);
  };
  // The checkpointer passes the setting on when it comes to it: a commit of our own tells.
  const auto waits = [&] {
    const auto probe = writers_at(world->url(), 1s)().value();
    const bool hangs = !probe->script("UPDATE database_info SET schema_version = schema_version").has_value();
    EXPECT_TRUE(
        other->script("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'UPDATE data%'"));
    return hangs;
  };
  standby("nobody");
  for (int i = 0; i < 500 && !waits(); ++i) std::this_thread::sleep_for(10ms);
  AppendMessage m = text(room, ada, "m");
  m.patient = true;
  auto message = append(*journal, m);
  cut_commits_short(message);
  EXPECT_EQ(recorder.of(room).size(), 1u);
  standby("");
  EXPECT_EQ(message.get().value().seq, Seq(2));

  for (int i = 0; i < 500 && waits(); ++i) std::this_thread::sleep_for(10ms);
  standby("nobody");
  for (int i = 0; i < 500 && !waits(); ++i) std::this_thread::sleep_for(10ms);
  auto command = execute(*journal, room, ada, EditMessage{id, "edited", {}});
  for (int i = 0; i < 300 && other->execute(kCut).value() == 0; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(command.wait_for(300ms), std::future_status::timeout);
  EXPECT_EQ(recorder.of(room).size(), 2u);
  standby("");
  EXPECT_EQ(command.get().value().seq, Seq(3));
  EXPECT_EQ(world->replay(room).size(), 3u);
  EXPECT_EQ(recorder.of(room).size(), 3u);
  journal->stop(5s);
}

}  // namespace
}  // namespace chat::contract
