#include "conformance/stream.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace chat::conformance {
namespace {

using namespace centrifuge;

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

Stream stream_of(std::uint64_t publications, std::size_t kept = 100) {
  Stream stream("e1", kept);
  for (std::uint64_t i = 1; i <= publications; ++i) stream.append(std::to_string(i), std::nullopt);
  return stream;
}

std::vector<std::uint64_t> offsets(const std::vector<Publication>& publications) {
  std::vector<std::uint64_t> out;
  for (const auto& publication : publications) {
    EXPECT_EQ(publication.data, std::to_string(publication.offset));
    out.push_back(publication.offset);
  }
  return out;
}

using Offsets = std::vector<std::uint64_t>;

HistoryRequest ask(std::int32_t limit, std::optional<StreamPosition> since = {}, bool reverse = false) {
  return {.channel = "c", .limit = limit, .since = std::move(since), .reverse = reverse};
}

TEST(Stream, NumbersFromOne) {
  Stream stream("e1", 2);
  EXPECT_EQ(stream.top(), 0u);
  EXPECT_EQ(stream.newest(), nullptr);
  ClientInfo from;
  from.user = "u";
  const auto& publication = stream.append("x", from);
  EXPECT_EQ(publication.offset, 1u);
  EXPECT_EQ(publication.info->user, "u");
  EXPECT_EQ(stream.append("y", std::nullopt).offset, 2u);
  EXPECT_EQ(stream.newest()->data, "y");
  EXPECT_EQ(stream.top(), 2u);
}

TEST(Stream, RecoversExactlyWhatFollows) {
  const Stream stream = stream_of(5);
  EXPECT_EQ(offsets(*stream.after({2, "e1"}, kNoLimit)), (Offsets{3, 4, 5}));
  EXPECT_EQ(offsets(*stream.after({5, "e1"}, kNoLimit)), Offsets{});
  EXPECT_EQ(offsets(*stream.after({0, ""}, kNoLimit)), (Offsets{1, 2, 3, 4, 5}));
  EXPECT_EQ(offsets(*stream_of(0).after({0, ""}, kNoLimit)), Offsets{});
}

TEST(Stream, RecoversNothingFromElsewhere) {
  const Stream stream = stream_of(5);
  EXPECT_FALSE(stream.after({2, "e0"}, kNoLimit));
  EXPECT_FALSE(stream.after({6, "e1"}, kNoLimit));
  EXPECT_FALSE(stream.after({std::numeric_limits<std::uint64_t>::max(), ""}, kNoLimit));
}

TEST(Stream, RecoversNothingWithAGap) {
  const Stream stream = stream_of(5, 2);
  EXPECT_FALSE(stream.after({2, "e1"}, kNoLimit));
  EXPECT_FALSE(stream.after({0, ""}, kNoLimit));
  EXPECT_EQ(offsets(*stream.after({3, "e1"}, kNoLimit)), (Offsets{4, 5}));
}

TEST(Stream, RecoversNoMoreBytesThanAllowed) {
  const Stream stream = stream_of(5);
  EXPECT_EQ(offsets(*stream.after({2, "e1"}, 3)), (Offsets{3, 4, 5}));
  EXPECT_FALSE(stream.after({2, "e1"}, 2));
}

TEST(Stream, PagesForwards) {
  const Stream stream = stream_of(9, 5);
  EXPECT_EQ(offsets(stream.page(ask(0), kNoLimit).publications), Offsets{});
  EXPECT_EQ(offsets(stream.page(ask(2), kNoLimit).publications), (Offsets{5, 6}));
  EXPECT_EQ(offsets(stream.page(ask(-1), kNoLimit).publications), (Offsets{5, 6, 7, 8, 9}));
  EXPECT_EQ(offsets(stream.page(ask(2, {{7, "e1"}}), kNoLimit).publications), (Offsets{8, 9}));
  EXPECT_EQ(offsets(stream.page(ask(2, {{1, ""}}), kNoLimit).publications), (Offsets{5, 6}));
  EXPECT_EQ(offsets(stream.page(ask(2, {{9, ""}}), kNoLimit).publications), Offsets{});
}

TEST(Stream, PagesBackwards) {
  const Stream stream = stream_of(9, 5);
  EXPECT_EQ(offsets(stream.page(ask(2, {}, true), kNoLimit).publications), (Offsets{9, 8}));
  EXPECT_EQ(offsets(stream.page(ask(-1, {}, true), kNoLimit).publications), (Offsets{9, 8, 7, 6, 5}));
  EXPECT_EQ(offsets(stream.page(ask(2, {{8, "e1"}}, true), kNoLimit).publications), (Offsets{7, 6}));
  EXPECT_EQ(offsets(stream.page(ask(2, {{5, "e1"}}, true), kNoLimit).publications), Offsets{});
}

TEST(Stream, PagesNoMoreBytesThanAllowedButAlwaysOne) {
  const Stream stream = stream_of(9);
  EXPECT_EQ(offsets(stream.page(ask(-1), 3).publications), (Offsets{1, 2, 3}));
  EXPECT_EQ(offsets(stream.page(ask(-1), 0).publications), Offsets{1});
}

TEST(Stream, RefusesAPositionOfAnotherEpochAndNothingBeforeTheBeginning) {
  const Stream stream = stream_of(3);
  EXPECT_EQ(stream.page(ask(1, {{1, "e0"}}), kNoLimit).error, ErrorCode::unrecoverable_position);
  EXPECT_EQ(stream.page(ask(1, {{0, "e1"}}, true), kNoLimit).error, ErrorCode::bad_request);
  EXPECT_EQ(stream.page(ask(1, {{0, "e1"}}), kNoLimit).error, std::nullopt);
}

}  // namespace
}  // namespace chat::conformance
