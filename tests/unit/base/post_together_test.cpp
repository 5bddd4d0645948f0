#include "base/post_together.hpp"

#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace chat {
namespace {

TEST(PostTogether, WithoutOneEveryTaskIsPosted) {
  boost::asio::io_context loop;
  std::string order;
  PostTogether::post(loop.get_executor(), [&] { order += 'a'; });
  PostTogether::post(loop.get_executor(), [&] { order += 'b'; });
  EXPECT_EQ(loop.poll(), 2u);
  EXPECT_EQ(order, "ab");
}

TEST(PostTogether, WhatIsPostedUnderOneIsOneTaskForEachExecutorInItsOrder) {
  boost::asio::io_context loop, other;
  std::string order;
  {
    const PostTogether together;
    const PostTogether inner;
    PostTogether::post(loop.get_executor(), [&] { order += 'a'; });
    PostTogether::post(other.get_executor(), [&] { order += 'x'; });
    // The executor of a coroutine is the loop's, in another type.
    PostTogether::post(boost::asio::any_io_executor(loop.get_executor()),
                       [&, only = std::make_unique<char>('b')] { order += *only; });
    EXPECT_EQ(loop.poll(), 0u);
    loop.restart();
  }
  EXPECT_EQ(loop.poll(), 1u);
  EXPECT_EQ(order, "ab");
  EXPECT_EQ(other.poll(), 1u);
  EXPECT_EQ(order, "abx");
}

TEST(PostTogether, OneThatThrowsKeepsNoneOfTheOthersFromRunning) {
  boost::asio::io_context loop;
  std::string order;
  {
    const PostTogether together;
    PostTogether::post(loop.get_executor(), [&] { order += 'a'; });
    PostTogether::post(loop.get_executor(), [] { throw std::runtime_error("a fault"); });
    PostTogether::post(loop.get_executor(), [&] { order += 'b'; });
  }
  EXPECT_THROW(loop.poll(), std::runtime_error);
  EXPECT_EQ(order, "ab");
}

}  // namespace
}  // namespace chat
