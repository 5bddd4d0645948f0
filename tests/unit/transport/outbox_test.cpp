#include "transport/outbox.hpp"

#include <gtest/gtest.h>

#include <random>

namespace chat::transport {
namespace {

std::string content(const Outbox& outbox, std::size_t max = SIZE_MAX) {
  IovecList list;
  outbox.gather(list, max);
  std::string out;
  for (const iovec& r : list.ranges()) out.append(static_cast<const char*>(r.iov_base), r.iov_len);
  return out;
}

TEST(Chunk, IsFreedWithItsLastReferenceAndCounted) {
  ChunkAccount account;
  {
    ChunkRef a = Chunk::make(1000, &account);
    ChunkRef b = a;
    EXPECT_EQ(a->references(), 2u);
    a = {};
    EXPECT_EQ(account.bytes, 1000u);
    b->next = Chunk::make(500, &account);
    EXPECT_EQ(account.bytes, 1500u);
  }
  EXPECT_EQ(account.bytes, 0u);
}

TEST(Chunk, ALongListDiesWithoutRecursion) {
  ChunkAccount account;
  ChunkRef first = Chunk::make(1, &account);
  Chunk* last = first.get();
  for (int i = 0; i < 1'000'000; ++i) {
    last->next = Chunk::make(1, &account);
    last = last->next.get();
  }
  first = {};
  EXPECT_EQ(account.bytes, 0u);
}

TEST(Chunk, RefusesWhatDoesNotFitAndNeverMoves) {
  ChunkRef chunk = Chunk::make(8);
  EXPECT_TRUE(chunk->append("12345"));
  const char* before = chunk->data();
  EXPECT_FALSE(chunk->append("6789"));
  EXPECT_TRUE(chunk->append("678"));
  EXPECT_EQ(chunk->data(), before);
  EXPECT_EQ(chunk->view(0, 8), "12345678");
}

TEST(Outbox, KeepsOrderBetweenOwnBytesAndReferences) {
  ChunkRef chunk = Chunk::copy_of("0123456789");
  Outbox outbox;
  outbox.append("a");
  outbox.append(chunk, 2, 3);
  outbox.append(chunk, 5, 1);  // joined to the last
  outbox.append("b");
  outbox.append(chunk, 0, 1);
  EXPECT_EQ(content(outbox), "a2345b0");
  EXPECT_EQ(outbox.bytes(), 7u);
  EXPECT_EQ(content(outbox, 3), "a23");
  outbox.advance(3);
  EXPECT_EQ(content(outbox), "45b0");
  outbox.advance(4);
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(chunk->references(), 1u);
}

TEST(Outbox, OwnBytesBehindAReferenceDoNotTouchTheSharedChunk) {
  ChunkRef shared = Chunk::make(100);
  shared->append("shared");
  Outbox outbox;
  outbox.append(shared, 0, 6);
  outbox.append("own");
  EXPECT_EQ(shared->size(), 6u);
  EXPECT_EQ(content(outbox), "sharedown");
}

TEST(Outbox, TruncateLetsGoOfSharedChunks) {
  ChunkRef chunk = Chunk::copy_of("0123456789");
  Outbox outbox;
  outbox.append("ab");
  outbox.append(chunk, 0, 10);
  outbox.truncate(5);
  EXPECT_EQ(content(outbox), "ab012");
  EXPECT_EQ(chunk->references(), 1u);
  outbox.truncate(0);
  EXPECT_TRUE(outbox.empty());
}

TEST(Outbox, AgreesWithAStringUnderRandomUse) {
  std::mt19937 random(3);
  ChunkRef chunk = Chunk::copy_of(std::string(500, 'x') + std::string(500, 'y'));
  Outbox outbox;
  std::string model;
  for (int step = 0; step < 50'000; ++step) {
    switch (random() % 3) {
      case 0: {
        const std::string bytes(random() % 40, static_cast<char>('a' + random() % 26));
        outbox.append(bytes);
        model += bytes;
        break;
      }
      case 1: {
        const std::size_t offset = random() % 900, length = random() % 100;
        outbox.append(chunk, offset, length);
        model += chunk->view(offset, length);
        break;
      }
      default: {
        const std::size_t n = model.empty() ? 0 : random() % (model.size() + 1);
        outbox.advance(n);
        model.erase(0, n);
      }
    }
    ASSERT_EQ(outbox.bytes(), model.size());
    const std::string front = content(outbox, 200);
    ASSERT_EQ(front, model.substr(0, front.size()));
    ASSERT_EQ(front.empty(), model.empty());
  }
}

}  // namespace
}  // namespace chat::transport
