// The lane's promises, on a writer that is in the test's hand.
#include "storage/journal/lane_journal.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
#include <map>
#include <mutex>

namespace chat::journal {
namespace {

using namespace std::chrono_literals;

class HandClock final : public Clock {
 public:
  Timestamp now() const override { return Timestamp(std::chrono::seconds(1'700'000'000)); }
  std::chrono::steady_clock::time_point steady() const override { return TimePoint(milliseconds_.load() * 1ms); }
  void advance(std::chrono::milliseconds by) { milliseconds_ += by.count(); }

 private:
  std::atomic<std::int64_t> milliseconds_{1'000'000};
};

// Numbers messages in memory. Each flight waits for `allow`; what it does to items may be scripted.
struct Database {
  using Script = std::function<FlightReport(std::span<WriteItem>, Database&)>;

  std::mutex mutex;
  std::condition_variable changed;
  int allowed = 1'000'000;
  std::vector<std::vector<std::string>> flights;  // contents; "!" for a command
  std::map<RoomId, std::int64_t> heads;
  std::deque<Script> scripts;  // the next flights'
  std::deque<bool> opens;      // outcomes of the next opens; after them: true
  int opened = 0;

  void hold() { set(0); }
  std::size_t seen() {
    std::lock_guard lock(mutex);
    return flights.size();
  }
  void let_go() { set(1'000'000); }
  void set(int n) {
    {
      std::lock_guard lock(mutex);
      allowed = n;
    }
    changed.notify_all();
  }
  bool wait_for_flights(std::size_t n) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 10s, [&] { return flights.size() >= n; });
  }
  void store(WriteItem& item) {
    item.fate = Fate::stored;
    if (item.is_command()) return;
    const Seq seq(++heads[item.message->room_id]);
    item.stored = {item.message->id.value, seq, Ordinal(seq.value), {}, false};
  }
};

class FakeWriter final : public FeedWriter {
 public:
  explicit FakeWriter(Database& db) : db_(db) {}
  Result<void> open() override {
    std::lock_guard lock(db_.mutex);
    ++db_.opened;
    if (db_.opens.empty()) return {};
    const bool good = db_.opens.front();
    db_.opens.pop_front();
    if (good) return {};
    return Error(Errc::unavailable, "it is away");
  }
  FlightReport write(std::span<WriteItem> items) override {
    std::unique_lock lock(db_.mutex);
    std::vector<std::string> contents;
    for (const WriteItem& item : items) contents.push_back(item.is_command() ? "!" : item.message->content);
    db_.flights.push_back(contents);
    db_.changed.notify_all();
    db_.changed.wait(lock, [&] { return db_.allowed > 0; });
    --db_.allowed;
    if (!db_.scripts.empty()) {
      const auto script = db_.scripts.front();
      db_.scripts.pop_front();
      return script(items, db_);
    }
    for (WriteItem& item : items) db_.store(item);
    return {};
  }

 private:
  Database& db_;
};

struct Sink final : CommitSink {
  std::mutex mutex;
  std::vector<std::string> seen;  // contents of commits and answers, as they came
  std::atomic<bool> throws = false;
  void on_commit(const Commit& commit) override {
    if (throws) throw std::runtime_error("the sink's own");
    std::lock_guard lock(mutex);
    for (const CommittedEvent& e : commit.events) seen.push_back("commit " + e.event->message->content);
  }
};

class JournalLane : public testing::Test {
 protected:
  ~JournalLane() override {
    db.let_go();
    journal.reset();
  }
  void start(JournalOptions options = {}) {
    std::vector<std::unique_ptr<FeedWriter>> writers;
    writers.push_back(std::make_unique<FakeWriter>(db));
    journal = std::make_unique<LaneJournal>(options, std::move(writers), sink, clock);
  }
  AppendMessage message(RoomId room, std::string content, UserId author = UserId::make()) {
    AppendMessage m;
    m.room_id = room;
    m.author = {Principal::Kind::user, author, "ada"};
    m.content = std::move(content);
    return m;
  }
  using Future = std::future<Result<Stored>>;
  Future send(AppendMessage m) {
    auto promise = std::make_shared<std::promise<Result<Stored>>>();
    auto future = promise->get_future();
    const std::string name = m.content;
    const bool taken = journal->append(std::move(m), [this, promise, name](Result<Stored> r) {
      {
        std::lock_guard lock(sink.mutex);
        sink.seen.push_back("answer " + name);
      }
      promise->set_value(std::move(r));
    });
    if (!taken) promise->set_value(Error(Errc::overloaded, "not taken"));
    return future;
  }
  Future command(RoomId room) {
    auto promise = std::make_shared<std::promise<Result<Stored>>>();
    auto future = promise->get_future();
    FeedCommand c;
    c.room_id = room;
    c.actor.id = UserId::make();
    c.change = ChangeRoom{"x", std::nullopt};
    EXPECT_TRUE(journal->execute(std::move(c), [promise](Result<Stored> r) { promise->set_value(std::move(r)); }));
    return future;
  }
  // A flight is under way and everything sent from now on waits behind it.
  Future occupy() {
    db.hold();
    auto first = send(message(RoomId::make(), "first"));
    EXPECT_TRUE(db.wait_for_flights(1));
    return first;
  }
  static Errc code(Future& f) {
    auto r = f.get();
    return r ? Errc::internal : r.error().code;
  }

  Database db;
  Sink sink;
  HandClock clock;
  std::unique_ptr<LaneJournal> journal;
  const RoomId a = RoomId::make(), b = RoomId::make();
  const UserId ada = UserId::make();
};

TEST_F(JournalLane, SendsALoneMessageAtOnceAndTheNextFlightTakesAllThatCameMeanwhile) {
  start();
  auto first = occupy();
  std::vector<Future> rest;
  for (int i = 0; i < 5; ++i) rest.push_back(send(message(i % 2 ? a : b, std::to_string(i))));
  db.let_go();
  for (auto& f : rest) EXPECT_TRUE(f.get().has_value());
  ASSERT_EQ(db.flights.size(), 2u);
  EXPECT_EQ(db.flights[1], (std::vector<std::string>{"0", "1", "2", "3", "4"}));
  EXPECT_TRUE(first.get().has_value());
}

TEST_F(JournalLane, HandsTheCommitOverBeforeItAnswersAndBothInOrder) {
  start();
  auto first = occupy();
  auto x = send(message(a, "x")), y = send(message(a, "y"));
  db.let_go();
  x.get(), y.get();
  std::lock_guard lock(sink.mutex);
  EXPECT_EQ(sink.seen,
            (std::vector<std::string>{"commit first", "answer first", "commit x", "commit y", "answer x", "answer y"}));
}

TEST_F(JournalLane, EndsABatchAtItsCountAndAtItsBytes) {
  start({.batch_messages = 3, .batch_bytes = 1000});
  auto first = occupy();
  std::vector<Future> rest;
  for (int i = 0; i < 4; ++i) rest.push_back(send(message(a, std::to_string(i))));
  for (int i = 0; i < 3; ++i) rest.push_back(send(message(b, std::string(600, 'x'))));
  db.let_go();
  for (auto& f : rest) f.get();
  std::vector<std::size_t> sizes;
  for (const auto& flight : db.flights) sizes.push_back(flight.size());
  EXPECT_EQ(sizes, (std::vector<std::size_t>{1, 3, 2, 1, 1}));
}

TEST_F(JournalLane, SendsAMessageLargerThanABatchAlone) {
  start({.batch_bytes = 100});
  EXPECT_TRUE(send(message(a, std::string(5000, 'x'))).get().has_value());
}

TEST_F(JournalLane, KeepsACommandInItsPlaceAndAlone) {
  start();
  auto first = occupy();
  auto one = send(message(a, "1"));
  auto change = command(a);
  auto two = send(message(a, "2"));
  db.let_go();
  one.get(), change.get(), two.get();
  EXPECT_EQ(db.flights, (std::vector<std::vector<std::string>>{{"first"}, {"1"}, {"!"}, {"2"}}));
}

TEST_F(JournalLane, GivesOneRoomAQuarterAndOneUserAnEighth) {
  start({.queue_messages = 32});
  auto first = occupy();
  std::vector<Future> taken;
  for (int i = 0; i < 8; ++i) taken.push_back(send(message(a, "m")));  // eight users
  auto ninth = send(message(a, "too many for the room"));
  EXPECT_EQ(code(ninth), Errc::overloaded);
  for (int i = 0; i < 4; ++i) taken.push_back(send(message(RoomId::make(), "m", ada)));
  auto fifth = send(message(RoomId::make(), "too many for the user", ada));
  EXPECT_EQ(code(fifth), Errc::overloaded);
  while (taken.size() < 31) taken.push_back(send(message(RoomId::make(), "m")));
  auto full = send(message(RoomId::make(), "too many for the lane"));
  EXPECT_EQ(code(full), Errc::overloaded);
  EXPECT_EQ(journal->health().queued, 32u);
  db.let_go();
  for (auto& f : taken) EXPECT_TRUE(f.get().has_value());
  EXPECT_TRUE(send(message(a, "again")).get().has_value());
}

TEST_F(JournalLane, CountsBytesInTheShares) {
  start({.queue_bytes = 80'000});
  auto first = occupy();
  auto taken = send(message(a, std::string(15'000, 'x')));
  auto refused = send(message(a, std::string(6'000, 'x')));
  EXPECT_EQ(code(refused), Errc::overloaded);
  db.let_go();
  EXPECT_TRUE(taken.get().has_value());
}

TEST_F(JournalLane, RefusesWhatHasWaitedFiveSecondsUnlessItIsPatient) {
  start();
  auto first = occupy();
  auto ordinary = send(message(a, "ordinary"));
  AppendMessage m = message(a, "patient");
  m.patient = true;
  auto patient = send(std::move(m));
  clock.advance(5001ms);
  auto fresh = send(message(a, "fresh"));
  db.let_go();
  EXPECT_EQ(code(ordinary), Errc::overloaded);
  EXPECT_TRUE(patient.get().has_value());
  EXPECT_TRUE(fresh.get().has_value());
  EXPECT_EQ(db.flights[1], (std::vector<std::string>{"patient", "fresh"}));
}

TEST_F(JournalLane, AttachesASecondSendWithTheSameKeyWhetherItWaitsOrFlies) {
  start();
  AppendMessage m = message(a, "once", ada);
  m.client_id = "k";
  AppendMessage same = m, other = m;
  same.id = MessageId::make();
  other.id = MessageId::make();
  other.author.id = UserId::make();
  db.hold();
  auto one = send(m);
  ASSERT_TRUE(db.wait_for_flights(1));
  auto flying = send(same);
  auto another = send(other);
  auto waiting = send(other);
  db.let_go();
  const Stored s1 = one.get().value(), s2 = flying.get().value(), s3 = another.get().value(),
               s4 = waiting.get().value();
  EXPECT_EQ(s1.id, s2.id);
  EXPECT_FALSE(s1.repeated);
  EXPECT_TRUE(s2.repeated);
  EXPECT_NE(s3.id, s1.id);
  EXPECT_EQ(s4.id, s3.id);
  EXPECT_TRUE(s4.repeated);
  EXPECT_EQ(db.heads[a], 2);
  // The key map forgets what is done: a later one is the database's to answer.
  EXPECT_FALSE(send(m).get().value().repeated);
}

TEST_F(JournalLane, LetsOthersPassARoomThatIsHeldAndKeepsItsOrder) {
  start();
  auto first = occupy();
  db.scripts.push_back([](std::span<WriteItem> items, Database& d) {
    for (WriteItem& item : items) d.store(item);
    return FlightReport{};
  });
  const auto busy_in = [](RoomId room) {
    return [room](std::span<WriteItem> items, Database& d) {
      for (WriteItem& item : items)
        if (item.message->room_id == room)
          item.fate = Fate::busy;
        else
          d.store(item);
      return FlightReport{};
    };
  };
  db.scripts.push_back(busy_in(a));
  db.scripts.push_back(busy_in(a));
  auto a1 = send(message(a, "a1")), b1 = send(message(b, "b1")), a2 = send(message(a, "a2"));
  db.set(2);  // the first, and the one with a1 b1 a2
  EXPECT_TRUE(b1.get().has_value());
  ASSERT_TRUE(db.wait_for_flights(3));  // a1 a2 alone, held at the gate
  auto a3 = send(message(a, "a3")), b2 = send(message(b, "b2"));
  db.set(2);
  EXPECT_TRUE(b2.get().has_value());
  clock.advance(100ms);  // the pause before the next try
  db.let_go();
  EXPECT_EQ(a1.get().value().seq, Seq(1));
  EXPECT_EQ(a2.get().value().seq, Seq(2));
  EXPECT_EQ(a3.get().value().seq, Seq(3));
  EXPECT_EQ(db.flights[1], (std::vector<std::string>{"a1", "b1", "a2"}));
  EXPECT_EQ(db.flights[2], (std::vector<std::string>{"a1", "a2"}));
  EXPECT_EQ(db.flights[3], (std::vector<std::string>{"b2"}));
}

TEST_F(JournalLane, RefusesTheImpatientAndKeepsThePatientWhileTheDatabaseIsAway) {
  start();
  auto first = occupy();
  db.scripts.push_back([](std::span<WriteItem>, Database&) { return FlightReport{"cut", ""}; });
  {
    std::lock_guard lock(db.mutex);
    db.opens = {false};
  }
  AppendMessage m = message(a, "patient");
  m.patient = true;
  auto patient = send(m);
  auto ordinary = send(message(a, "ordinary"));
  db.let_go();
  EXPECT_EQ(code(ordinary), Errc::unavailable);
  EXPECT_EQ(code(first), Errc::unavailable);  // it was in the flight that was cut: untried
  EXPECT_FALSE(journal->health().writable);
  EXPECT_EQ(journal->health().reason, "it is away");
  auto meanwhile = send(message(a, "meanwhile"));
  EXPECT_EQ(code(meanwhile), Errc::unavailable);
  EXPECT_EQ(patient.wait_for(0ms), std::future_status::timeout);
  clock.advance(60s);
  EXPECT_TRUE(patient.get().has_value());
  EXPECT_TRUE(journal->health().writable);
}

TEST_F(JournalLane, ReplacesACutConnectionWithoutTellingAnybody) {
  start();
  db.scripts.push_back([](std::span<WriteItem>, Database&) { return FlightReport{"cut", ""}; });
  EXPECT_TRUE(send(message(a, "m")).get().has_value());
  EXPECT_EQ(db.opened, 2);
}

TEST_F(JournalLane, LooksBeforeItSendsAgainWhatACutLeftInDoubt) {
  start();
  db.scripts.push_back([](std::span<WriteItem> items, Database&) {
    for (WriteItem& item : items) item.fate = Fate::unsure;
    return FlightReport{"cut", ""};
  });
  bool looked = false;
  db.scripts.push_back([&](std::span<WriteItem> items, Database& d) {
    looked = items.front().look_first;
    for (WriteItem& item : items) d.store(item);
    return FlightReport{};
  });
  EXPECT_TRUE(send(message(a, "m")).get().has_value());
  EXPECT_TRUE(looked);
}

TEST_F(JournalLane, SaysOutcomeUnknownWhenDoubtLastsTooLong) {
  db.opens = {true, false, false, false};
  db.scripts.push_back([](std::span<WriteItem> items, Database&) {
    for (WriteItem& item : items) item.fate = Fate::unsure;
    return FlightReport{"cut", ""};
  });
  start();
  auto doubtful = send(message(a, "m"));
  ASSERT_TRUE(db.wait_for_flights(1));
  auto refused = send(message(b, "b"));
  EXPECT_EQ(code(refused), Errc::unavailable);
  EXPECT_EQ(doubtful.wait_for(0ms), std::future_status::timeout);
  clock.advance(5001ms);
  EXPECT_EQ(code(doubtful), Errc::outcome_unknown);
}

TEST_F(JournalLane, StopsForGoodWhenTheDatabaseContradictsItself) {
  start();
  db.scripts.push_back([](std::span<WriteItem>, Database&) { return FlightReport{"", "two messages, one place"}; });
  AppendMessage m = message(a, "m");
  m.patient = true;
  auto patient = send(m);
  EXPECT_EQ(code(patient), Errc::unavailable);
  EXPECT_FALSE(journal->health().writable);
  EXPECT_EQ(journal->health().reason, "two messages, one place");
  for (int i = 0; i < 3; ++i) {  // whoever waits for a place in its queue would wait for ever
    AppendMessage next = message(a, "n");
    next.patient = true;
    auto refused = send(std::move(next));
    EXPECT_EQ(code(refused), Errc::unavailable);
  }
  EXPECT_EQ(db.flights.size(), 1u);
}

TEST_F(JournalLane, StopsForGoodWhenItsWriterThrowsAndLeavesNobodyWithoutAnAnswer) {
  start();
  db.scripts.push_back([](std::span<WriteItem>, Database&) -> FlightReport { throw std::bad_alloc(); });
  AppendMessage m = message(a, "m");
  m.patient = true;
  m.client_id = "k";
  auto thrown = send(m);
  EXPECT_EQ(code(thrown), Errc::outcome_unknown);
  EXPECT_FALSE(journal->health().writable);
  auto again = send(m);
  EXPECT_EQ(code(again), Errc::unavailable);
  journal->stop(1s);
}

TEST_F(JournalLane, GoesOnWhenASinkOrAnAnswerThrows) {
  start();
  sink.throws = true;
  EXPECT_TRUE(send(message(a, "unseen")).get().has_value());
  sink.throws = false;
  ASSERT_TRUE(journal->append(message(a, "n"), [](Result<Stored>) { throw std::runtime_error("the caller's own"); }));
  EXPECT_TRUE(send(message(a, "m")).get().has_value());
  EXPECT_TRUE(journal->health().writable);
}

TEST_F(JournalLane, OverlooksNobodyWhoComesWhileOthersAreRefused) {
  start();
  for (int round = 0; round < 50; ++round) {
    db.hold();
    const std::size_t before = db.seen();
    auto flying = send(message(a, "flying"));
    ASSERT_TRUE(db.wait_for_flights(before + 1));
    // Its refusal, on the lane's thread, sends the next one.
    std::promise<Result<Stored>> last;
    AppendMessage next = message(b, "next");
    ASSERT_TRUE(journal->append(message(a, "too old"), [&, next](Result<Stored> r) mutable {
      EXPECT_EQ(r.error().code, Errc::overloaded);
      EXPECT_TRUE(journal->append(std::move(next), [&](Result<Stored> s) { last.set_value(std::move(s)); }));
    }));
    clock.advance(5001ms);
    db.let_go();
    auto answer = last.get_future();
    ASSERT_EQ(answer.wait_for(10s), std::future_status::ready);
    EXPECT_TRUE(answer.get().has_value());
    EXPECT_TRUE(flying.get().has_value());
  }
}

TEST(LaneQueue, BeginsTheLocksPausesAnewAfterSomethingWasStored) {
  const JournalOptions options;
  LaneQueue queue(options);
  const RoomId room = RoomId::make();
  const TimePoint now{};
  std::vector<EntryPtr> expired;
  for (int i = 0; i < 2; ++i) {
    AppendMessage m;
    m.room_id = room;
    JournalAnswer none = [](Result<Stored>) {};
    ASSERT_TRUE(queue.push(m, none, now));
  }
  auto batch = queue.take(now, expired);
  ASSERT_EQ(batch.size(), 2u);
  queue.put_aside(std::move(batch), now);
  batch = queue.take(now, expired);  // at once, in a flight of its own
  ASSERT_EQ(batch.size(), 2u);
  queue.put_aside(std::move(batch), now);
  EXPECT_TRUE(queue.take(now, expired).empty()) << "a pause";
  batch = queue.take(now + 1s, expired);
  ASSERT_EQ(batch.size(), 2u);
  queue.went_well(FeedKey::room(room));
  queue.finish(*batch.front());
  batch.front()->answers.clear();
  batch.erase(batch.begin());
  queue.put_aside(std::move(batch), now + 1s);
  batch = queue.take(now + 1s, expired);
  ASSERT_EQ(batch.size(), 1u) << "at once again";
  batch.front()->answers.clear();
}

TEST_F(JournalLane, CommitsWhatIsQueuedAtStopAndRefusesTheRestWhenTimeIsUp) {
  start();
  auto first = occupy();
  auto queued = send(message(a, "queued"));
  std::thread stopping([&] { journal->stop(10s); });
  while (journal->append(message(b, "late"), [](Result<Stored>) {})) std::this_thread::yield();
  db.let_go();
  stopping.join();
  EXPECT_TRUE(first.get().has_value());
  EXPECT_TRUE(queued.get().has_value());
}

TEST_F(JournalLane, AnswersEverythingWhenStoppedWithoutTime) {
  start();
  auto first = occupy();
  auto queued = send(message(a, "queued"));
  std::thread stopping([&] { journal->stop(0ms); });
  while (journal->append(message(b, "late"), [](Result<Stored>) {})) std::this_thread::yield();
  db.let_go();
  stopping.join();
  EXPECT_TRUE(first.get().has_value());
  EXPECT_EQ(code(queued), Errc::unavailable);
}

}  // namespace
}  // namespace chat::journal
